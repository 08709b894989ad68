"""What stock says of its offices, as its relay would put it on Kafka, past stock itself: its log stays empty."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaProducer

from bench.books import ITEM, opening
from bench.log import COLUMNS, Log, Record, encode
from services.stock.domain import Level, StockLow, StockRecovered, book_of
from services.stock.service import STOCK
from shared.envelope import Headers, message
from shared.offices import Office

LEFT: dict[Level, int] = {"LOW": 1_200, "CRITICAL": 300, "EMPTY": 0}
"""Blanks on hand, of which `A_DAY` go on a working day."""
A_DAY = 150.0
EPOCH = 1


@dataclass(frozen=True, slots=True)
class Message:
    """A record that is still to be sent."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers


class Stock:
    """Makes the messages of a log of stock's, numbered by topic as they are asked for."""

    def __init__(self) -> None:
        self._log = Log(datetime.now(UTC))

    def opened(self, office: Office) -> list[Message]:
        """The office is on board, and has plenty."""
        self._log.at = datetime.now(UTC)
        return list(_promised(self._log.carry_out(opening(office, ITEM, self._log.at))))

    def short(self, office: str, level: Level, episode: int) -> Message:
        """Blanks have come to that level, from plenty."""
        self._log.at = now = datetime.now(UTC)
        on_hand = LEFT[level]
        low = StockLow(
            office=office,
            item=ITEM,
            on_hand=on_hand,
            available=on_hand,
            level=level,
            previous_level="OK",
            episode=episode,
            daily_use=A_DAY,
            days_of_cover=on_hand / A_DAY,
            projected_empty_on=now.date() + timedelta(days=on_hand / A_DAY),
            thresholds_version=1,
        )
        return self._told(office, low)

    def recovered(self, office: str, level: Level, episode: int) -> Message:
        """The shortage of that episode, which had come to that level, is over."""
        self._log.at = datetime.now(UTC)
        plenty = {"on_hand": 9_000, "available": 9_000}
        return self._told(
            office, StockRecovered(office=office, item=ITEM, **plenty, previous_level=level, episode=episode)
        )

    def _told(self, office: str, fact: StockLow | StockRecovered) -> Message:
        # Only the message counts here: the book's own state is not asked for, and not kept.
        told = self._log.event(book_of(office, ITEM), self._log.position, type(fact), encode(fact), office)
        (message,) = _promised([told])
        return message


async def publish(producer: AIOKafkaProducer, messages: Iterable[Message]) -> None:
    """Sends all of them, and does not wait for the broker to acknowledge them."""
    for each in messages:
        await producer.send(each.topic, each.value, key=each.key, headers=each.headers, partition=0)


def _promised(records: Iterable[Record]) -> Iterator[Message]:
    for record in records:
        event = dict(zip(COLUMNS, record, strict=True))
        if event["topic"] is not None:
            yield Message(event["topic"], *message(STOCK.service, EPOCH, event))
