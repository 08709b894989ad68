"""What every command of stock has, and the names of the streams it is decided on."""

from dataclasses import dataclass
from datetime import date, timedelta

from services.stock.domain.facts import Item, SerialRange, serials_of
from shared.decider import Command, Recall

CENTRE = "00"
JUST_NOW = timedelta(minutes=2)
"""As far as clocks may differ: what is said to have happened within it, happened now."""
DAYS_BACK = timedelta(days=7)
"""So far back everybody may enter what happened; further back the head does, with a reason."""


def book_of(office: str, item: str) -> str:
    """The stream of an office's book of one item."""
    return f"office/{office}/{item}"


def premises_of(office: str) -> str:
    """The stream of an office's places and printers."""
    return f"premises/{office}"


def withdrawn_at(office: str, item: str) -> str:
    """The stream of an office's withdrawn cards of one item."""
    return f"withdrawn/{office}/{item}"


def numbers_of(item: str, *ranges: SerialRange | None) -> tuple[str, ...]:
    """The streams of the blocks that these ranges touch, each once."""
    known = (serials for serials in ranges if serials is not None)
    return tuple(dict.fromkeys(serials_of(item, serials, block) for serials in known for block, _ in serials.blocks()))


@dataclass(frozen=True, kw_only=True, slots=True)
class OfficeCommand(Command):
    """`day` is the calendar day of `occurred_at` in the office's own time zone.

    `by_head` says that the office's head enters it, who may go further back with a `late_reason`.
    """

    office: str
    day: date
    by_head: bool = False
    late_reason: str | None = None

    @property
    def backdated(self) -> bool:
        """It is said to have happened before now, so that other facts may have happened since."""
        return self.now - self.occurred_at > JUST_NOW


@dataclass(frozen=True, kw_only=True, slots=True)
class StockCommand(OfficeCommand):
    """A command about one item of the office."""

    item: Item

    @property
    def streams(self) -> tuple[str, ...]:
        return (book_of(self.office, self.item),)

    @property
    def since_then(self) -> Recall:
        """The book's facts since it happened; there only when the command is a backdated `DatedCommand`."""
        return Recall(book_of(self.office, self.item), self.occurred_at)


class DatedCommand(StockCommand):
    """A command whose moment matters to the balances since: when it is backdated, it recalls what happened since."""

    __slots__ = ()

    @property
    def recalls(self) -> tuple[Recall, ...]:
        return (self.since_then,) if self.backdated else ()
