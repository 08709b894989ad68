"""The forecast as a service: made for the whole nation once a day, asked for, judged, and played with."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from services.outreach.domain import NoteDebt, NoteStock
from services.outreach.rounds import nightly
from services.outreach.rounds.nightly import Nightly
from services.outreach.sealing import Keyring
from shared.ledger import Context, Entry
from shared.moments import utcnow
from shared.offices import offices
from tests.hosting import Caller
from tests.outreach.web import post

pytestmark = pytest.mark.anyio

SERIES = 2 * 3
"""Of two offices anything was heard."""
HERE = "17.71"
READER = Context(subject="reader", route="stock")
TODAY = offices().known("00").day_at(utcnow() - timedelta(hours=2))


def days_of_use(count: int) -> str:
    """A CSV of so many days until yesterday: 120 to 140 a working day, 10 on Saturdays."""
    lines = ["day;used;ran_out"]
    for n in range(count, 0, -1):
        day = TODAY - timedelta(days=n)
        used = {5: 10, 6: 0}.get(day.weekday(), 120 + day.toordinal() * 7 % 21)
        lines.append(f"{day};{used};{'ya' if n == 40 else 'tidak'}")
    return "\n".join(lines)


async def stock_says(app: FastAPI, office: str, available: int, owed: int = 0) -> None:
    """As the reader hears it from stock and printing."""
    now = utcnow()
    told: dict[str, Any] = {"now": now, "occurred_at": now, "office": office, "day": TODAY, "item": "KTP_WNI"}
    stock = NoteStock(**told, level="OK", on_hand=available, available=available, as_of=now)
    await app.state.ledger.execute(stock, READER)
    if owed:
        await app.state.ledger.execute(NoteDebt(**told, owed=owed), READER)


@pytest.fixture
async def round(app: FastAPI, caller: Caller) -> Nightly:
    """Kota Bengkulu brings more than a year of its days along."""
    body = {"item": "KTP_WNI", "csv": days_of_use(400)}
    answer = await post(caller("head", HERE), f"/offices/{HERE}/demand-history", body)
    assert answer.status_code == 201, answer.text
    await stock_says(app, HERE, 1_500, owed=200)
    await stock_says(app, "17.01", 10)
    return Nightly(app.state.ledger, app.state.engine, Keyring.of_settings())


async def count(app: FastAPI, kind: str) -> int:
    async with app.state.engine.connect() as connection:
        return int((await connection.execute(text(f"select count(*) from events where type = '{kind}'"))).scalar_one())


async def got(client: httpx2.AsyncClient, path: str, **query: Any) -> dict[str, Any]:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_every_office_that_was_heard_of_is_forecast_once_a_day_and_what_is_known_of_it_is_said(
    app: FastAPI, round: Nightly, caller: Caller
) -> None:
    assert await round.look() == SERIES
    assert await round.look() == 0
    assert await count(app, "DemandForecast") == await count(app, "ForecastJudged") == SERIES

    head, province, national = caller("head", HERE), caller("province", "17"), caller("national", "00")
    forecast = await got(head, f"/offices/{HERE}/forecasts/KTP_WNI")
    assert (forecast["made_on"], len(forecast["days"])) == (TODAY.isoformat(), 90)
    assert forecast["method"] != "POPULATION" and 350 <= forecast["history_days"] <= 399
    assert forecast["inputs"]["owed"] == 200 and forecast["inputs"]["masked_days"] >= 1
    # After the backlog is worked off: an ordinary Wednesday and an ordinary Sunday.
    later = {date.fromisoformat(day["day"]).weekday(): day for day in forecast["days"][21:]}
    assert 90 < later[2]["median"] < 170 and later[6]["median"] < 20
    assert later[2]["low"] <= later[2]["median"] <= later[2]["high"]
    ends = [day["together_at_most"] for day in forecast["days"]]
    assert ends == sorted(ends) and ends[-1] > forecast["days"][-1]["together"] > 5_000

    young = await got(caller("head", "17.01"), "/offices/17.01/forecasts/KTP_WNI")
    assert (young["method"], young["history_days"]) == ("POPULATION", 0)
    assert "too little history" in young["method_said"] and young["days"][-1]["together"] > 0

    ours = await got(province, "/forecasts", item="KTP_WNI")
    assert [each["office"] for each in ours["of_offices"]] == ["17.01", HERE]
    nation = await got(national, "/forecasts", item="KTP_WNI")
    assert (len(nation["of_offices"]), len(nation["unknown"]), len(nation["weeks"])) == (2, 512, 12)
    assert (await province.get("/forecasts", params={"item": "KTP_WNI", "region": "18"})).status_code == 404

    backtest = await got(head, f"/offices/{HERE}/backtests/KTP_WNI")
    assert backtest["chosen"] in backtest["judged_by"] and backtest["chosen_by"]
    assert backtest["judged_by"][backtest["chosen"]]["days"] >= 90
    judged = await got(province, "/backtests", item="KTP_WNI")
    assert (judged["judged"], judged["not_judged"]) == (1, 9)

    later_that_november = await got(
        province, "/scenarios", item="KTP_WNI", factor=2, **{"from": TODAY, "to": TODAY + timedelta(days=26)}
    )
    assert set(later_that_november["unknown"]) == {f"17.0{n}" for n in range(2, 10)}
    worst, city = later_that_november["of_offices"]
    assert (worst["office"], city["office"]) == ("17.01", HERE)
    foreseen, asked = city["as_foreseen"], city["as_asked"]
    assert asked["runs_out_on"] < foreseen["runs_out_on"]
    first_27 = forecast["days"][26]["together"]
    assert asked["missing"] - foreseen["missing"] == pytest.approx(first_27, abs=1)
    assert foreseen["missing"] == forecast["days"][-1]["together"] - 1_500
    assert foreseen["missing_at_most"] > foreseen["missing"]
    sums = later_that_november["as_asked"]
    assert sums["missing"] == worst["as_asked"]["missing"] + asked["missing"] and sums["run_out"] == 2
    none = await got(national, "/scenarios", item="KIA", factor=1, **{"from": TODAY, "to": TODAY})
    assert (len(none["unknown"]), none["as_asked"]) == (514, {"run_out": 0, "missing": 0, "missing_at_most": 0})


class Dying:
    """The real ledger, which dies after a few appends."""

    def __init__(self, ledger: Any, appends: int) -> None:
        self._ledger = ledger
        self._left = appends

    async def execute_all(self, entries: Sequence[Entry]) -> Any:
        if not self._left:
            raise OSError("the power failed")
        self._left -= 1
        return await self._ledger.execute_all(entries)


async def test_a_round_that_died_in_the_middle_is_finished_and_nothing_is_published_twice(
    app: FastAPI, round: Nightly, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nightly, "IN_ONE_APPEND", 4)
    dying = Nightly(Dying(app.state.ledger, 3), app.state.engine, Keyring.of_settings())  # type: ignore[arg-type]
    with pytest.raises(OSError, match="power"):
        await dying.look()
    before = await count(app, "DemandForecast")
    assert 0 < before < SERIES
    assert await round.look() == SERIES - before
    assert await count(app, "DemandForecast") == await count(app, "ForecastJudged") == SERIES


async def test_a_new_day_is_forecast_anew_and_judged_again_after_a_week(app: FastAPI, round: Nightly) -> None:
    def then(days: int) -> Nightly:
        def now() -> datetime:
            return utcnow() + timedelta(days=days)

        return Nightly(app.state.ledger, app.state.engine, Keyring.of_settings(), now)

    await round.look()
    assert await then(7).look() == SERIES
    assert await count(app, "DemandForecast") == 2 * SERIES
    assert await count(app, "ForecastJudged") == SERIES + 1, "of the others there is nothing to judge by, still"


async def test_who_brings_a_past_along_need_not_wait_for_tomorrow(app: FastAPI, round: Nightly, caller: Caller) -> None:
    await round.look()
    head = caller("head", "17.01")
    body = {"item": "KTP_WNI", "csv": days_of_use(120)}
    assert (await post(head, "/offices/17.01/demand-history", body)).status_code == 201
    assert (await round.look(), await round.look()) == (1, 0)
    forecast = await got(head, "/offices/17.01/forecasts/KTP_WNI")
    assert (forecast["method"], forecast["made_on"]) != ("POPULATION", None)
    assert 100 <= forecast["history_days"] <= 120


@pytest.mark.parametrize(
    ("table", "at"),
    [
        ("day;used\n2024-11-18;many\n", "/body/csv/2/used"),
        ("day;used\n18-11-2024;5\n", "/body/csv/2/day"),
        ("day;used\n2024-11-18;5\n2024-11-18;6\n", "/body/csv/3/day"),
        ("day;used;ran_out\n2024-11-18;5;maybe\n", "/body/csv/2/ran_out"),
    ],
)
async def test_a_bad_line_of_history_is_named_and_nothing_is_taken(
    app: FastAPI, caller: Caller, table: str, at: str
) -> None:
    body = {"item": "KTP_WNI", "csv": table}
    answer = await post(caller("head", HERE), f"/offices/{HERE}/demand-history", body)
    assert (answer.status_code, answer.json()["errors"][0]["at"]) == (422, at)
    assert await count(app, "DayNoted") == 0


async def test_an_office_without_a_forecast_has_none_rather_than_zero(caller: Caller) -> None:
    head = caller("head", HERE)
    assert (await head.get(f"/offices/{HERE}/forecasts/KTP_WNI")).status_code == 404
    assert (await head.get(f"/offices/{HERE}/backtests/KTP_WNI")).status_code == 404
