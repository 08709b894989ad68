"""What a caller is told about errors of the database."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.postgres import ServiceDatabase
from shared.database import OF_THE_DATABASE
from shared.http.problems import Problem, problem_of

AS_WE_CONNECT: dict[str, Any] = {"connect_args": {"target_session_attrs": "read-write"}}
pytestmark = pytest.mark.anyio


async def told_of(engine: AsyncEngine, statement: str) -> tuple[Exception, Problem]:
    """What the statement raised, and what is said about it."""
    with pytest.raises(OF_THE_DATABASE) as raised:
        async with engine.connect() as connection:
            await connection.execute(text(statement))
    return raised.value, problem_of(raised.value)


@pytest.mark.parametrize("state", ["57P03", "57P01", "53100", "53300", "08006"])
async def test_a_server_that_recovers_or_has_no_room_is_away_for_a_moment(engine: AsyncEngine, state: str) -> None:
    raised, problem = await told_of(engine, f"do $$ begin raise sqlstate '{state}'; end $$")
    assert isinstance(raised, DBAPIError)
    assert (problem.status, problem.code, problem.headers) == (503, "unavailable", {"Retry-After": "1"})


async def test_a_server_that_takes_no_further_connection_is_away_for_a_moment(toy_database: ServiceDatabase) -> None:
    owner, app = (create_async_engine(url) for url in (toy_database.owner_url, toy_database.app_url))
    try:
        async with owner.begin() as connection:
            await connection.execute(text(f'alter database "{toy_database.name}" connection limit 0'))
        _, problem = await told_of(app, "select 1")
    finally:
        await owner.dispose()
        await app.dispose()
    assert (problem.status, problem.code) == (503, "unavailable")


async def test_a_server_that_stands_by_is_away_for_a_moment(toy_database: ServiceDatabase) -> None:
    owner, app = create_async_engine(toy_database.owner_url), create_async_engine(toy_database.app_url, **AS_WE_CONNECT)
    try:
        async with owner.begin() as connection:
            await connection.execute(
                text(f'alter database "{toy_database.name}" set default_transaction_read_only = on')
            )
        _, problem = await told_of(app, "select 1")
    finally:
        await owner.dispose()
        await app.dispose()
    assert (problem.status, problem.code) == (503, "unavailable")


async def test_what_we_asked_wrongly_is_our_fault(engine: AsyncEngine) -> None:
    for wrong in ("select nothing", "do $$ begin raise sqlstate '23514'; end $$"):
        _, problem = await told_of(engine, wrong)
        assert (problem.status, problem.code) == (500, "unexpected")
