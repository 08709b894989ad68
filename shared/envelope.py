"""CloudEvents 1.0 on Kafka, in binary mode: the body is the fact as it was stored and hashed.

A resend, a rewind or a rebuild carries the same id, sequence, position and hash.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from shared.offices import Office, offices

TYPE = "id.dukcapil.blanko"
Headers = list[tuple[str, bytes]]


class Record(Protocol):
    """What a Kafka client hands over."""

    @property
    def topic(self) -> str: ...
    @property
    def offset(self) -> int: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes]]: ...


class Malformed(Exception):
    """The record is not a message of ours."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """A message as a reader sees it; `data` is parsed by its reactions, which know what they need of it."""

    service: str
    type: str
    version: int
    office: str
    topic: str
    offset: int
    epoch: int
    sequence: int
    position: int
    hash: bytes
    id: str
    occurred_at: datetime
    recorded_at: datetime
    traceparent: str | None
    data: bytes


class _Body(msgspec.Struct):
    office: str


class _Trace(msgspec.Struct):
    traceparent: str | None = None


_office = msgspec.json.Decoder(_Body).decode
_trace = msgspec.json.Decoder(_Trace).decode


def message(service: str, epoch: int, event: Any) -> tuple[bytes, bytes, Headers]:
    """Key, value and headers of a row of `events`."""
    office = _office(event["data"]).office.encode()
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", b"%d-%d" % (epoch, event["position"])),
        ("ce_source", f"/blanko/{service}".encode()),
        ("ce_type", f"{TYPE}.{service}.{event['type']}.v{event['schema']}".encode()),
        ("ce_subject", office),
        ("ce_time", _text(event["occurred_at"])),
        ("ce_recordedtime", _text(event["recorded_at"])),
        ("ce_sequence", b"%d" % event["sequence"]),
        ("ce_position", b"%d" % event["position"]),
        ("ce_epoch", b"%d" % epoch),
        ("ce_hash", event["hash"].hex().encode()),
        ("content-type", b"application/json"),
    ]
    trace = _trace(event["metadata"]).traceparent
    if trace is not None:
        headers.append(("traceparent", trace.encode()))
    return office, event["data"].encode(), headers


def parse(record: Record) -> Incoming:
    """The message in a record. Raises `Malformed`."""
    headers = dict(record.headers)
    try:
        service, name, version = headers["ce_type"].decode().removeprefix(f"{TYPE}.").split(".")
        if headers["ce_specversion"] != b"1.0" or not version.startswith("v"):
            raise ValueError("an unknown envelope")
        trace = headers.get("traceparent")
        return Incoming(
            service=service,
            type=name,
            version=int(version[1:]),
            office=headers["ce_subject"].decode(),
            topic=record.topic,
            offset=record.offset,
            epoch=int(headers["ce_epoch"]),
            sequence=int(headers["ce_sequence"]),
            position=int(headers["ce_position"]),
            hash=bytes.fromhex(headers["ce_hash"].decode()),
            id=headers["ce_id"].decode(),
            occurred_at=datetime.fromisoformat(headers["ce_time"].decode()),
            recorded_at=datetime.fromisoformat(headers["ce_recordedtime"].decode()),
            traceparent=None if trace is None else trace.decode(),
            data=record.value or b"",
        )
    except (KeyError, ValueError) as error:
        raise Malformed(f"{record.topic} at offset {record.offset}: {error!r}") from error


def _text(moment: datetime) -> bytes:
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z").encode()


def heard_of(message: Incoming, now: datetime) -> tuple[Office, dict[str, Any]]:
    """The office that a message is about, and what the command it becomes is told. Raises `LookupError`."""
    office = offices().get(message.office)
    if office is None:
        raise LookupError(f"{message.topic} at offset {message.offset} is about an unknown office")
    return office, office.told_at(now, message.occurred_at)
