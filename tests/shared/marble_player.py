"""Plays with marbles on the database given, and prints how many facts it was granted."""

import asyncio
import random
import sys

from sqlalchemy.ext.asyncio import create_async_engine

from shared.decider import Refused
from shared.ledger import Ledger
from tests.shared.conftest import asking, topic_of
from tests.shared.toy import TOY, Give, Put, Take

SECONDS = 4
CALLERS = 8


async def play(url: str, seed: int) -> int:
    dice, granted = random.Random(seed), 0
    engine = create_async_engine(url)
    async with Ledger(TOY, engine, topic_of) as ledger:
        end = asyncio.get_running_loop().time() + SECONDS

        async def caller() -> None:
            nonlocal granted
            while asyncio.get_running_loop().time() < end:
                jar, other = (str(n) for n in dice.sample(range(20), 2))
                command = dice.choice((Put(jar=jar, count=2), Take(jar=jar), Give(jar=jar, to=other)))
                try:
                    committed = await ledger.execute(command, asking())
                except Refused:
                    continue
                granted += len(committed.facts)

        await asyncio.gather(*(caller() for _ in range(CALLERS)))
    await engine.dispose()
    return granted


if __name__ == "__main__":
    print(asyncio.run(play(sys.argv[1], int(sys.argv[2]))))
