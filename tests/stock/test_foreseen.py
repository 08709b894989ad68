"""Low before the shelf is low: what the forecast says will be needed until help can come."""

from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Any

import msgspec
import pytest

from services.stock.domain import (
    Book,
    CloseDay,
    ConsignmentAnnounced,
    ForecastNoted,
    LeadTimeLearned,
    NoteForecast,
    Outlook,
    ProposeRelief,
    ReliefProposed,
    ReplenishmentRequested,
    RequestReplenishment,
    SetThresholds,
    StockLow,
    ThresholdsSet,
    cover_of,
    evolve,
    lead_days_of,
)
from services.stock.domain.foresight import next_lead_time, reorder_point_of, weeks_of
from shared.testing import Scenario
from tests.stock.bengkulu import (
    BENGKULU,
    BOOK,
    MONDAY,
    NOON,
    WHEN,
    book,
    card,
    centre_holding,
    consignment,
    count,
    facts,
    holding,
    names,
    nothing,
    receipt,
    thresholds,
)

DAY = timedelta(days=1)
HORIZON = 90


def on(days: int) -> dict[str, Any]:
    """So many days after the Monday on which everything begins."""
    return {"now": NOON + days * DAY, "occurred_at": NOON + days * DAY, "day": MONDAY + days * DAY}


