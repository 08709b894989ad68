"""The read tables' catalogue."""

from sqlalchemy import JSON, Boolean, Column, Date, DateTime, Index, Integer, MetaData, Table, Text, text

metadata = MetaData()


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _count(name: str) -> Column[int]:
    return Column(name, Integer, primary_key=True)


def _number(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, Integer, nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _json(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, JSON, nullable=nullable)


def _is(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False)


escalations = Table(
    "escalations",
    metadata,
    *(_key(name) for name in ("office", "item")),
    _number("episode"),
    _is("open"),
    *(_text(name) for name in ("level", "awaited", "stock_level")),
    _json("figures"),
    _number("policy_version"),
    _text("rules"),
    _moment("opened_at"),
    *(_moment(name, nullable=True) for name in ("resolved_at", "due", "answer_by")),
    _text("waiting_for", nullable=True),
    _json("told"),
    _json("answer", nullable=True),
    *(_text(name, nullable=True) for name in ("declined", "forwarded", "refused", "closed")),
    _json("relief", nullable=True),
    _json("proposal", nullable=True),
    _number("received"),
    *(_number(name) for name in ("step", "repeat", "flaps")),
    Index("escalations_by_level", "open", "level", "office", "item"),
)
"""The latest escalation of an item at an office."""

episodes = Table(
    "episodes",
    metadata,
    *(_key(name) for name in ("office", "item")),
    _count("episode"),
    _text("province"),
    _moment("opened_at"),
    *(_text(name) for name in ("level", "worst")),
    *(_moment(name, nullable=True) for name in ("answered_at", "ended_at")),
    _text("answered_at_level", nullable=True),
    _text("how", nullable=True),
    _number("steps"),
    Index("episodes_of_office", "office", "opened_at"),
)
"""Every episode: how far it climbed, when somebody first answered, when and how it ended (RESOLVED or CLOSED)."""

notices = Table(
    "notices",
    metadata,
    _key("id"),
    *(_text(name) for name in ("recipient_role", "recipient_region", "kind")),
    *(_text(name, nullable=True) for name in ("office", "item")),
    _number("episode", nullable=True),
    _moment("at"),
    _json("notice"),
    Index("notices_of_desk", "recipient_role", "recipient_region", "at", "id"),
    Index("notices_of_shortage", "office", "item", "episode", "at"),
)
"""What a desk was told: a notice of a shortage, or an alarm."""

posted = Table(
    "posted",
    metadata,
    *(_key(name) for name in ("role", "region")),
    _count("number"),
    _text("notice"),
    _number("bundle", nullable=True),
    _text("held", nullable=True),
    Index("posted_by_notice", "notice"),
    Index("posted_by_bundle", "role", "region", "bundle"),
)
"""A desk's notices as they came, numbered without a gap."""

posts = Table(
    "posts",
    metadata,
    *(_key(name) for name in ("role", "region")),
    _number("bundle"),
    _moment("closes_at", nullable=True),
    _is("digested"),
    Index("posts_to_close", "closes_at", postgresql_where=text("closes_at is not null")),
)
"""The bundle that gathers at a desk, and until when."""

bundles = Table(
    "bundles",
    metadata,
    *(_key(name) for name in ("role", "region")),
    _count("bundle"),
    _json("notices"),
    _number("absorbed"),
    _json("to"),
    _moment("at"),
    _text("letter", nullable=True),
    _is("digest"),
)
"""What was sent together."""

letters = Table(
    "letters",
    metadata,
    *(_key(name) for name in ("role", "region", "letter")),
    _number("bundle"),
    _json("content"),
    *(_text(name) for name in ("html_sha256", "pdf_sha256", "typesetter")),
    _moment("at"),
)
"""Every letter as it was written."""

sends = Table(
    "sends",
    metadata,
    *(_key(name) for name in ("role", "region")),
    _count("bundle"),
    _key("person"),
    _text("state"),
    *(_moment(name, nullable=True) for name in ("due", "begun_at")),
    _number("attempts"),
    *(_text(name, nullable=True) for name in ("channel", "result", "code", "letter")),
    *(_is(name) for name in ("unreached", "reported")),
    Index("sends_due", "due", postgresql_where=text("state = 'DUE'")),
    Index("sends_under_way", "begun_at", postgresql_where=text("state = 'UNDER_WAY'")),
    Index("sends_unreached", "role", "region", postgresql_where=text("unreached and not reported")),
)
"""One bundle on its way to one person: DUE, UNDER_WAY, DELIVERED, or OVER without that."""

tries = Table(
    "tries",
    metadata,
    *(_key(name) for name in ("role", "region")),
    _count("bundle"),
    _key("person"),
    _count("attempt"),
    *(_text(name, nullable=True) for name in ("channel", "kind", "message")),
    _is("again"),
    *(_moment(name, nullable=True) for name in ("begun_at", "ended_at")),
    *(_text(name, nullable=True) for name in ("result", "code")),
)
"""Every try, recorded before and after."""

desks = Table(
    "desks",
    metadata,
    *(_key(name) for name in ("role", "region")),
    *(_json(name) for name in ("appointments", "leave")),
    _is("kept"),
)
"""Who is at a desk."""

people = Table(
    "people",
    metadata,
    _key("person"),
    _text("name"),
    _json("channels"),
    _moment("changed_at"),
    _text("changed_by"),
)
"""Officials' names and addresses: the one place where they are. It does not follow from facts."""

policies = Table(
    "policies",
    metadata,
    _key("region"),
    _count("version"),
    Column("starts_on", Date, nullable=False),
    _json("policy"),
    _text("set_by"),
    Column("set_on", Date, nullable=False),
)
"""Every policy that was ever set."""

declared_days = Table(
    "declared_days",
    metadata,
    Column("day", Date, primary_key=True),
    _is("works"),
    *(_text(name) for name in ("note", "declared_by")),
    Column("declared_on", Date, nullable=False),
)
"""Days that an administrator declared."""

silences = Table(
    "silences",
    metadata,
    *(_key(name) for name in ("office", "silence")),
    _text("item", nullable=True),
    *(_text(name) for name in ("at_most", "level")),
    _moment("until"),
    *(_text(name) for name in ("reason", "by")),
    _moment("at"),
)
"""Every silence, over or not."""

lifted_silences = Table(
    "lifted_silences", metadata, *(_key(name) for name in ("office", "silence")), _text("by"), _moment("at")
)
"""Those that were ended before their time."""

offices_heard = Table("offices_heard", metadata, _key("office"), Column("day", Date, nullable=False), _moment("at"))
"""The last day on which an office was heard of, and its first news then."""

watch = Table("watch", metadata, _key("name"), _json("state"))
"""What notify knows of itself: `listening`, `canary`."""
