"""What is sent, to where, and what came of it."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

# A Message-ID and a webhook-id take it as it is; a signature's parts are divided by dots, so it has none.
_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,40}/[a-z0-9.+-]{1,80}")
_FILE_NAME = re.compile(r'[^\x00-\x1f\x7f/\\"]{1,120}')


class Kind(StrEnum):
    """How somebody is reached outside of Blanko."""

    EMAIL = "EMAIL"
    WEBHOOK = "WEBHOOK"
    GATEWAY = "GATEWAY"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to: a mail address, a webhook's address with its secret (`whsec_…`), or a gateway's apprise URL."""

    kind: Kind
    address: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)

    @property
    def hash(self) -> str:
        """The same for the same address, 64 characters: by it sends are limited."""
        return hashlib.sha256(f"{self.kind}\0{self.address}".encode(errors="replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file. Raises ValueError for a name or a media type that cannot stand in a header."""

    name: str
    media_type: str
    content: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not _FILE_NAME.fullmatch(self.name) or not _MEDIA_TYPE.fullmatch(self.media_type):
            raise ValueError("an attachment has a plain file name and a media type such as application/pdf")


@dataclass(frozen=True, slots=True)
class Message:
    """What is said, in the form of each channel; `data` is a webhook's whole JSON body.

    `id` is the same at all tries of one send over one channel: a receiver knows the second of two by it.
    `at` is when it was written. Raises ValueError if `id` is not 1 to 200 of `A-Z a-z 0-9 _ -`, or `at` has no zone.
    """

    id: str
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str | None = field(repr=False)
    attachments: tuple[Attachment, ...] = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    at: datetime

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError("a message's id is 1 to 200 letters, digits, hyphens and underscores")
        if self.at.tzinfo is None:
            raise ValueError("a message's moment has a time zone")


class Result(StrEnum):
    """What is known of one try."""

    DELIVERED = "DELIVERED"
    REFUSED = "REFUSED"
    """It never will be, however often it is tried."""
    FAILED = "FAILED"
    """It was not delivered; a later try may be."""
    UNKNOWN = "UNKNOWN"
    """It was handed over, and no answer came: it may have been delivered or not."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try. `code` says why in a word such as `smtp_550`: no address, nothing a server wrote."""

    result: Result
    code: str
    retry_after: timedelta | None = None


_TRY_LATER = (408, 425, 429)


def answered(status: int, retry_after: timedelta | None = None) -> Outcome:
    """What an HTTP status means for a send. A redirect is refused, for it is not followed."""
    code = f"http_{status}"
    if 200 <= status < 300:
        return Outcome(Result.DELIVERED, code)
    if 300 <= status < 500 and status not in _TRY_LATER:
        return Outcome(Result.REFUSED, code)
    return Outcome(Result.FAILED, code, retry_after)
