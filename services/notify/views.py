"""Read tables of notify, and the questions they answer."""

from collections.abc import Iterable, Sequence
from typing import Any, assert_never

import msgspec
from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    RowMapping,
    Table,
    Text,
    any_,
    literal,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain import (
    EscalationAcknowledged,
    EscalationClimbed,
    EscalationDeclined,
    EscalationOpened,
    EscalationRepeated,
    EscalationResolved,
    Level,
    NoticeSent,
    NotifyFact,
    ReliefNoted,
    Shortage,
    ShortageEased,
    up_to,
)
from shared.decider import Row

metadata = MetaData()

escalations = Table(
    "escalations",
    metadata,
    Column("office", Text, primary_key=True),
    Column("item", Text, primary_key=True),
    Column("episode", Integer, nullable=False),
    Column("open", Boolean, nullable=False),
    Column("level", Text, nullable=False),
    Column("stock_level", Text, nullable=False),
    Column("figures", JSON, nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("opened_at", DateTime(timezone=True), nullable=False),
    Column("resolved_at", DateTime(timezone=True)),
    Column("due", DateTime(timezone=True)),
    Column("waiting_for", Text),
    Column("told", JSON, nullable=False),
    Column("answer", JSON),
    Column("declined", Text),
    Column("relief", JSON),
    Column("received", Integer, nullable=False),
    Index("escalations_by_level", "open", "level", "office", "item"),
)

notices = Table(
    "notices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("recipient_role", Text, nullable=False),
    Column("recipient_region", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("office", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("episode", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("notice", JSON, nullable=False),
    Index("notices_of_desk", "recipient_role", "recipient_region", "at", "id"),
)


def project(stream: str, fact: NotifyFact, state: Shortage) -> Iterable[Row]:
    """The rows that a fact changes.

    A wait has a row of its own among the deadlines, which the next wait of the stream replaces: a
    clock that took the earlier one in hand can then never remove the later one.
    """
    match fact:
        case EscalationOpened() | EscalationClimbed() | EscalationRepeated() | EscalationAcknowledged():
            return [_escalation(fact, state), *_wait(stream, fact.office, state)]
        case ReliefNoted(paused_until=None) | EscalationDeclined() | ShortageEased():
            return [_escalation(fact, state)]
        case ReliefNoted():
            return [_escalation(fact, state), *_wait(stream, fact.office, state)]
        case EscalationResolved():
            return [_escalation(fact, state), Row("deadlines", (f"{stream}/{state.waits}",), None)]
        case NoticeSent():
            return [_notice(stream, fact)]
    assert_never(fact)


def _wait(stream: str, office: str, state: Shortage) -> list[Row]:
    key = f"{stream}/{state.waits}"
    deadline = {
        "key": key,
        "stream": stream,
        "office": office,
        "due": state.due,
        "kind": state.waiting_for,
        "data": str(state.waits),
    }
    return [Row("deadlines", (f"{stream}/{state.waits - 1}",), None), Row("deadlines", (key,), deadline)]


def _escalation(fact: Any, state: Shortage) -> Row:
    values = {
        "office": fact.office,
        "item": fact.item,
        "episode": state.episode,
        "open": state.open,
        "level": state.level,
        "stock_level": state.stock_level,
        "figures": state.figures,
        "policy_version": state.policy_version,
        "opened_at": state.opened_at,
        "resolved_at": fact.at if isinstance(fact, EscalationResolved) else None,
        "due": state.due,
        "waiting_for": state.waiting_for if state.open else None,
        "told": up_to(state.level),
        "answer": state.answer,
        "declined": state.declined,
        "relief": state.relief,
        "received": state.received,
    }
    return Row("escalations", (fact.office, fact.item), values)


def _notice(stream: str, fact: NoticeSent) -> Row:
    key = f"{stream}/{fact.episode}/{fact.step}/{fact.recipient_role}/{fact.recipient_region}"
    values = {
        "id": key,
        "recipient_role": fact.recipient_role,
        "recipient_region": fact.recipient_region,
        "kind": fact.kind,
        "office": fact.office,
        "item": fact.item,
        "episode": fact.episode,
        "at": fact.at,
        "notice": fact,
    }
    return Row("notices", (key,), values)


async def escalations_at(
    connection: AsyncConnection,
    level: Level | None,
    open: bool,
    offices: Iterable[str],
    after: tuple[str, str] | None,
    limit: int,
) -> Sequence[RowMapping]:
    """The escalations of these offices, by office and item; `after` is the (office, item) last seen."""
    # One array, where `in` would be as many parameters as the nation has offices.
    in_scope = escalations.c.office == any_(literal(list(offices), ARRAY(Text)))
    query = select(escalations).where(escalations.c.open == open, in_scope)
    if level is not None:
        query = query.where(escalations.c.level == level)
    if after is not None:
        query = query.where(tuple_(escalations.c.office, escalations.c.item) > tuple_(*after))
    query = query.order_by(escalations.c.office, escalations.c.item)
    return (await connection.execute(query.limit(limit))).mappings().all()


async def escalation(connection: AsyncConnection, office: str, item: str) -> RowMapping | None:
    """The latest episode's escalation of this item at this office."""
    query = select(escalations).where(escalations.c.office == office, escalations.c.item == item)
    return (await connection.execute(query)).mappings().one_or_none()


async def inbox(
    connection: AsyncConnection, role: str, region: str, before: str | None, limit: int
) -> list[tuple[str, NoticeSent]]:
    """The notices for a role in a region with their ids, the latest first; `before` is the id of the last one seen."""
    query = select(notices.c.id, notices.c.notice).where(
        notices.c.recipient_role == role, notices.c.recipient_region == region
    )
    if before is not None:
        sent_at = select(notices.c.at).where(notices.c.id == before).scalar_subquery()
        query = query.where(tuple_(notices.c.at, notices.c.id) < tuple_(sent_at, literal(before)))
    query = query.order_by(notices.c.at.desc(), notices.c.id.desc()).limit(limit)
    return [(row[0], msgspec.convert(row[1], NoticeSent)) for row in await connection.execute(query)]
