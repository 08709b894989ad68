"""Read tables of outreach, and the questions they answer."""

from collections.abc import Iterable, Sequence
from typing import Any, assert_never

from sqlalchemy import (
    Column,
    Date,
    Index,
    Integer,
    MetaData,
    RowMapping,
    Select,
    Table,
    Text,
    func,
    select,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.outreach.domain import (
    OutreachFact,
    PersonRecorded,
    Recording,
    RecordingPrintReady,
    VisitPlanned,
    printable_from,
)
from shared.decider import Row

metadata = MetaData()

visits = Table(
    "visits",
    metadata,
    Column("visit", Text, primary_key=True),
    Column("office", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("held_on", Date, nullable=False),
    Column("expected", Integer, nullable=False),
    Index("visits_by_day", "office", "held_on", "visit"),
)

recordings = Table(
    "recordings",
    metadata,
    Column("recording", Text, primary_key=True),
    Column("visit", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("applicant", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("turns_17", Text),
    Column("state", Text, nullable=False),
    Index("recordings_of_visit", "visit", "state"),
)


def project(stream: str, fact: OutreachFact, state: Any) -> Iterable[Row]:
    """The rows that a fact changes, the deadline of who waits for a birthday among them."""
    match fact:
        case VisitPlanned():
            values = {
                "visit": fact.visit,
                "office": fact.office,
                "place": fact.place,
                "held_on": fact.held_on,
                "expected": fact.expected,
            }
            yield Row("visits", (fact.visit,), values)
        case PersonRecorded():
            yield _recording(fact.recording, state)
            if fact.turns_17 is not None:
                deadline = {
                    "key": stream,
                    "stream": stream,
                    "office": fact.office,
                    "due": printable_from(fact.turns_17, fact.timezone),
                    "kind": "PRINT_READY",
                    "data": "{}",
                }
                yield Row("deadlines", (stream,), deadline)
        case RecordingPrintReady():
            yield _recording(fact.recording, state)
            yield Row("deadlines", (stream,), None)
        case _:
            assert_never(fact)


def _recording(recording: str, state: Recording) -> Row:
    values = {
        "recording": recording,
        "visit": state.visit,
        "office": state.office,
        "applicant": state.applicant,
        "item": state.item,
        "location": state.location,
        "turns_17": state.turns_17,
        "state": state.progress,
    }
    return Row("recordings", (recording,), values)


async def visits_by_day(
    connection: AsyncConnection, office: str, after: str | None, limit: int
) -> Sequence[RowMapping]:
    """An office's visits with what came of them, the latest first; `after` is the last visit seen."""
    query = _with_counts().where(visits.c.office == office).order_by(visits.c.held_on.desc(), visits.c.visit.desc())
    if after is not None:
        last = visits.alias("last")
        day = select(last.c.held_on).where(last.c.visit == after).scalar_subquery()
        query = query.where(tuple_(visits.c.held_on, visits.c.visit) < tuple_(day, after))
    return (await connection.execute(query.limit(limit))).mappings().all()


async def visit(connection: AsyncConnection, office: str, visit: str) -> RowMapping | None:
    """One visit of this office, with what came of it."""
    query = _with_counts().where(visits.c.visit == visit, visits.c.office == office)
    return (await connection.execute(query)).mappings().one_or_none()


async def recordings_among(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, RowMapping]:
    """Those of these recordings that are known."""
    query = select(recordings).where(recordings.c.recording.in_(list(ids)))
    return {row["recording"]: row for row in (await connection.execute(query)).mappings()}


def _with_counts() -> Select[*tuple[Any, ...]]:
    """Counted when asked: a visit holds about a hundred recordings."""
    waiting = func.count().filter(recordings.c.state == "WAITING")
    ready = func.count().filter(recordings.c.state == "PRINT_READY")
    counts = (
        select(func.count().label("recorded"), waiting.label("waiting"), ready.label("ready"))
        .where(recordings.c.visit == visits.c.visit)
        .lateral("counts")
    )
    return select(visits, counts.c.recorded, counts.c.waiting, counts.c.ready).join(counts, true())
