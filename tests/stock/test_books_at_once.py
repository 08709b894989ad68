"""Two processes, many callers, one office: whoever comes first, the books balance, and nothing is given away twice."""

import asyncio
import random
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from deploy.local.postgres import ServiceDatabase
from services.stock.domain import (
    Book,
    DispatchBlanks,
    MoveBlanks,
    ReceiveBlanks,
    RecordOpeningCount,
    SpoilBlank,
    StockCommand,
    StockFact,
    UseBlank,
    book_of,
)
from services.stock.service import STOCK
from shared.database import open_engine
from shared.decider import Refused
from shared.ledger import Context, Ledger
from shared.ledger.replay import replay
from shared.offices import offices
from shared.settings import Settings
from tests.stock.naive import BookKeeper

pytestmark = pytest.mark.anyio

PLACES = ("store", "mall", "van")
CALLERS, EACH = 24, 25


def topic(office: str, moment: datetime) -> str:
    return offices().topic("stock", office, moment)


def when(back: timedelta = timedelta(0)) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {"now": now, "occurred_at": now - back, "item": "KTP_WNI", "day": (now - back).date()}


def opening(office: str, place: str, counted: int) -> StockCommand:
    said: dict[str, Any] = {"counters": ("p:a", "p:b"), "minutes": "m", "recorded_by": "p:c", "daily_use_default": 500}
    return RecordOpeningCount(**when(timedelta(days=5)), office=office, location=place, counted=counted, **said)


def something(chance: random.Random) -> StockCommand:
    """What a caller of this office or the centre may say."""
    back = chance.choice((timedelta(0), timedelta(0), timedelta(hours=chance.randint(1, 100))))
    here: dict[str, Any] = {**when(back), "office": chance.choice(("00", "17.71")), "location": chance.choice(PLACES)}
    consignment = f"c-{chance.randint(1, 12)}"
    match chance.randint(0, 5):
        case 0:
            said: dict[str, Any] = {"source": "CENTRE", "bast": "b", "consignment": chance.choice((None, consignment))}
            return ReceiveBlanks(**here, quantity=chance.randint(1, 9), **said)
        case 1:
            return UseBlank(**here, job="j", daily_use_default=500)
        case 2:
            return SpoilBlank(**here, job="j", cause="MISPRINT")
        case 3 | 4:
            return MoveBlanks(**here, to=chance.choice(PLACES), quantity=chance.randint(1, 9))
        case _:
            sent: dict[str, Any] = {"to": "17.71", "consignment": consignment, "promised_on": date(2030, 1, 1)}
            return DispatchBlanks(**here | {"office": "00"}, **sent, quantity=chance.randint(1, 9))


async def test_whatever_two_processes_write_at_once_the_books_balance(database: ServiceDatabase) -> None:
    settings = Settings(
        database_url=database.app_url, kafka_bootstrap_servers="", auth_issuer="", auth_audience="", auth_jwks=""
    )
    engines = [open_engine(settings, f"process {n}") for n in range(2)]
    refused: list[str] = []

    async def caller(ledger: Ledger, chance: random.Random) -> None:
        for _ in range(EACH):
            command = something(chance)
            try:
                await ledger.execute(command, Context(subject="t", route="t"))
            except Refused as refusal:
                assert not isinstance(command, UseBlank | SpoilBlank | ReceiveBlanks)
                refused.append(refusal.code)

    async with Ledger(STOCK, engines[0], topic) as one, Ledger(STOCK, engines[1], topic) as other:
        for office in ("00", "17.71"):
            for place in PLACES:
                await one.execute(opening(office, place, 40), Context(subject="t", route="t"))
        await asyncio.gather(*(caller((one, other)[n % 2], random.Random(n)) for n in range(CALLERS)))

    naive, decode = BookKeeper(), msgspec.json.Decoder(StockFact).decode
    async with engines[0].connect() as connection:
        query = text("select stream, data::text, occurred_at, recorded_at from events order by position")
        for stream, data, occurred_at, recorded_at in await connection.execute(query):
            naive.tell(stream, decode(data), occurred_at, recorded_at)
    states = {stream: state for stream, (_, state) in (await replay(STOCK, engines[0])).items()}
    for engine in engines:
        await engine.dispose()

    held = naive.on_hand()
    for office in ("00", "17.71"):
        book: Book = states[book_of(office, "KTP_WNI")]
        for location, shelf in book.locations.items():
            assert shelf.on_hand == held[office, "KTP_WNI", location]
            assert shelf.on_hand >= 0 or "BELOW_ZERO" in shelf.questions
        assert book.on_hand == sum(shelf.on_hand for shelf in book.locations.values())
    assert len(refused) > CALLERS, "they were in each other's way"
    assert {"not_enough", "later_balance_below_zero"} <= set(refused)
