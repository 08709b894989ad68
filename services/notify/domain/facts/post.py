"""What lies in a desk's post, what is sent of it to whom, and what became of each try."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

import msgspec

from services.notify.domain.letter import LetterContent
from services.notify.domain.words import Held
from shared.decider import Fact


class AlarmKind(StrEnum):
    """What else people must hear of."""

    CANARY = "CANARY"
    CANARY_MISSED = "CANARY_MISSED"
    SILENT_OFFICES = "SILENT_OFFICES"
    STANDS_STILL = "STANDS_STILL"
    NUMBERS_LOST = "NUMBERS_LOST"
    LOST_NUMBER_USED = "LOST_NUMBER_USED"
    CONSIGNMENT_OVERDUE = "CONSIGNMENT_OVERDUE"
    LOAN_OVERDUE = "LOAN_OVERDUE"
    DESTRUCTION_OVERDUE = "DESTRUCTION_OVERDUE"


class ChannelKind(StrEnum):
    """By what a person is reached. Addresses are in the table of people, and in no fact."""

    EMAIL = "EMAIL"
    WEBHOOK = "WEBHOOK"
    GATEWAY = "GATEWAY"


class Channel(msgspec.Struct, frozen=True, array_like=True):
    """One way to reach a person, by its name."""

    name: str
    kind: ChannelKind


class Result(StrEnum):
    """What became of a try. UNKNOWN may have arrived; REFUSED never will, over this channel."""

    DELIVERED = "DELIVERED"
    REFUSED = "REFUSED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    NO_CHANNEL = "NO_CHANNEL"


class AtDesk(Fact, frozen=True, kw_only=True):
    """A fact about the post of the desk of a role in a region."""

    role: str
    region: str


class AlarmSent(AtDesk, frozen=True, kw_only=True):
    """A desk was told of something that is no shortage: of an `office`, or of several. `id` tells alarms apart."""

    id: str
    kind: AlarmKind
    at: datetime
    office: str | None = None
    item: str | None = None
    offices: tuple[str, ...] = ()
    figures: Mapping[str, int] = {}
    day: date | None = None


class NoticePosted(AtDesk, frozen=True, kw_only=True):
    """A notice or an alarm lies in the post under this number, in a bundle that closes at that moment, or in none."""

    number: int
    notice: str
    bundle: int | None = None
    closes_at: datetime | None = None
    held: Held | None = None


class BundleClosed(AtDesk, frozen=True, kw_only=True):
    """What gathered is sent now: `notices` are the latest of each shortage, `absorbed` how many they stand for besides.

    `letter` is the number of the letter that goes with it. A `digest` is the first that a desk hears after this
    log caught up with what lay on Kafka.
    """

    bundle: int
    notices: tuple[str, ...]
    absorbed: int
    to: tuple[str, ...]
    at: datetime
    letter: str | None = None
    digest: bool = False


class LetterIssued(AtDesk, frozen=True, kw_only=True):
    """The letter as it was written, and the SHA-256 (hex) of its two forms, made by that version of the typesetter."""

    letter: str
    bundle: int
    content: LetterContent
    html_sha256: str
    pdf_sha256: str
    typesetter: str
    at: datetime


class SendPlanned(AtDesk, frozen=True, kw_only=True):
    """A bundle is to reach a person."""

    bundle: int
    person: str
    at: datetime
    letter: str | None = None


class SendBegun(Fact, frozen=True, kw_only=True):
    """Recorded before a try: `again` says that a try before may have arrived; it had the same message id."""

    attempt: int
    channel: Channel
    channels: tuple[Channel, ...]
    message: str
    at: datetime
    again: bool = False


class SendEnded(Fact, frozen=True, kw_only=True):
    """Recorded after it. `next_at` is when the next one is due; `unreached`, that every channel has failed by now."""

    attempt: int
    result: Result
    code: str
    at: datetime
    next_at: datetime | None = None
    unreached: bool = False


class UnreachedReported(Fact, frozen=True, kw_only=True):
    """The shortages of this send were told that its desk cannot be reached."""

    at: datetime


PostFact = AlarmSent | NoticePosted | BundleClosed | LetterIssued
SendingFact = SendPlanned | SendBegun | SendEnded | UnreachedReported
