"""The provincial consumer: exactly right across its own death, duplicates and replays; and when it stops."""

import asyncio
import json
import random
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.local.paths import ROOT
from deploy.local.process import Process
from deploy.local.stack import Stack
from examples.demo.people import until
from examples.provincial_consumer.consumer import TABLES, Place, Stop, apply, place_of
from tests.journeys.town import Town

PROGRAM = ROOT / "examples" / "provincial_consumer" / "consumer.py"
TOPIC = "blanko.17.stock"
KILLS = 6

Balances = list[tuple[str, str, int, int]]


def kept(file: Path) -> Balances:
    with closing(sqlite3.connect(file)) as database:
        database.executescript(TABLES)
        return database.execute("select * from balances order by office, item").fetchall()


def read_up_to(file: Path) -> Place:
    """Without the offset: what comes twice takes room on the topic."""
    with closing(sqlite3.connect(file)) as database:
        return place_of(database, TOPIC)._replace(offset=0)


@contextmanager
def running(stack: Stack, file: Path, *options: str) -> Iterator[Process]:
    """The program, on a database file of its own."""
    command: list[str | Path] = [sys.executable, PROGRAM, "--database", file, *options]
    address = {"KAFKA_BOOTSTRAP_SERVERS": stack.bootstrap_servers}
    program = Process("The provincial consumer", command, file.with_suffix(".log"), environment=address)
    program.start()
    try:
        yield program
    finally:
        program.stop()


async def of_stock(here: Town) -> Balances:
    page = await here.province.ask("stock", "/balances", province="17")
    return [
        (office["office"], item["item"], item["on_hand"], item["available"])
        for office in page["balances"]
        for item in office["items"]
    ]


async def send_again(bootstrap_servers: str, chance: random.Random, over: asyncio.Event) -> None:
    """Publishes random pieces of the topic's past once more, word for word."""
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap_servers, enable_auto_commit=False)
    sender = AIOKafkaProducer(bootstrap_servers=bootstrap_servers)
    await reader.start()
    await sender.start()
    try:
        partition = TopicPartition(TOPIC, 0)
        reader.assign([partition])
        while not over.is_set():
            (end,) = (await reader.end_offsets([partition])).values()
            reader.seek(partition, chance.randrange(max(end, 1)))
            records = (await reader.getmany(timeout_ms=200, max_records=20)).get(partition, [])
            for record in records:
                await sender.send(TOPIC, record.value, record.key, partition=0, headers=list(record.headers))
            await sender.flush()
            await asyncio.sleep(0.1)
    finally:
        await reader.stop()
        await sender.stop()


@pytest.mark.anyio
async def test_its_balances_are_stocks_after_kills_and_duplicates_and_when_it_reads_all_again(
    stack: Stack, town: Callable[[str], Town], tmp_path: Path
) -> None:
    here, chance = town("17.04"), random.Random(17)
    file, another = tmp_path / "balances.sqlite", tmp_path / "another.sqlite"
    await here.opens(5_000, low=20, critical=4, recovery=24)

    over = asyncio.Event()

    async def printing() -> None:
        while not over.is_set():
            await here.prints()

    with running(stack, file) as consumer:
        async with asyncio.TaskGroup() as busy:
            busy.create_task(printing())
            busy.create_task(send_again(stack.bootstrap_servers, chance, over))
            for _ in range(KILLS):
                await asyncio.sleep(chance.uniform(0.5, 2.0))
                consumer.kill()
                assert consumer.exit_code == -signal.SIGKILL, consumer.tail()
                consumer.start()
            over.set()
        await here.books_say(5_000 - len(here.printed) - len(here.spoiled))

        async def equal() -> bool:
            assert consumer.alive, consumer.tail()
            return kept(file) == await of_stock(here)

        await until("balances that equal those of stock", equal)

    with running(stack, another):

        async def equal_again() -> bool:
            return kept(another) == kept(file)

        await until("the same balances in a new file", equal_again)
        assert read_up_to(another) == read_up_to(file)

    with running(stack, file, "--report") as reporter:
        reporter.await_end()
        assert f"{here.office}   KTP_WNI" in reporter.tail() and read_up_to(file).hash in reporter.tail()


@dataclass
class Message:
    """A record, as a Kafka client hands it over."""

    sequence: int
    on_hand: int | None = None
    epoch: int = 1
    hash: str = ""
    version: int = 1
    offset: int = 0
    headers: list[tuple[str, bytes]] = field(init=False)
    value: bytes = field(init=False)

    def __post_init__(self) -> None:
        headers = {
            "ce_type": f"id.dukcapil.blanko.stock.BlankUsed.v{self.version}",
            "ce_epoch": self.epoch,
            "ce_sequence": self.sequence,
            "ce_position": self.sequence * 10,
            "ce_hash": self.hash or f"hash of {self.sequence}",
        }
        self.headers = [(name, str(value).encode()) for name, value in headers.items()]
        body: dict[str, Any] = {"office": "17.71", "item": "KTP_WNI"}
        if self.on_hand is not None:
            body |= {"on_hand": self.on_hand, "available": self.on_hand}
        self.value = json.dumps(body).encode()


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    """One that has applied two messages, after which there are 9 blanks."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as fresh:
        fresh.executescript(TABLES)
        apply(fresh, TOPIC, [Message(1, 10), Message(2, 9)])
        yield fresh


def on_hand(database: sqlite3.Connection) -> int:
    return int(database.execute("select on_hand from balances").fetchone()[0])


def test_it_stops_at_a_gap_and_keeps_what_came_before(database: sqlite3.Connection) -> None:
    with pytest.raises(Stop, match="4 is missing"):
        apply(database, TOPIC, [Message(3, 8), Message(5, 6)])
    assert (on_hand(database), place_of(database, TOPIC).sequence) == (8, 3)


def test_what_comes_again_changes_nothing(database: sqlite3.Connection) -> None:
    apply(database, TOPIC, [Message(1, 10), Message(2, 9), Message(1, 10)])
    assert (on_hand(database), place_of(database, TOPIC).sequence) == (9, 2)


def test_a_fact_that_moves_no_balance_moves_the_place(database: sqlite3.Connection) -> None:
    apply(database, TOPIC, [Message(3, version=7, offset=11)])
    assert place_of(database, TOPIC) == Place(TOPIC, 12, 1, 3, 30, "hash of 3")
    assert on_hand(database) == 9


def test_it_stops_where_history_was_changed(database: sqlite3.Connection) -> None:
    with pytest.raises(Stop, match="history was changed"):
        apply(database, TOPIC, [Message(2, 9, hash="another")])


def test_it_stops_at_a_version_it_does_not_know(database: sqlite3.Connection) -> None:
    with pytest.raises(Stop, match="does not know yet"):
        apply(database, TOPIC, [Message(3, 8, version=2)])


def test_a_restored_sender_is_followed_only_when_a_person_says_so(database: sqlite3.Connection) -> None:
    restored = [Message(2, 7, epoch=2), Message(3, 6, epoch=2), Message(4, 1, epoch=1)]
    with pytest.raises(Stop, match="--accept-epoch 2"):
        apply(database, TOPIC, restored)
    apply(database, TOPIC, restored, accepted_epoch=2)
    assert (on_hand(database), place_of(database, TOPIC).sequence) == (6, 3)
