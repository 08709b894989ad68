"""All facts, folded anew, lead to the states that are stored."""

import asyncio
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.ledger import Ledger
from shared.ledger.replay import replay
from tests.shared.conftest import asking
from tests.shared.toy import TOY, Give, Jar, Keep, Put, Take

pytestmark = pytest.mark.anyio


async def stored(engine: AsyncEngine) -> dict[str, tuple[int, Any]]:
    async with engine.connect() as connection:
        rows = (await connection.execute(text("select stream, version, state::text from streams"))).all()
    return {stream: (version, msgspec.json.decode(state, type=Jar)) for stream, version, state in rows}


async def test_a_replay_arrives_at_the_stored_states(ledger: Ledger, engine: AsyncEngine) -> None:
    await asyncio.gather(*(ledger.execute(Put(jar=str(n % 7), count=n + 1), asking()) for n in range(300)))
    await ledger.execute(Take(jar="0"), asking())
    await ledger.execute(Give(jar="1", to="new", count=2), asking())
    replayed = await replay(TOY, engine)
    assert len(replayed) == 8
    assert replayed == await stored(engine)


async def test_text_that_copy_escapes_arrives_as_it_was(ledger: Ledger, engine: AsyncEngine) -> None:
    seen: list[str] = []

    def evolve(state: Jar, fact: Any) -> Jar:
        seen.append(fact.text if hasattr(fact, "text") else fact.label)
        evolved: Jar = TOY.evolve(state, fact)
        return evolved

    said = ['back\\slash "quoted"', "tab\tand\nline\r", "kétupat \\n \\\\", ""]
    for words in said:
        await ledger.execute(Keep(jar="\\", text=words), asking())
    assert await replay(replace(TOY, evolve=evolve), engine) == await stored(engine)
    assert seen == said


async def test_an_empty_log_has_no_streams(engine: AsyncEngine) -> None:
    assert await replay(TOY, engine) == {}


@pytest.mark.parametrize("how", ["fails", "is cancelled"])
async def test_a_replay_that_ends_early_leaves_no_connection_that_hangs(
    ledger: Ledger, engine: AsyncEngine, how: str
) -> None:
    await asyncio.gather(*(ledger.execute(Put(jar="a"), asking()) for _ in range(50)))

    def evolve(*_: Any) -> Jar:
        if how == "fails":
            raise ValueError
        replaying.cancel()
        return Jar()

    async with asyncio.timeout(10):
        replaying = asyncio.create_task(replay(replace(TOY, evolve=evolve), engine))
        await asyncio.wait([replaying])
        assert replaying.cancelled() or isinstance(replaying.exception(), ValueError)
        assert len(await replay(TOY, engine)) == 1
