"""One part of a toy service as a process of its own, to be killed: `write`, `relay` or `read`.

python -m tests.shared.toy_process PART SERVICE DATABASE_URL BOOTSTRAP_SERVERS [COUNT]
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

import msgspec
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.decider import Command
from shared.envelope import Incoming
from shared.leader import turn
from shared.ledger import Ledger
from shared.news import News
from shared.reader import React, Reader
from shared.relay import Relay
from tests.shared.conftest import asking
from tests.shared.toy import TOY, Put
from tests.shared.toy.domain import MarblesPut

OFFICES = ("17.71", "17.01", "32.10")


def topics(service: str) -> list[str]:
    """The two provinces in which these tests play."""
    return [f"blanko.17.{service}", f"blanko.32.{service}"]


def topic_of(service: str) -> Callable[[str, datetime], str]:
    """Names the topic of an office of this service."""
    return lambda office, moment: f"blanko.{office[:2]}.{service}"


def react(message: Incoming, now: datetime) -> Command | None:
    """What the toy that reads does: as many marbles into the jar named after the office, labelled with the sequence."""
    if message.type != "MarblesPut":
        return None
    put = msgspec.json.decode(message.data, type=MarblesPut)
    if put.label == "poison":
        raise ValueError("this message cannot be handled")
    return Put(jar=message.office, office=message.office, count=put.count, label=f"{message.topic}/{message.sequence}")


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[AsyncEngine]:
    """A database, closed in the end however that comes."""
    engine = create_async_engine(url)
    try:
        yield engine
    finally:
        await engine.dispose()


async def write(service: str, url: str, count: int) -> None:
    async with opened(url) as engine, Ledger(TOY, engine, topic_of(service)) as ledger:
        for n in range(count):
            office = OFFICES[n % len(OFFICES)]
            await ledger.execute(Put(jar=office, office=office), asking(f"put {n}"))


async def relay(service: str, url: str, bootstrap_servers: str) -> None:
    async with opened(url) as engine, turn(engine) as held:
        await Relay(service, engine, bootstrap_servers, topics(service), held).run()


async def read(service: str, url: str, bootstrap_servers: str, react: React = react, news: News | None = None) -> None:
    tally = replace(TOY, service="tally")
    async with opened(url) as engine, Ledger(tally, engine, topic_of("tally")) as ledger:
        await Reader("tally", ledger, engine, bootstrap_servers, topics(service), react, news).run()


if __name__ == "__main__":
    part, service, url, bootstrap_servers, *count = sys.argv[1:]
    if part == "write":
        asyncio.run(write(service, url, int(count[0])))
    elif part == "relay":
        asyncio.run(relay(service, url, bootstrap_servers))
    else:
        asyncio.run(read(service, url, bootstrap_servers))
