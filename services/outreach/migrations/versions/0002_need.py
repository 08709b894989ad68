"""Visits with their stages, sealed months, and the need: days of use, forecasts, surges, who there is to record."""

import sqlalchemy as sa
from alembic import op

from shared.migrate import grant, install_append_batch

revision = "0002"
down_revision = "0001"

TABLES = (
    "visits",
    "recordings",
    "month_keys",
    "demand_days",
    "demand_now",
    "spells",
    "forecasts",
    "judgements",
    "surges",
    "youth",
    "schools",
)


def upgrade() -> None:
    widen_visits()
    widen_recordings()
    create_month_keys()
    create_demand()
    create_forecasts()
    create_calendar()
    install_append_batch(TABLES)
    grant("outreach", TABLES)


def text(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def number(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def day(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Date(), nullable=nullable)


def moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def flag(name: str) -> sa.Column:
    return sa.Column(name, sa.Boolean(), nullable=False)


def json(name: str) -> sa.Column:
    return sa.Column(name, sa.JSON(), nullable=False)


def widen_visits() -> None:
    def added(column: sa.Column, default: str) -> None:
        column.server_default = sa.DefaultClause(default)
        op.add_column("visits", column)

    added(text("stage"), "PLANNED")
    added(text("place_kind"), "OTHER")
    for name in ("school", "team"):
        op.add_column("visits", text(name, nullable=True))
    added(json("days"), "[]")
    for name in ("starts_at", "ends_at"):
        op.add_column("visits", moment(name, nullable=True))
    op.add_column("visits", text("reference", nullable=True))
    added(json("equipment"), "{}")
    added(number("recorded"), "0")
    op.add_column("visits", number("counted", nullable=True))
    added(number("turned_away"), "0")
    added(json("tallies"), "[]")
    added(flag("months_erased"), "false")
    op.create_index("visits_of_team", "visits", ["office", "team", "held_on"])
    op.create_index("visits_of_school", "visits", ["office", "school"])


def widen_recordings() -> None:
    for name in ("timezone", "sealed"):
        op.add_column("recordings", text(name, nullable=True))
    op.execute(
        "update recordings r set timezone = e.data->>'timezone' from events e"
        " where e.stream = 'recording/' || r.recording and e.type = 'PersonRecorded'"
    )
    # Of who may have a card now the month is kept nowhere but in the log.
    op.execute("update recordings set turns_17 = null where state = 'PRINT_READY'")
    op.create_index(
        "recordings_waiting", "recordings", ["visit", "recording"], postgresql_where=sa.text("state = 'WAITING'")
    )


def create_month_keys() -> None:
    op.create_table(
        "month_keys",
        text("visit"),
        text("wrapped", nullable=True),
        sa.PrimaryKeyConstraint("visit"),
    )


def create_demand() -> None:
    op.create_table(
        "demand_days",
        text("office"),
        text("item"),
        day("day"),
        number("used"),
        flag("ran_out"),
        text("source"),
        sa.PrimaryKeyConstraint("office", "item", "day"),
    )
    op.create_table(
        "demand_now",
        text("office"),
        text("item"),
        text("level"),
        number("on_hand", nullable=True),
        number("available", nullable=True),
        moment("as_of", nullable=True),
        number("owed"),
        day("first_told", nullable=True),
        day("last_told", nullable=True),
        sa.PrimaryKeyConstraint("office", "item"),
    )
    op.create_table(
        "spells",
        text("office"),
        text("item"),
        text("kind"),
        day("since"),
        day("until", nullable=True),
        sa.PrimaryKeyConstraint("office", "item", "kind", "since"),
    )


def create_forecasts() -> None:
    op.create_table(
        "forecasts",
        text("office"),
        text("item"),
        day("made_on"),
        day("first_day"),
        text("method"),
        number("history_days"),
        *(json(name) for name in ("median", "low", "high", "cumulative_median", "cumulative_high", "inputs")),
        sa.PrimaryKeyConstraint("office", "item"),
    )
    op.create_table(
        "judgements",
        text("office"),
        text("item"),
        day("judged_on"),
        text("chosen"),
        json("chosen_by"),
        json("judged_by"),
        sa.PrimaryKeyConstraint("office", "item"),
    )


def create_calendar() -> None:
    op.create_table(
        "surges",
        text("surge"),
        number("version"),
        text("region"),
        text("kind"),
        text("name"),
        day("first_day"),
        day("last_day"),
        number("factor"),
        text("item", nullable=True),
        day("declared_on"),
        text("by"),
        flag("withdrawn"),
        sa.PrimaryKeyConstraint("surge", "version"),
    )
    op.create_table(
        "youth",
        text("office"),
        number("people"),
        text("source"),
        day("valid_from"),
        sa.PrimaryKeyConstraint("office"),
    )
    op.create_table(
        "schools",
        text("office"),
        text("school"),
        text("name"),
        number("pupils"),
        sa.PrimaryKeyConstraint("office", "school"),
    )
