"""What can have happened in an office's queues, to its policies, printers and batches, and at its counter."""

from datetime import date, datetime

from services.printing.domain.policy import PriorityClass
from services.printing.domain.words import Alarm, Document, Level, Supply
from shared.decider import Fact


class StockLevelNoted(Fact, frozen=True):
    """What stock told: `since` is when the level was reached, `as_of` when stock's book recorded it."""

    office: str
    item: str
    level: str
    episode: int
    since: datetime
    as_of: datetime
    on_hand: int | None = None
    available: int | None = None


class QuotaTaken(Fact, frozen=True):
    """So many more cards of these classes have a place in the quota of the day."""

    office: str
    item: str
    day: date
    taken: dict[str, int]
    policy: str


class PrintDebtChanged(Fact, frozen=True):
    """The debt book as it stands, told when it has changed: cards owed, by reason, and since when the oldest waits.

    Owed is a card that was put off for want of blanks, and one that waits longer than was promised;
    `put_off` counts the former. `level`, `on_hand` and `stock_as_of` are stock's, as far as it told.
    """

    office: str
    item: str
    owed: int
    put_off: int
    by_reason: dict[str, int]
    oldest_since: datetime | None
    level: Level | None
    on_hand: int | None
    stock_as_of: datetime | None


class PrintDebtUnexplained(Fact, frozen=True):
    """More cards are owed than before, though stock's book says that there are blanks enough. Told once a day."""

    office: str
    item: str
    owed: int
    before: int
    oldest_since: datetime | None
    level: Level
    on_hand: int | None
    stock_as_of: datetime | None
    reported_on: date


class QueuePolicySet(Fact, frozen=True):
    """From that day on this is the order of the office's queues, and their quotas; the nation's, if the office is 00.

    No classes: the office goes by the nation's policy again.
    """

    office: str
    version: int
    starts_on: date
    classes: tuple[PriorityClass, ...]
    age_limit_days: int
    tries: int
    set_on: date
    set_by: str


class LetterPolicySet(Fact, frozen=True):
    """From that day on substitute letters are allowed at these levels, for so many days; at none: forbidden."""

    office: str
    version: int
    starts_on: date
    levels: tuple[Level, ...]
    valid_days: int
    set_on: date
    set_by: str


class RibbonChanged(Fact, frozen=True):
    """A printer got a new ribbon or film, so one roll left the shelf. `cards` were made with the one before.

    Counted are cards and spoiled blanks that this printer had reported since its last change.
    """

    office: str
    ribbon: str
    item: Supply
    location: str
    printer: str
    cards: int
    changed_at: datetime
    changed_by: str


class BatchQuarantined(Fact, frozen=True):
    """Nothing should be printed on the blanks of this batch until it is released."""

    office: str
    batch: str
    first_serial: str | None
    last_serial: str | None
    note: str
    quarantined_at: datetime
    quarantined_by: str


class BatchReleased(Fact, frozen=True):
    office: str
    batch: str
    note: str
    released_by: str


class QuarantinedBatchUsed(Fact, frozen=True):
    """A card was printed, or spoiled, on a blank of a batch in quarantine."""

    office: str
    batch: str
    job: str
    item: str
    location: str
    workstation: str
    blank_serial: str | None
    used_at: datetime


class NumberAlarmRaised(Fact, frozen=True):
    """Stock says of a number that was printed here: another office holds it, or it was reported lost."""

    office: str
    kind: Alarm
    item: str
    location: str
    first_serial: str
    last_serial: str
    holders: tuple[str, ...]
    found_at: datetime


class DocumentIssued(Fact, frozen=True):
    """Something else the counter did, so that its day is whole. `sheets` of A4 are counted, not kept in stock."""

    office: str
    document: str
    kind: Document
    location: str
    quantity: int
    sheets: int
    issued_at: datetime
    issued_by: str


QueueFact = StockLevelNoted | QuotaTaken | PrintDebtChanged | PrintDebtUnexplained
PolicyFact = QueuePolicySet | LetterPolicySet
BatchFact = BatchQuarantined | BatchReleased | QuarantinedBatchUsed
