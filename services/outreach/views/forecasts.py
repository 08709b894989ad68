"""Forecasts and their backtests, as published last."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import cast

from sqlalchemy import RowMapping, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.outreach.domain import Method
from services.outreach.views.tables import demand_days, forecasts, judgements


async def forecast(connection: AsyncConnection, office: str, item: str) -> RowMapping | None:
    """The latest forecast of an office's item."""
    query = select(forecasts).where(forecasts.c.office == office, forecasts.c.item == item)
    return (await connection.execute(query)).mappings().one_or_none()


async def forecasts_of(connection: AsyncConnection, offices: Collection[str], item: str) -> Sequence[RowMapping]:
    """The latest forecasts of an item, in order of office."""
    query = select(forecasts).where(forecasts.c.office.in_(offices), forecasts.c.item == item)
    return (await connection.execute(query.order_by(forecasts.c.office))).mappings().all()


async def made_on(connection: AsyncConnection, enough: int) -> dict[tuple[str, str], date]:
    """The day of the latest forecast by (office, item), but for those that knew no history where so many days of use
    are known by now."""
    f, d = forecasts.c, demand_days.c
    query = select(f.office, f.item, f.made_on)
    of_no_history = (
        select(f.office, f.item)
        .join(demand_days, and_(d.office == f.office, d.item == f.item))
        .where(f.method == "POPULATION")
        .group_by(f.office, f.item)
        .having(func.count() >= enough)
    )
    made = {(row[0], row[1]): row[2] for row in await connection.execute(query)}
    outdated = {(row[0], row[1]) for row in await connection.execute(of_no_history)}
    return {each: day for each, day in made.items() if each not in outdated}


async def judged(connection: AsyncConnection) -> dict[tuple[str, str], tuple[date, Method]]:
    """The day of the latest backtest and the method it chose, by (office, item)."""
    j = judgements.c
    query = select(j.office, j.item, j.judged_on, j.chosen)
    return {(row[0], row[1]): (row[2], cast(Method, row[3])) for row in await connection.execute(query)}


async def judgement(connection: AsyncConnection, office: str, item: str) -> RowMapping | None:
    """The latest backtest of an office's item."""
    query = select(judgements).where(judgements.c.office == office, judgements.c.item == item)
    return (await connection.execute(query)).mappings().one_or_none()


async def judgements_of(connection: AsyncConnection, offices: Collection[str], item: str) -> Sequence[RowMapping]:
    """The latest backtests of an item, in order of office."""
    query = select(judgements).where(judgements.c.office.in_(offices), judgements.c.item == item)
    return (await connection.execute(query.order_by(judgements.c.office))).mappings().all()