def forecast(high: int, median: int = 0, days: int = 0, **but: Any) -> NoteForecast:
    """Of so many days later: each day needs `high` pieces at most, and mostly `median`, or else four fifths of it."""
    said: dict[str, Any] = {
        "office": BENGKULU,
        "made_on": MONDAY + days * DAY,
        "first_day": MONDAY + days * DAY,
        "cumulative_median": tuple(accumulate((median or high * 4 // 5,) * HORIZON)),
        "cumulative_high": tuple(accumulate((high,) * HORIZON)),
    }
    return NoteForecast(**WHEN | on(days) | said | but)


def switch(forecast: bool, days: int = 0, **own: int | None) -> SetThresholds:
    pieces: dict[str, Any] = {"low": None, "critical": None, "recovery": None} | own
    return SetThresholds(**WHEN | on(days) | {"office": BENGKULU, "forecast": forecast} | pieces)


def lows(scenario: Scenario, command: Any) -> list[StockLow]:
    return [fact for fact in facts(scenario.when(command)) if isinstance(fact, StockLow)]


def test_a_forecast_is_noted_in_the_book_as_weeks_and_the_point_at_which_to_ask_again() -> None:
    [noted] = facts(holding(5_000).when(forecast(250)))
    assert noted == ForecastNoted(
        office=BENGKULU,
        item="KTP_WNI",
        made_on=MONDAY,
        first_day=MONDAY,
        weeks=(1_400,) * 12,
        reorder_points=(2_000,),
        lead_days=7,
    ), "200 a day are 1,400 a week; seven days and one more need 250 each at most"


def test_stock_is_low_when_what_is_needed_until_help_comes_may_be_more_than_is_there() -> None:
    [low] = lows(holding(2_000), forecast(250))
    assert low == StockLow(
        office=BENGKULU,
        item="KTP_WNI",
        level="LOW",
        previous_level="OK",
        episode=1,
        on_hand=2_000,
        available=2_000,
        daily_use=140.0,
        days_of_cover=10.0,
        projected_empty_on=date(2024, 11, 14),
        thresholds_version=0,
        foreseen=True,
        cover_from="FORECAST",
        reorder_point=2_000,
    ), "the shelf is low at 1,400 only"
    assert lows(holding(2_001), forecast(250)) == []


def test_the_card_that_reaches_the_point_says_so_and_not_the_next_one() -> None:
    office = holding(2_001).after(forecast(250))
    assert names(office.when(card())) == ["BlankUsed", "StockLow"]
    assert names(office.after(card()).when(card())) == ["BlankUsed"]


def test_a_shelf_that_is_low_by_itself_is_not_called_foreseen() -> None:
    [low] = lows(nothing, count(1_400))
    assert (low.foreseen, low.cover_from, low.reorder_point) == (False, "USE", None)
    again = holding(1_400).after(forecast(250))
    assert book(again).level == "LOW" and not book(again).foreseen, "and a forecast makes no new news of it"


def test_when_the_shelf_itself_becomes_low_it_is_said_in_the_same_episode() -> None:
    office = holding(1_402).after(forecast(250))
    assert book(office).foreseen
    assert names(office.when(card())) == ["BlankUsed"], "1,401 are more than ten days of use"
    [low] = lows(office.after(card()), card())
    assert (low.level, low.previous_level, low.episode, low.foreseen) == ("LOW", "LOW", 1, False)


def test_a_receipt_that_fills_the_shelf_but_not_what_is_foreseen_says_that_it_is_only_foreseen_now() -> None:
    office = holding(1_400).after(forecast(250))
    assert names(office.when(receipt(280))) == ["BlanksReceived"], "1,680 is not above the shelf's recovery level"
    [low] = lows(office, receipt(281))
    assert (low.level, low.previous_level, low.foreseen) == ("LOW", "LOW", True)
    assert names(office.after(receipt(281)).when(receipt(719))) == ["BlanksReceived"], "2,400 is 2,000 and a fifth"
    assert names(office.after(receipt(281)).when(receipt(720))) == ["BlanksReceived", "StockRecovered"]


def test_critical_and_empty_are_the_shelf_s_own_however_much_is_foreseen() -> None:
    office = holding(701).after(forecast(5_000))
    assert book(office).level == "LOW"
    [critical] = lows(office, card())
    assert (critical.level, critical.foreseen, critical.cover_from) == ("CRITICAL", False, "FORECAST")


def test_an_older_forecast_or_the_same_one_again_changes_nothing() -> None:
    office = holding(5_000).after(forecast(250, days=3))
    assert office.when(forecast(900, days=3)) == []
    assert office.when(forecast(900, days=2, **on(4))) == []


def test_a_forecast_of_a_day_to_come_is_not_believed() -> None:
    office = holding(5_000)
    assert office.when(forecast(250, made_on=MONDAY + 2 * DAY)) == []
    assert names(office.when(forecast(250, made_on=MONDAY + DAY))) == ["ForecastNoted"], "it is tomorrow elsewhere"


def test_after_seven_days_without_another_one_only_the_shelf_counts() -> None:
    office = holding(2_000).after(forecast(250))
    seventh, eighth = card(**on(7)), card(**on(8))
    assert names(office.when(seventh)) == ["BlankUsed"]
    assert names(office.when(eighth)) == ["BlankUsed", "StockRecovered"]
    assert cover(book(office), MONDAY + 7 * DAY) == (10.0, "FORECAST")
    assert cover(book(office), MONDAY + 8 * DAY) == (14.2, "USE")


def test_what_is_told_late_does_not_bring_an_old_forecast_back() -> None:
    office = holding(2_000).after(forecast(250), card(**on(8)))
    assert book(office).level == "OK"
    late = receipt(1, now=NOON + 8 * DAY, occurred_at=NOON + 2 * DAY, day=MONDAY + 2 * DAY)
    assert names(office.when(late)) == ["BlanksReceived"]


def cover(of: Book, today: date) -> tuple[float | None, str]:
    lasts = cover_of(of.available, of.daily_use, of.outlook_on(today), today)
    return lasts.days, lasts.source


@pytest.mark.parametrize("seed", range(5))
def test_a_forecast_that_jumps_around_the_shelf_opens_one_episode_and_keeps_it(seed: int) -> None:
    random = Random(seed)
    office, said = holding(2_000), []
    for day in range(40):
        # By a third up and down, each day anew; what is used comes back.
        decision = office.when(forecast(random.randint(167, 333), days=day))
        said += [name for name in names(decision) if name.startswith("Stock")]
        office = office.given(decision).after(card(**on(day)), receipt(1, **on(day)))
    assert said == ["StockLow"]


def test_a_week_of_working_days_and_free_ones_is_no_news_each_weekend() -> None:
    office, said = holding(420).after(thresholds(100, 50)), []
    office = office.given([(BOOK, learned(1))])
    for day in range(28):
        need = [0 if (day + ahead) % 7 >= 5 else 140 for ahead in range(HORIZON)]
        decision = office.when(forecast(1, days=day, cumulative_high=tuple(accumulate(need))))
        said += [name for name in names(decision) if name.startswith("Stock")]
        office = office.given(decision)
    assert said == [], "two days need 280 at most"
    for day in range(28, 56):
        need = [0 if (day + ahead) % 7 >= 5 else 210 for ahead in range(HORIZON)]
        decision = office.when(forecast(1, days=day, cumulative_high=tuple(accumulate(need))))
        said += [name for name in names(decision) if name.startswith("Stock")]
        office = office.given(decision)
    assert said == ["StockLow"], "420 on a Monday, and none on a Saturday"


def learned(days: int) -> LeadTimeLearned:
    about: dict[str, Any] = {"office": BENGKULU, "item": "KTP_WNI", "request": "r-1", "consignment": "c-1"}
    return LeadTimeLearned(**about, days=days, thousandths=days * 1000)


def test_a_need_that_has_passed_is_forgotten_within_a_week() -> None:
    office = holding(2_000).after(forecast(250))
    for day in range(1, 7):
        office = office.after(forecast(100, days=day))
    assert book(office).foreseen
    assert names(office.when(forecast(100, days=7))) == ["ForecastNoted", "StockRecovered"]


def test_after_a_pause_of_more_than_a_week_the_points_of_before_do_not_count() -> None:
    [noted] = facts(holding(5_000).after(forecast(250)).when(forecast(100, days=8)))
    assert isinstance(noted, ForecastNoted) and noted.reorder_points == (800,)


def test_the_head_s_thresholds_replace_the_usual_ones_and_not_the_forecast() -> None:
    office = holding(2_000).after(thresholds(100, 50), forecast(250))
    assert book(office).foreseen, "the greater counts"
    own = holding(2_000).after(thresholds(1_999, 50), forecast(200))
    assert book(own).level == "OK"
    [low] = lows(own, card())
    assert (low.foreseen, low.reorder_point) == (False, 1_600)


def test_the_head_may_leave_the_forecast_out_of_account_and_take_it_in_again() -> None:
    office = holding(2_000).after(forecast(250))
    assert names(office.when(switch(False))) == ["ThresholdsSet", "StockRecovered"]
    off = office.after(switch(False))
    assert off.when(switch(False)) == []
    assert cover(book(off), MONDAY) == (14.2, "USE")
    assert names(off.when(forecast(300, days=1))) == ["ForecastNoted"], "it is noted all the same"
    assert names(off.when(switch(True))) == ["ThresholdsSet", "StockLow"]


def test_help_is_proposed_for_what_is_foreseen_and_no_neighbour_is_asked_below_its_own_point() -> None:
    neighbour = "17.01"
    office = holding(2_000).after(forecast(250), count(2_600, office=neighbour), forecast(250, office=neighbour))
    proposed = ProposeRelief(
        **WHEN, office=BENGKULU, episode=1, level="LOW", province=("17", 0.0), neighbours=((neighbour, 50.0),)
    )
    [relief] = [fact for fact in facts(office.when(proposed)) if isinstance(fact, ReliefProposed)]
    assert relief.wanted == 401, "to be above 2,400"
    [line] = relief.lines
    assert (line.quantity, line.threshold, line.stays_with) == (401, 2_000, 2_199)


@pytest.mark.parametrize(
    ("available", "weeks", "begun", "days"),
    [
        (1_400, (700, 700), 0, 14.0),
        (1_400, (700, 700), 3, 14.0),
        (700, (700, 1_400), 0, 7.0),
        (700, (700, 1_400), 7, 3.5),
        (710, (700, 1_400), 5, 4.5),
        (2_100, (700, 700), 0, 21.0),
        (1, (700,), 0, 0.0),
        (0, (0, 700), 0, 0.0),
        (-5, (700,), 0, 0.0),
        (350, (0, 700), 0, 10.5),
        (10, (1,), 7, 70.0),
    ],
)
def test_a_stock_lasts_as_the_weeks_ahead_need_it(
    available: int, weeks: tuple[int, ...], begun: int, days: float
) -> None:
    outlook = Outlook(MONDAY, MONDAY, weeks, ())
    today = MONDAY + begun * DAY
    lasts = cover_of(available, 1, outlook, today)
    assert (lasts.days, lasts.empty_on, lasts.source) == (days, today + int(days) * DAY, "FORECAST")


def test_a_forecast_of_no_need_at_all_is_no_reason_to_say_that_stock_lasts_for_ever() -> None:
    outlook = Outlook(MONDAY, MONDAY, (0,) * 12, (0,))
    assert cover_of(1_400, 140_000, outlook, MONDAY).source == "USE"
    assert cover_of(1_400, None, outlook, MONDAY).days is None


def test_a_stock_that_lasts_beyond_the_calendar_has_no_day_on_which_it_is_empty() -> None:
    assert cover_of(10**9, None, Outlook(MONDAY, MONDAY, (1,), ()), MONDAY).empty_on is None


def test_the_weeks_of_a_forecast_add_up_to_it_however_small_its_days_are() -> None:
    rare = [n // 10 for n in range(1, 91)]
    assert weeks_of(rare) == (0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1)
    assert weeks_of([1] * 6) == ()


@pytest.mark.parametrize(("lead_days", "point"), [(1, 30), (2, 60), (3, 100), (60, 100)])
def test_the_point_is_what_the_lead_time_and_one_day_more_may_need(lead_days: int, point: int) -> None:
    assert reorder_point_of((10, 30, 60, 100), lead_days) == point


def asked(name: str = "r-1", days: int = 0) -> RequestReplenishment:
    said: dict[str, Any] = {"asked": 5_000, "reason": "Pilkada", "in_transit": 0, "used_before": 0}
    return RequestReplenishment(**WHEN | on(days) | said, office=BENGKULU, request=name, requested_by="p:kepala")


def sent(name: str, days: int, request: str | None = "r-1") -> Any:
    return consignment(100, consignment=name, request=request, **on(days))


def came(name: str, days: int, quantity: int = 100, **but: Any) -> Any:
    return receipt(quantity, consignment=name, **on(days) | but)


def lessons(scenario: Scenario, command: Any) -> list[tuple[int, int]]:
    return [(f.days, f.thousandths) for f in facts(scenario.when(command)) if isinstance(f, LeadTimeLearned)]


def test_what_answers_a_request_teaches_by_its_first_arrival_how_long_that_takes() -> None:
    office = centre_holding(10_000).after(count(5_000), asked(), sent("c-1", 9))
    assert lessons(office, came("c-1", 11, 60)) == [(11, 8_000)], "(3 x 7 + 11) / 4"
    there = office.after(came("c-1", 11, 60))
    assert book(there).lead_time == 8_000
    assert lessons(there, came("c-1", 30, 40)) == [], "once for each consignment"
    another = there.after(sent("c-2", 20))
    assert lessons(another, came("c-2", 20)) == [(20, 11_000)], "(3 x 8 + 20) / 4"


def test_what_was_not_asked_for_or_went_elsewhere_teaches_nothing() -> None:
    office = centre_holding(10_000).after(count(5_000), asked(), sent("c-1", 9), sent("c-2", 9, request=None))
    assert lessons(office, came("c-2", 11)) == []
    assert lessons(office, came("c-1", 11, 0, missing=100, reason="hilang")) == []
    assert lessons(office, came("c-1", 11, office="17.01")) == []
    strange = office.after(consignment(100, consignment="c-3", request="r-1", to="17.01", **on(9)))
    assert lessons(strange, came("c-3", 11, office="17.01")) == [], "another office had asked"


def test_the_consignment_says_when_it_was_asked_for() -> None:
    office = centre_holding(10_000).after(count(5_000), asked(days=2))
    [announced] = [fact for fact in facts(office.when(sent("c-1", 9))) if isinstance(fact, ConsignmentAnnounced)]
    assert announced.requested_on == MONDAY + 2 * DAY


@pytest.mark.parametrize(
    ("before", "days", "after", "lead"),
    [(None, 7, 7_000, 7), (None, 300, 20_250, 21), (20_250, 1, 15_437, 16), (1_000, 0, 750, 1), (None, -4, 5_250, 6)],
)
def test_the_lead_time_moves_by_a_quarter_and_one_strange_paper_does_not_decide(
    before: int | None, days: int, after: int, lead: int
) -> None:
    assert next_lead_time(before, days) == after and lead_days_of(after) == lead


def test_a_longer_lead_time_moves_the_point_of_the_next_forecast() -> None:
    office = holding(6_000).given([(BOOK, learned(20))])
    [noted] = facts(office.when(forecast(250)))
    assert isinstance(noted, ForecastNoted) and (noted.lead_days, noted.reorder_points) == (20, (5_250,))


def test_a_request_says_what_its_figures_follow_from() -> None:
    [requested] = facts(holding(5_000).after(forecast(250)).when(asked()))
    assert isinstance(requested, ReplenishmentRequested)
    assert (requested.situation.days_left, requested.situation.cover_from) == (25.0, "FORECAST")
    [plain] = facts(holding(5_000).when(asked()))
    assert isinstance(plain, ReplenishmentRequested) and plain.situation.cover_from == "USE"


def test_facts_of_before_the_forecast_load_as_they_were_meant() -> None:
    old = b'{"type":"ThresholdsSet","office":"17.71","item":"KTP_WNI","version":1,"low":9,"critical":5,"recovery":11}'
    assert not evolve(Book(), msgspec.json.decode(old, type=ThresholdsSet)).forecast_off


def test_a_book_with_a_forecast_stays_small() -> None:
    office = holding(100_000)
    plain = len(msgspec.json.encode(book(office)))
    for day in range(9):
        office = office.after(forecast(1_000 + 37 * day, days=day))
    grown = len(msgspec.json.encode(book(office))) - plain
    assert grown < 200, "every card stores it anew"


def test_the_night_closes_a_day_by_the_forecast_of_that_day() -> None:
    office = holding(2_010).after(forecast(250, days=0), *[card()] * 5)
    night = CloseDay(**WHEN | {"office": BENGKULU, "day": MONDAY})
    assert names(office.when(night)) == ["DailyUseEstimated"]
    assert names(office.after(*[card()] * 5).when(night)) == ["DailyUseEstimated"], "it was low at the tenth card"
