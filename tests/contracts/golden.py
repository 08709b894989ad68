"""Golden messages: one file for each promised fact and version, with the very bytes that are stored and published.

A file of a version that is no longer said stays: the topics keep it for ever, and whoever begins at the
beginning reads it still. `BLANKO_WRITE_CONTRACTS=1` writes the files of today's versions anew; the
change then shows in the review, where it belongs.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from services.notify.service import NOTIFY
from services.outreach.service import OUTREACH
from services.printing.service import PRINTING
from services.stock.service import STOCK
from shared.decider import Domain, Fact
from shared.envelope import Incoming

FOLDER = Path(__file__).parent
WRITES = os.environ.get("BLANKO_WRITE_CONTRACTS") == "1"
DOMAINS: tuple[Domain, ...] = (STOCK, PRINTING, OUTREACH, NOTIFY)
PROMISES = [(domain, fact, version) for domain in DOMAINS for fact, version in domain.promised.items()]

OCCURRED = datetime(2024, 11, 18, 2, 30, tzinfo=UTC)
RECORDED = datetime(2024, 11, 18, 2, 30, 0, 250_000, tzinfo=UTC)


@dataclass(frozen=True)
class Golden:
    """A message as it stands in its file."""

    service: str
    type: str
    version: int
    data: bytes

    @property
    def name(self) -> str:
        return f"{self.service}/{self.type}.v{self.version}"

    @property
    def fields(self) -> dict[str, Any]:
        """What the message says, as plain JSON."""
        said: dict[str, Any] = msgspec.json.decode(self.data)
        return said

    def but(self, **changes: Any) -> "Golden":
        """The same message with other values in these fields."""
        return _saying(self, {**self.fields, **changes})

    def without(self, field: str) -> "Golden":
        """The same message, had its producer dropped this field."""
        return _saying(self, {name: value for name, value in self.fields.items() if name != field})

    def incoming(self) -> Incoming:
        """The message as a reader meets it on the topic of Bengkulu's province."""
        return Incoming(
            service=self.service,
            type=self.type,
            version=self.version,
            office=self.fields["office"],
            topic=f"blanko.17.{self.service}",
            offset=40,
            epoch=1,
            sequence=41,
            position=97,
            hash=bytes(32),
            id="1-97",
            occurred_at=OCCURRED,
            recorded_at=RECORDED,
            traceparent=None,
            data=self.data,
        )


def _saying(golden: Golden, fields: dict[str, Any]) -> Golden:
    return Golden(golden.service, golden.type, golden.version, msgspec.json.encode(fields))


def file_of(domain: Domain, fact: type[Fact], version: int) -> Path:
    """Where the golden message of this promise stands."""
    return FOLDER / domain.service / f"{fact.__name__}.v{version}.json"


def all_of(service: str) -> list[Golden]:
    """Every golden message of a service, of every version it ever promised."""
    found = []
    for file in sorted((FOLDER / service).glob("*.json")):
        type_, version = file.stem.split(".v")
        found.append(Golden(service, type_, int(version), file.read_bytes()))
    return found
