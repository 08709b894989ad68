"""The envelope around every message, as a program in another language meets it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import pytest

from shared.envelope import Incoming, Malformed, message, parse
from tests.contracts.golden import FOLDER, WRITES, all_of

FILE = FOLDER / "envelope.json"
MAY_BE_MISSING = {"ce_source", "content-type", "traceparent"}
HASH = bytes(range(32))
BODY = next(golden.data for golden in all_of("stock") if golden.type == "StockLow")
EVENT = {
    "position": 97,
    "type": "StockLow",
    "schema": 1,
    "data": BODY.decode(),
    "metadata": '{"subject":"stock-worker","route":"printing.CardPrinted","cause":"printing/1-12",'
    '"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}',
    "occurred_at": datetime(2024, 11, 18, 9, 30, tzinfo=UTC),
    "recorded_at": datetime(2024, 11, 18, 9, 30, 0, 250_000, tzinfo=UTC),
    "sequence": 41,
    "hash": HASH,
}


@dataclass(frozen=True)
class OnKafka:
    """A record as a client hands it over."""

    value: bytes | None
    headers: Sequence[tuple[str, bytes]]
    topic: str = "blanko.17.stock"
    offset: int = 40


def sent() -> tuple[bytes, OnKafka]:
    key, value, headers = message("stock", 1, EVENT)
    return key, OnKafka(value, headers)


def test_key_and_headers_are_the_golden_ones() -> None:
    key, record = sent()
    said = {"key": key.decode(), "headers": {name: value.decode() for name, value in record.headers}}
    if WRITES:
        FILE.write_bytes(msgspec.json.format(msgspec.json.encode(said), indent=2) + b"\n")
    assert said == msgspec.json.decode(FILE.read_bytes())


def test_the_body_is_the_stored_fact_byte_for_byte() -> None:
    _, record = sent()
    assert record.value == BODY


def test_a_reader_finds_in_a_record_what_the_relay_put_there() -> None:
    _, record = sent()
    assert parse(record) == Incoming(
        service="stock",
        type="StockLow",
        version=1,
        office="17.71",
        topic="blanko.17.stock",
        offset=40,
        epoch=1,
        sequence=41,
        position=97,
        hash=HASH,
        id="1-97",
        occurred_at=datetime(2024, 11, 18, 9, 30, tzinfo=UTC),
        recorded_at=datetime(2024, 11, 18, 9, 30, 0, 250_000, tzinfo=UTC),
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        data=BODY,
    )


def test_who_asked_stays_in_the_log() -> None:
    _, record = sent()
    assert not any(b"stock-worker" in value for _, value in record.headers)


def test_a_header_of_somebody_elses_is_ignored() -> None:
    _, record = sent()
    assert parse(OnKafka(record.value, [*record.headers, ("x-mirrored-by", b"\xff")])) == parse(record)


@pytest.mark.parametrize("name", [name for name, _ in sent()[1].headers if name not in MAY_BE_MISSING])
def test_a_record_without_one_of_our_headers_is_not_a_message_of_ours(name: str) -> None:
    _, record = sent()
    with pytest.raises(Malformed):
        parse(OnKafka(record.value, [header for header in record.headers if header[0] != name]))
