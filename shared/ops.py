"""What an ops engineer does to a service's streams; moves no stock, reads no person.

    python -m shared.ops parked                     which offices wait, since when, for what kind of error
    python -m shared.ops release 17.71              have an office's parked messages tried again, in order
    python -m shared.ops raise-epoch                this database was restored: publish under a new epoch
    python -m shared.ops accept-epoch TOPIC EPOCH   follow a sender whose database was restored

DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS say where. The worker notices within a second; `raise-epoch`
and `accept-epoch` are for workers that have stopped and said why.
"""

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from shared.reader import ANY
from shared.relay import last_messages


async def parked(engine: AsyncEngine) -> list[str]:
    """A line for each office whose messages are parked."""
    query = text(
        "select office, count(*) as letters, min(parked_at) as since,"
        " (array_agg(error order by topic, epoch, sequence))[1] as error"
        " from dead_letters group by office order by office"
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(query)).all()
    return [
        f"{row.office or '(no office)'}\t{row.letters} messages since {row.since:%Y-%m-%d %H:%M:%S} UTC\t{row.error}"
        for row in rows
    ]


async def release(engine: AsyncEngine, office: str) -> int:
    """Has the office's parked messages tried again by the worker; returns how many there are."""
    async with engine.begin() as connection:
        changed = await connection.execute(
            text("update dead_letters set redrive = true where office = :office"), {"office": office}
        )
    return changed.rowcount


async def raise_epoch(engine: AsyncEngine, bootstrap_servers: str) -> int:
    """Begins a new epoch after a restore: what is on the topics stays there, this log goes on after it.

    Of what this log still has, nothing that the topics have too is sent again. Returns the epoch.
    """
    async with engine.begin() as connection:
        heads = {
            row.topic: row.sequence for row in await connection.execute(text("select topic, sequence from topics"))
        }
        last = await last_messages(bootstrap_servers, list(heads))
        for topic, message in last.items():
            await connection.execute(
                text("update relay_cursors set sequence = :sequence where topic = :topic"),
                {"topic": topic, "sequence": min(message.sequence, heads[topic])},
            )
        epoch: int = (
            await connection.execute(text("update log_head set epoch = epoch + 1 returning epoch"))
        ).scalar_one()
    return epoch


async def accept_epoch(engine: AsyncEngine, topic: str, epoch: int) -> int:
    """Has the reader follow the topic from the first message of this epoch on; returns how many positions changed."""
    async with engine.begin() as connection:
        changed = await connection.execute(
            text("update read_positions set epoch = :epoch, sequence = :any where topic = :topic and epoch < :epoch"),
            {"topic": topic, "epoch": epoch, "any": ANY},
        )
    return changed.rowcount


def main() -> None:
    """Reads the command line and does what it says."""
    parser = argparse.ArgumentParser(
        prog="python -m shared.ops", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("parked")
    verbs.add_parser("release").add_argument("office")
    verbs.add_parser("raise-epoch")
    accept = verbs.add_parser("accept-epoch")
    accept.add_argument("topic")
    accept.add_argument("epoch", type=int)
    asked = parser.parse_args()

    async def run() -> None:
        engine = create_async_engine(os.environ["DATABASE_URL"])
        says: dict[str, Callable[[], Awaitable[object]]] = {
            "parked": lambda: parked(engine),
            "release": lambda: release(engine, asked.office),
            "raise-epoch": lambda: raise_epoch(engine, os.environ["KAFKA_BOOTSTRAP_SERVERS"]),
            "accept-epoch": lambda: accept_epoch(engine, asked.topic, asked.epoch),
        }
        answer = await says[asked.verb]()
        print("\n".join(answer) if isinstance(answer, list) else f"{asked.verb}: {answer}")
        await engine.dispose()

    asyncio.run(run())


if __name__ == "__main__":
    main()
