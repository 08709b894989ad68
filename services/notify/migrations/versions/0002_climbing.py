"""A shortage climbs by rules that are data, and what is sent of it is recorded: read tables of all that is new."""

import sqlalchemy as sa
from alembic import op

from shared.migrate import grant, install_append_batch

revision = "0002"
down_revision = "0001"

TABLES = (
    *("escalations", "episodes", "notices", "posted", "posts", "bundles", "letters", "sends", "tries"),
    *("desks", "people", "policies", "declared_days", "silences", "lifted_silences", "offices_heard", "watch"),
)


def upgrade() -> None:
    widen_escalations()
    create_episodes()
    widen_notices()
    create_posts()
    create_sends()
    create_people()
    create_rules()
    install_append_batch(TABLES)
    grant("notify", TABLES)


def text(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def number(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def json(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.JSON(), nullable=nullable)


def yes(name: str) -> sa.Column:
    return sa.Column(name, sa.Boolean(), nullable=False)


def day(name: str) -> sa.Column:
    return sa.Column(name, sa.Date(), nullable=False)


def widen_escalations() -> None:
    """What was opened before goes by the settings of then; a rebuild of the read tables says the same."""
    table = "escalations"
    for name, of_old in (("awaited", "level"), ("rules", "'settings/' || policy_version")):
        op.add_column(table, text(name, nullable=True))
        op.execute(f"update {table} set {name} = {of_old}")
        op.alter_column(table, name, nullable=False)
    for name in ("forwarded", "refused", "closed"):
        op.add_column(table, text(name, nullable=True))
    op.add_column(table, json("proposal", nullable=True))
    op.add_column(table, moment("answer_by", nullable=True))
    op.execute(f"update {table} set answer_by = due where open")
    for name in ("step", "repeat", "flaps"):
        op.add_column(table, sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
        op.alter_column(table, name, server_default=None)


def create_episodes() -> None:
    op.create_table(
        "episodes",
        *(text(name) for name in ("office", "item")),
        number("episode"),
        text("province"),
        moment("opened_at"),
        *(text(name) for name in ("level", "worst")),
        *(moment(name, nullable=True) for name in ("answered_at", "ended_at")),
        *(text(name, nullable=True) for name in ("answered_at_level", "how")),
        number("steps"),
        sa.PrimaryKeyConstraint("office", "item", "episode"),
    )
    op.create_index("episodes_of_office", "episodes", ["office", "opened_at"])


def widen_notices() -> None:
    for name in ("office", "item", "episode"):
        op.alter_column("notices", name, nullable=True)
    op.create_index("notices_of_shortage", "notices", ["office", "item", "episode", "at"])


def create_posts() -> None:
    op.create_table(
        "posted",
        *(text(name) for name in ("role", "region")),
        number("number"),
        text("notice"),
        number("bundle", nullable=True),
        text("held", nullable=True),
        sa.PrimaryKeyConstraint("role", "region", "number"),
    )
    op.create_index("posted_by_notice", "posted", ["notice"])
    op.create_index("posted_by_bundle", "posted", ["role", "region", "bundle"])
    op.create_table(
        "posts",
        *(text(name) for name in ("role", "region")),
        number("bundle"),
        moment("closes_at", nullable=True),
        yes("digested"),
        sa.PrimaryKeyConstraint("role", "region"),
    )
    op.create_index("posts_to_close", "posts", ["closes_at"], postgresql_where=sa.text("closes_at is not null"))
    op.create_table(
        "bundles",
        *(text(name) for name in ("role", "region")),
        number("bundle"),
        json("notices"),
        number("absorbed"),
        json("to"),
        moment("at"),
        text("letter", nullable=True),
        yes("digest"),
        sa.PrimaryKeyConstraint("role", "region", "bundle"),
    )
    op.create_table(
        "letters",
        *(text(name) for name in ("role", "region", "letter")),
        number("bundle"),
        json("content"),
        *(text(name) for name in ("html_sha256", "pdf_sha256", "typesetter")),
        moment("at"),
        sa.PrimaryKeyConstraint("role", "region", "letter"),
    )


def create_sends() -> None:
    op.create_table(
        "sends",
        *(text(name) for name in ("role", "region")),
        number("bundle"),
        *(text(name) for name in ("person", "state")),
        *(moment(name, nullable=True) for name in ("due", "begun_at")),
        number("attempts"),
        *(text(name, nullable=True) for name in ("channel", "result", "code", "letter")),
        *(yes(name) for name in ("unreached", "reported")),
        sa.PrimaryKeyConstraint("role", "region", "bundle", "person"),
    )
    op.create_index("sends_due", "sends", ["due"], postgresql_where=sa.text("state = 'DUE'"))
    op.create_index("sends_under_way", "sends", ["begun_at"], postgresql_where=sa.text("state = 'UNDER_WAY'"))
    unreached = sa.text("unreached and not reported")
    op.create_index("sends_unreached", "sends", ["role", "region"], postgresql_where=unreached)
    op.create_table(
        "tries",
        *(text(name) for name in ("role", "region")),
        number("bundle"),
        text("person"),
        number("attempt"),
        *(text(name, nullable=True) for name in ("channel", "kind", "message")),
        yes("again"),
        *(moment(name, nullable=True) for name in ("begun_at", "ended_at")),
        *(text(name, nullable=True) for name in ("result", "code")),
        sa.PrimaryKeyConstraint("role", "region", "bundle", "person", "attempt"),
    )


def create_people() -> None:
    op.create_table(
        "desks",
        *(text(name) for name in ("role", "region")),
        *(json(name) for name in ("appointments", "leave")),
        yes("kept"),
        sa.PrimaryKeyConstraint("role", "region"),
    )
    op.create_table(
        "people",
        *(text(name) for name in ("person", "name")),
        json("channels"),
        moment("changed_at"),
        text("changed_by"),
        sa.PrimaryKeyConstraint("person"),
    )


def create_rules() -> None:
    op.create_table(
        "policies",
        text("region"),
        number("version"),
        day("starts_on"),
        json("policy"),
        text("set_by"),
        day("set_on"),
        sa.PrimaryKeyConstraint("region", "version"),
    )
    op.create_table(
        "declared_days",
        day("day"),
        yes("works"),
        *(text(name) for name in ("note", "declared_by")),
        day("declared_on"),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_table(
        "silences",
        *(text(name) for name in ("office", "silence")),
        text("item", nullable=True),
        *(text(name) for name in ("at_most", "level")),
        moment("until"),
        *(text(name) for name in ("reason", "by")),
        moment("at"),
        sa.PrimaryKeyConstraint("office", "silence"),
    )
    op.create_table(
        "lifted_silences",
        *(text(name) for name in ("office", "silence", "by")),
        moment("at"),
        sa.PrimaryKeyConstraint("office", "silence"),
    )
    op.create_table("offices_heard", text("office"), day("day"), moment("at"), sa.PrimaryKeyConstraint("office"))
    op.create_table("watch", text("name"), json("state"), sa.PrimaryKeyConstraint("name"))
