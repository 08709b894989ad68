"""What printing knows of the blanks behind its queues, and what it owes: the debt book."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.printing.domain.commands import PrintingCommand, alarms_of, queue_of
from services.printing.domain.facts import (
    NumberAlarmRaised,
    PrintDebtChanged,
    PrintDebtUnexplained,
    StockLevelNoted,
)
from services.printing.domain.state import Debt, Queue
from services.printing.domain.words import Alarm, Level
from shared.decider import Decision, States

SETTLED = timedelta(minutes=5)
"""What grew in a shortage is told, by then, as what it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueCommand(PrintingCommand):
    """A command about an office's queue of one item."""

    item: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (queue_of(self.office, self.item),)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteStock(QueueCommand):
    """What stock's book says of an office's blanks; `as_of` is when stock knew it. No level: the one it was.

    At the `opening` count there is enough, until stock says otherwise.
    """

    as_of: datetime
    level: Level | None
    episode: int | None
    on_hand: int | None = None
    available: int | None = None
    opening: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class TellDebt(QueueCommand):
    """The debt book as it stands: told to others, if it is not as it was told last."""

    debt: Debt


@dataclass(frozen=True, kw_only=True, slots=True)
class RaiseNumberAlarm(PrintingCommand):
    """A fact: stock found that a number printed here is not this office's to print on."""

    kind: Alarm
    item: str
    location: str
    first_serial: str
    last_serial: str
    holders: tuple[str, ...]

    @property
    def streams(self) -> tuple[str, ...]:
        return (alarms_of(self.office),)


def note_stock(command: NoteStock, states: States) -> Decision:
    queue: Queue = states[queue_of(command.office, command.item)]
    level = command.level or queue.level or ("OK" if command.opening else None)
    episode = queue.episode if command.episode is None else command.episode
    if level is None:
        # Blanks came before stock has told of any level: it has none yet, and so have we.
        return []
    same_level = (level, episode) == (queue.level, queue.episode)
    if same_level and (command.on_hand, command.available) in ((None, None), (queue.on_hand, queue.available)):
        return []
    noted = StockLevelNoted(
        office=command.office,
        item=command.item,
        level=level,
        episode=episode,
        since=queue.since if same_level and queue.since is not None else command.occurred_at,
        as_of=command.as_of,
        on_hand=command.on_hand,
        available=command.available,
    )
    return [(queue_of(command.office, command.item), noted)]


def tell_debt(command: TellDebt, states: States) -> Decision:
    stream = queue_of(command.office, command.item)
    queue: Queue = states[stream]
    debt, before = command.debt, queue.debt
    if debt == before:
        return []
    changed = PrintDebtChanged(
        office=command.office,
        item=command.item,
        owed=debt.owed,
        put_off=debt.put_off,
        by_reason=debt.by_reason,
        oldest_since=debt.oldest_since,
        level=queue.level,
        on_hand=queue.on_hand,
        stock_as_of=queue.as_of,
    )
    decision: Decision = [(stream, changed)]
    settled = queue.since is not None and command.now >= queue.since + SETTLED
    if queue.level == "OK" and settled and debt.owed > before.owed and queue.unexplained_on != command.day:
        unexplained = PrintDebtUnexplained(
            office=command.office,
            item=command.item,
            owed=debt.owed,
            before=before.owed,
            oldest_since=debt.oldest_since,
            level=queue.level,
            on_hand=queue.on_hand,
            stock_as_of=queue.as_of,
            reported_on=command.day,
        )
        decision.append((stream, unexplained))
    return decision


def raise_number_alarm(command: RaiseNumberAlarm, states: States) -> Decision:
    alarm = NumberAlarmRaised(
        office=command.office,
        kind=command.kind,
        item=command.item,
        location=command.location,
        first_serial=command.first_serial,
        last_serial=command.last_serial,
        holders=command.holders,
        found_at=command.occurred_at,
    )
    return [(alarms_of(command.office), alarm)]
