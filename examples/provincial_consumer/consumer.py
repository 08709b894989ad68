"""Keeps the balances of one province's offices, from its one topic of Blanko and nothing else.

    pip install -r requirements.txt
    KAFKA_BOOTSTRAP_SERVERS=127.0.0.1:19092 python consumer.py --province 17
    python consumer.py --province 17 --report

Place and balances change in one SQLite transaction: the program may be killed at any moment, messages may come
twice, the topic may be read again from its beginning, and the balances stay exactly right.
"""

import argparse
import asyncio
import json
import os
import sqlite3
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

TABLES = """
create table if not exists places (
    topic text primary key, offset integer not null, epoch integer not null, sequence integer not null,
    position integer not null, hash text not null
);
create table if not exists balances (
    office text not null, item text not null, on_hand integer not null, available integer not null,
    primary key (office, item)
);
"""


class Place(NamedTuple):
    """Up to where a topic is applied. Position and hash are the sender's: with them its history can be verified."""

    topic: str
    offset: int = 0
    epoch: int = 0
    sequence: int = 0
    position: int = 0
    hash: str = ""


class Stop(Exception):
    """A person has to look before anything more is applied."""


def place_after(place: Place, record: Any, accepted_epoch: int) -> Place | None:
    """The place once this record is applied; None if it was applied before. Raises `Stop`."""
    headers = {name: value.decode() for name, value in record.headers}
    epoch, sequence = int(headers["ce_epoch"]), int(headers["ce_sequence"])
    seen = f"{place.topic} at offset {record.offset}: sequence {sequence} of epoch {epoch}"
    following = Place(place.topic, record.offset + 1, epoch, sequence, int(headers["ce_position"]), headers["ce_hash"])
    if place.epoch and epoch > place.epoch:
        if epoch == accepted_epoch:
            return following
        raise Stop(f"{seen}. The sender was restored from a backup; once it says so, run with --accept-epoch {epoch}.")
    if (epoch, sequence) == (place.epoch, place.sequence) and following.hash != place.hash:
        raise Stop(f"{seen}. Its hash is not the one that was applied: the history was changed.")
    if epoch < place.epoch or sequence <= place.sequence:
        return None
    if sequence > place.sequence + 1:
        raise Stop(f"{seen}, but {place.sequence + 1} is missing. Run with --from-beginning to look for it.")
    if "on_hand" in json.loads(record.value) and not headers["ce_type"].endswith(".v1"):
        raise Stop(f"{seen}. It is a {headers['ce_type']}, which this program does not know yet.")
    return following


def apply(database: sqlite3.Connection, topic: str, records: Iterable[Any], accepted_epoch: int = 0) -> None:
    """Applies these records in one transaction. Raises `Stop`, when those before the one in question are kept."""
    reason = None
    with database:
        database.execute("begin immediate")
        place = place_of(database, topic)
        for record in records:
            try:
                following = place_after(place, record, accepted_epoch)
            except Stop as stop:
                reason = stop
                break
            place = following or place._replace(offset=record.offset + 1)
            fact = json.loads(record.value)
            if following and "on_hand" in fact:  # it moved a balance, and says what that is now
                balance = (fact["office"], fact["item"], fact["on_hand"], fact["available"])
                database.execute("insert or replace into balances values (?, ?, ?, ?)", balance)
        database.execute("insert or replace into places values (?, ?, ?, ?, ?, ?)", place)
    if reason:
        raise reason


def place_of(database: sqlite3.Connection, topic: str) -> Place:
    row = database.execute("select * from places where topic = ?", (topic,)).fetchone()
    return Place(*row) if row else Place(topic)


async def follow(database: sqlite3.Connection, topic: str, from_beginning: bool, accepted_epoch: int) -> None:
    """Applies the topic until it is cancelled. Raises `Stop`, `KafkaError`."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"], enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        partition = TopicPartition(topic, 0)
        consumer.assign([partition])
        consumer.seek(partition, 0 if from_beginning else place_of(database, topic).offset)
        while True:
            for records in (await consumer.getmany(timeout_ms=1000)).values():
                apply(database, topic, records, accepted_epoch)
    finally:
        await consumer.stop()


def report(database: sqlite3.Connection, topic: str) -> None:
    """Prints the balances, and how far they go."""
    print(f"{'office':<8}{'item':<10}{'on hand':>12}{'available':>12}")
    for office, item, on_hand, available in database.execute("select * from balances order by office, item"):
        print(f"{office:<8}{item:<10}{on_hand:>12,}{available:>12,}")
    place = place_of(database, topic)
    print(f"{topic} up to sequence {place.sequence:,}; sender's position {place.position:,}, hash {place.hash}")


def main() -> None:
    """Exits with 1 and a sentence when a person has to look, or the broker cannot be reached."""
    parser = argparse.ArgumentParser(description="Keeps the balances of a province's offices.")
    parser.add_argument("--province", default="17", help="its region code")
    parser.add_argument("--database", type=Path, default=Path("balances.sqlite"), help="the SQLite file to keep")
    parser.add_argument("--report", action="store_true", help="print the balances and end")
    parser.add_argument("--from-beginning", action="store_true", help="read the whole topic again")
    parser.add_argument("--accept-epoch", type=int, default=0, help="go on after the sender was restored")
    wish = parser.parse_args()
    topic = f"blanko.{wish.province}.stock"
    database = sqlite3.connect(wish.database, isolation_level=None, timeout=30)
    database.executescript(TABLES)
    try:
        if wish.report:
            report(database, topic)
        else:
            asyncio.run(follow(database, topic, wish.from_beginning, wish.accept_epoch))
    except (Stop, KafkaError) as reason:
        sys.exit(f"Stopped. {reason}")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
