"""What a caller may ask of stock, and what it may report. Facts reported are never refused, requests may be."""

from dataclasses import dataclass
from datetime import date

from services.stock.domain.facts import Cause, Item, SerialRange, Source
from shared.decider import Command

CENTRE = "00"


def book_of(office: str, item: str) -> str:
    """The stream of an office's book of one item."""
    return f"office/{office}/{item}"


@dataclass(frozen=True, kw_only=True, slots=True)
class StockCommand(Command):
    """`day` is the calendar day of `occurred_at` in the office's own time zone."""

    office: str
    item: Item
    day: date

    @property
    def streams(self) -> tuple[str, ...]:
        return (book_of(self.office, self.item),)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordOpeningCount(StockCommand):
    """A request: two counters found `counted` pieces at a location whose books are not open yet.

    `daily_use_default`, in thousandths, is believed until there is use to learn from.
    """

    location: str
    counted: int
    counters: tuple[str, str]
    minutes: str
    recorded_by: str
    daily_use_default: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiveBlanks(StockCommand):
    """A fact: blanks arrived. `quantity` was accepted; `rejected` and `missing` are the consignment's."""

    location: str
    quantity: int
    source: Source
    bast: str
    serials: SerialRange | None = None
    consignment: str | None = None
    rejected: int = 0
    missing: int = 0
    reason: str | None = None

    @property
    def streams(self) -> tuple[str, ...]:
        here = book_of(self.office, self.item)
        return (here,) if self.consignment is None else (here, f"consignment/{self.consignment}")


@dataclass(frozen=True, kw_only=True, slots=True)
class UseBlank(StockCommand):
    """A fact: a card was printed."""

    location: str
    job: str
    daily_use_default: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SpoilBlank(StockCommand):
    """A fact: a blank was spoiled."""

    location: str
    job: str | None
    cause: Cause


@dataclass(frozen=True, kw_only=True, slots=True)
class SetThresholds(StockCommand):
    """A request: own thresholds in pieces; no `low` means back to days of cover."""

    low: int | None
    critical: int | None
    recovery: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ApproveAllocation(StockCommand):
    """A request: the centre promises blanks to `office`."""

    allocation: str
    quantity: int
    promised_on: date
    reason: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (book_of(CENTRE, self.item), f"allocation/{self.allocation}")


@dataclass(frozen=True, kw_only=True, slots=True)
class DispatchBlanks(StockCommand):
    """A request: `office` sends blanks to the office `to`, under an allocation or not."""

    location: str
    quantity: int
    to: str
    consignment: str
    promised_on: date
    allocation: str | None = None
    serials: SerialRange | None = None

    @property
    def streams(self) -> tuple[str, ...]:
        both_ends = (book_of(self.office, self.item), book_of(self.to, self.item), f"consignment/{self.consignment}")
        return both_ends if self.allocation is None else (*both_ends, f"allocation/{self.allocation}")


AnyCommand = (
    RecordOpeningCount | ReceiveBlanks | UseBlank | SpoilBlank | SetThresholds | ApproveAllocation | DispatchBlanks
)
