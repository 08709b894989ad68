"""The read tables' catalogue."""

from sqlalchemy import JSON, Boolean, Column, Date, DateTime, Index, Integer, MetaData, Table, Text, text

metadata = MetaData()


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


def _key(name: str) -> Column[str]:
    return Column(name, Text, primary_key=True)


def _number(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, Integer, nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


WAITING = ("QUEUED", "CLAIMED", "HELD")
"""The places of a job for which a card is owed."""

jobs = Table(
    "jobs",
    metadata,
    _key("job"),
    *(_text(name) for name in ("office", "item", "location", "reason")),
    _text("applicant", nullable=True),
    _text("state"),
    _moment("queued_at"),
    _moment("printed_at", nullable=True),
    _number("tries"),
    _number("cards"),
    _text("priority"),
    Column("placed", Boolean, nullable=False),
    *(_text(name, nullable=True) for name in ("put_off", "claim", "workstation", "letter")),
    _moment("print_ready_at"),
    *(_moment(name, nullable=True) for name in ("claimed_until", "handed_over_at")),
    Column("letter_until", Date),
    Index("jobs_by_age", "office", "state", "print_ready_at", "job"),
    Index(
        "jobs_to_deal",
        *("office", "item", "priority", "placed", "print_ready_at", "job"),
        postgresql_where=text("state = 'QUEUED'"),
    ),
    Index("jobs_claimed", "office", "claimed_until", postgresql_where=text("state = 'CLAIMED'")),
    Index(
        "jobs_put_off",
        *("office", "item"),
        postgresql_where=text("put_off is not null and state in ('QUEUED', 'CLAIMED', 'HELD')"),
    ),
    Index("jobs_with_letters", "office", "letter_until", "job", postgresql_where=text("letter_until is not null")),
    Index("jobs_uncollected", "office", "printed_at", postgresql_where=text("state = 'PRINTED'")),
)
"""A card that is owed or was: `state` is its place, `placed` that it has its place in a quota of a day."""

queues = Table(
    "queues",
    metadata,
    _key("office"),
    _key("item"),
    _text("level", nullable=True),
    _number("episode"),
    *(_moment(name, nullable=True) for name in ("since", "as_of")),
    *(_number(name, nullable=True) for name in ("on_hand", "available")),
    Column("quota_day", Date),
    Column("taken", JSON, nullable=False),
    *(_number(name) for name in ("owed", "put_off")),
    Column("by_reason", JSON, nullable=False),
    _moment("oldest_since", nullable=True),
)
"""What stock told of a queue's blanks, what was taken of the day's quotas, and the debt as it was told last."""

day_book = Table(
    "day_book",
    metadata,
    *(_key(name) for name in ("subject", "kind")),
    Column("number", Integer, primary_key=True),
    *(_text(name) for name in ("office", "location")),
    _moment("at"),
    *(_text(name, nullable=True) for name in ("item", "reason", "cause", "workstation", "printer", "operator")),
    *(_text(name, nullable=True) for name in ("batch", "blank_serial")),
    _moment("print_ready_at", nullable=True),
    _number("quantity"),
    _number("sheets"),
    Index("day_book_by_day", "office", "at"),
    Index("ribbons", "office", "printer", "at", postgresql_where=text("kind = 'RIBBON'")),
)
"""What an office did, a line for each: what a day's report, a printer's spoilage and the service clock add up."""

lapsed_claims = Table(
    "lapsed_claims",
    metadata,
    *(_key(name) for name in ("job", "claim")),
    *(_text(name) for name in ("office", "workstation")),
    _moment("until"),
    Index("lapsed_by_workstation", "office", "workstation"),
)
"""Claims that lost their job and have not said whether they made a card."""

policies = Table(
    "policies",
    metadata,
    _key("office"),
    Column("version", Integer, primary_key=True),
    _text("kind"),
    Column("starts_on", Date, nullable=False),
    Column("policy", JSON, nullable=False),
    _text("set_by"),
)
"""Every policy that was ever set: `kind` is QUEUE or LETTER."""

empty_spells = Table(
    "empty_spells",
    metadata,
    *(_key(name) for name in ("office", "item")),
    Column("began", DateTime(timezone=True), primary_key=True),
    _moment("ended", nullable=True),
)
"""Times in which stock's book had no blanks: the service clock stands still."""

quarantine = Table(
    "quarantine",
    metadata,
    *(_key(name) for name in ("office", "batch")),
    *(_text(name, nullable=True) for name in ("first_serial", "last_serial")),
    _text("note"),
    _moment("quarantined_at"),
    _text("quarantined_by"),
)
"""Batches that nothing should be printed on."""

alarms = Table(
    "alarms",
    metadata,
    *(_key(name) for name in ("office", "kind")),
    Column("number", Integer, primary_key=True),
    _moment("at"),
    *(_text(name) for name in ("item", "location")),
    *(_text(name, nullable=True) for name in ("job", "workstation", "batch", "first_serial", "last_serial")),
    Column("holders", JSON, nullable=False),
    Index("alarms_by_time", "office", "at"),
)
"""Blanks that should not have been printed on: of a batch in quarantine, lost, or another office's."""
