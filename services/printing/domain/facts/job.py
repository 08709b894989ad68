"""What can have happened to a job, from the request to the citizen's hand: the stream `job/<id>`."""

from datetime import date, datetime

from services.printing.domain.words import PutOff
from shared.decider import Fact


class JobQueued(Fact, frozen=True):
    """A card is owed. Waiting is by `print_ready_at`; `put_off` says that it is owed for want of blanks.

    `policy` (`17.71/3`) is the one whose quota of the day put it off, or had a place for it.
    """

    office: str
    job: str
    item: str
    location: str
    reason: str
    applicant: str
    queued_at: datetime
    print_ready_at: datetime | None = None
    priority: str | None = None
    put_off: PutOff | None = None
    policy: str | None = None


class RequestCameLate(Fact, frozen=True):
    """The request for a job that had begun with a report from the printer."""

    office: str
    job: str
    applicant: str
    requested_at: datetime


class JobClaimed(Fact, frozen=True):
    """A workstation has it until then, and nobody else. What it needs to print is in here.

    `blanks_in_hand` was confirmed, though stock's book may say that there are none. `placed`: it has
    its place in a day's quota, and needs no other.
    """

    office: str
    job: str
    claim: str
    workstation: str
    until: datetime
    item: str
    location: str
    reason: str
    priority: str
    applicant: str | None
    blanks_in_hand: bool
    tries: int
    placed: bool


class CardNotPrinted(Fact, frozen=True):
    """A workstation declares that it has made no card of this claim, and used no blank."""

    office: str
    job: str
    claim: str
    workstation: str


class CardPrinted(Fact, frozen=True):
    """A card came out of a printer, and a blank is used. `claim` is None if it was printed without one."""

    office: str
    job: str
    item: str
    location: str
    reason: str
    workstation: str
    chip_serial: str | None
    blank_in_hand: bool
    printed_at: datetime
    blank_serial: str | None = None
    printer: str | None = None
    batch: str | None = None
    printed_by: str | None = None
    claim: str | None = None


class SecondCardPrinted(Fact, frozen=True):
    """One job, two cards: the second used a blank as well, and somebody has to explain it."""

    office: str
    job: str
    chip_serial: str | None
    earlier: tuple[str, ...]


class CardSpoiled(Fact, frozen=True):
    """A blank is used and there is no card: the job waits as before."""

    office: str
    job: str
    item: str
    location: str
    reason: str
    cause: str
    workstation: str
    spoiled_at: datetime
    blank_serial: str | None = None
    printer: str | None = None
    batch: str | None = None
    spoiled_by: str | None = None
    claim: str | None = None


class DecisionAwaited(Fact, frozen=True):
    """So many blanks were spoiled for it that a person decides before the next. `claim` is the last one's."""

    office: str
    job: str
    tries: int
    claim: str | None = None


class JobResumed(Fact, frozen=True):
    """The decision: try again."""

    office: str
    job: str
    decided_by: str
    note: str


class JobCancelled(Fact, frozen=True):
    """No card is owed any more."""

    office: str
    job: str
    cancelled_at: datetime
    cancelled_by: str
    note: str


class CardHandedOver(Fact, frozen=True):
    """The citizen has the card."""

    office: str
    job: str
    item: str
    location: str
    reason: str
    handed_over_at: datetime
    handed_over_by: str


class OldCardWithdrawn(Fact, frozen=True):
    """The card that this one replaces was taken back at the hand-over. It was never a blank of this office's book."""

    office: str
    job: str
    item: str
    location: str
    withdrawn_at: datetime


class SubstituteLetterIssued(Fact, frozen=True):
    """A suket stands in for the card through `valid_through`, as `policy` allowed on that day and level.

    `priority` is the class in which its holder waits from now on.
    """

    office: str
    job: str
    letter: str
    valid_through: date
    policy: str
    level: str
    priority: str
    issued_at: datetime
    issued_by: str


class SubstituteLetterExpired(Fact, frozen=True):
    """The letter's time is over and there is no card yet."""

    office: str
    job: str
    letter: str


JobFact = (
    JobQueued
    | RequestCameLate
    | JobClaimed
    | CardNotPrinted
    | CardPrinted
    | SecondCardPrinted
    | CardSpoiled
    | DecisionAwaited
    | JobResumed
    | JobCancelled
    | CardHandedOver
    | OldCardWithdrawn
    | SubstituteLetterIssued
    | SubstituteLetterExpired
)
