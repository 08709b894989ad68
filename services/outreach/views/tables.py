"""The read tables of outreach."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

metadata = MetaData()


def _text(name: str, *, key: bool = False, optional: bool = False) -> "Column[str]":
    return Column(name, Text, primary_key=key, nullable=optional)


visits = Table(
    "visits",
    metadata,
    _text("visit", key=True),
    _text("office"),
    _text("place"),
    Column("held_on", Date, nullable=False),
    Column("expected", Integer, nullable=False),
    _text("stage"),
    _text("place_kind"),
    _text("school", optional=True),
    _text("team", optional=True),
    Column("days", JSON, nullable=False),
    Column("starts_at", DateTime(timezone=True)),
    Column("ends_at", DateTime(timezone=True)),
    _text("reference", optional=True),
    Column("equipment", JSON, nullable=False),
    Column("recorded", Integer, nullable=False),
    Column("counted", Integer),
    Column("turned_away", Integer, nullable=False),
    Column("tallies", JSON, nullable=False),
    Column("months_erased", Boolean, nullable=False),
    Index("visits_by_day", "office", "held_on", "visit"),
    Index("visits_of_team", "office", "team", "held_on"),
    Index("visits_of_school", "office", "school"),
)
"""`equipment` is [quantity, answer, reason] by item, as the visit's state has it."""

recordings = Table(
    "recordings",
    metadata,
    _text("recording", key=True),
    _text("visit"),
    _text("office"),
    _text("applicant"),
    _text("item"),
    _text("location"),
    _text("timezone", optional=True),
    _text("turns_17", optional=True),
    _text("sealed", optional=True),
    _text("state"),
    Index("recordings_of_visit", "visit", "state"),
    Index("recordings_waiting", "visit", "recording", postgresql_where=text("state = 'WAITING'")),
)
"""`turns_17` is in clear only where a log from before 0025 has it so."""

month_keys = Table(
    "month_keys",
    metadata,
    _text("visit", key=True),
    _text("wrapped", optional=True),
)
"""The keys to the birth months, each wrapped under the service's key. No fact knows them; an erased one is null."""

demand_days = Table(
    "demand_days",
    metadata,
    _text("office", key=True),
    _text("item", key=True),
    Column("day", Date, primary_key=True),
    Column("used", Integer, nullable=False),
    Column("ran_out", Boolean, nullable=False),
    _text("source"),
)
"""Days that are over on which something was used, in pieces. A day without a row: nothing was."""

demand_now = Table(
    "demand_now",
    metadata,
    _text("office", key=True),
    _text("item", key=True),
    _text("level"),
    Column("on_hand", Integer),
    Column("available", Integer),
    Column("as_of", DateTime(timezone=True)),
    Column("owed", Integer, nullable=False),
    Column("first_told", Date),
    Column("last_told", Date),
)

spells = Table(
    "spells",
    metadata,
    _text("office", key=True),
    _text("item", key=True),
    _text("kind", key=True),
    Column("since", Date, primary_key=True),
    Column("until", Date),
)
"""Days through which an office was EMPTY, or BEHIND with cards: they do not show what was needed."""

forecasts = Table(
    "forecasts",
    metadata,
    _text("office", key=True),
    _text("item", key=True),
    Column("made_on", Date, nullable=False),
    Column("first_day", Date, nullable=False),
    _text("method"),
    Column("history_days", Integer, nullable=False),
    Column("median", JSON, nullable=False),
    Column("low", JSON, nullable=False),
    Column("high", JSON, nullable=False),
    Column("cumulative_median", JSON, nullable=False),
    Column("cumulative_high", JSON, nullable=False),
    Column("inputs", JSON, nullable=False),
)
"""The latest forecast of each office's item; the log has the earlier ones."""

judgements = Table(
    "judgements",
    metadata,
    _text("office", key=True),
    _text("item", key=True),
    Column("judged_on", Date, nullable=False),
    _text("chosen"),
    Column("chosen_by", JSON, nullable=False),
    Column("judged_by", JSON, nullable=False),
)

surges = Table(
    "surges",
    metadata,
    _text("surge", key=True),
    Column("version", Integer, primary_key=True),
    _text("region"),
    _text("kind"),
    _text("name"),
    Column("first_day", Date, nullable=False),
    Column("last_day", Date, nullable=False),
    Column("factor", Integer, nullable=False),
    _text("item", optional=True),
    Column("declared_on", Date, nullable=False),
    _text("by"),
    Column("withdrawn", Boolean, nullable=False),
)
"""Every version of every surge: the greatest is in force."""

youth = Table(
    "youth",
    metadata,
    _text("office", key=True),
    Column("people", Integer, nullable=False),
    _text("source"),
    Column("valid_from", Date, nullable=False),
)

schools = Table(
    "schools",
    metadata,
    _text("office", key=True),
    _text("school", key=True),
    _text("name"),
    Column("pupils", Integer, nullable=False),
)
