"""What a projection says of causes that are known."""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.outreach.forecasting import CANDIDATES, Ahead, Method, Surge
from services.outreach.forecasting.spread import Draft, days, together
from tests.outreach.forecasting.demands import EID, MONDAY, WEEK, demand, projected, within

TWO_YEARS = 728


def pieces(thousandths: Sequence[int]) -> float:
    return sum(thousandths) / 1000


def test_every_weekday_has_its_own_level_and_a_closed_one_none() -> None:
    found = projected(demand(TWO_YEARS))
    for weekday, share in enumerate(WEEK):
        assert np.mean(found.median[weekday::7]) / 1000 == pytest.approx(100 * share, rel=0.1)
    assert set(found.high[5::7] + found.high[6::7]) == {0}
    assert (found.method, found.history_days, len(found.median)) == ("POISSON", TWO_YEARS, 90)


def test_days_without_blanks_are_not_low_demand() -> None:
    used = demand(TWO_YEARS)
    without: list[int | None] = list(used)
    as_nothing: list[int | None] = list(used)
    without[-40:] = [None] * 40
    as_nothing[-40:] = [0] * 40
    usual = pieces(projected(used).median)
    masked = projected(without)
    assert pieces(masked.median) == pytest.approx(usual, rel=0.1)
    assert pieces(projected(as_nothing).median) < 0.8 * usual
    assert (masked.history_days, masked.inputs["masked_days"]) == (TWO_YEARS - 40, 40)


def learned(days_seen: int) -> float:
    """The factor forecast for a kind declared as 1.5, after so many days on which it was 3."""
    seen = Surge("PILKADA", MONDAY + timedelta(days=560), MONDAY + timedelta(days=559 + days_seen), 1.5)
    coming = Surge("PILKADA", MONDAY + timedelta(days=TWO_YEARS), MONDAY + timedelta(days=TWO_YEARS + 27), 1.5)
    used = demand(TWO_YEARS, factor=within(seen, 3.0), excess=0.1)
    usual = pieces(projected(used, surges=[seen]).median[:28])
    return pieces(projected(used, surges=[seen, coming]).median[:28]) / usual


def test_a_kind_of_surge_that_was_seen_is_learned() -> None:
    assert learned(21) == pytest.approx(3.0, rel=0.15)


def test_what_was_learned_of_a_surge_is_drawn_towards_what_was_declared_the_more_the_less_was_seen() -> None:
    assert 1.6 < learned(1) < 0.9 * learned(21)


def test_of_a_kind_never_seen_the_declared_factor_holds() -> None:
    used = demand(TWO_YEARS)
    coming = Surge("CPNS", MONDAY + timedelta(days=TWO_YEARS + 7), MONDAY + timedelta(days=TWO_YEARS + 13), 2.0)
    usual, surging = projected(used), projected(used, surges=[coming])
    assert pieces(surging.median[7:14]) == pytest.approx(2 * pieces(usual.median[7:14]), rel=0.02)
    assert surging.median[:7] + surging.median[14:] == usual.median[:7] + usual.median[14:]
    assert surging.inputs["surge_days"] == 7


def test_a_local_surge_that_nobody_declared_neither_lifts_the_level_nor_widens_the_interval() -> None:
    aid = Surge("OTHER", MONDAY + timedelta(days=690), MONDAY + timedelta(days=694), 8.0)
    usual, after = projected(demand(TWO_YEARS)), projected(demand(TWO_YEARS, factor=within(aid, 8.0)))
    assert pieces(after.median) < 1.12 * pieces(usual.median)
    assert pieces(after.high) - pieces(after.low) < 1.5 * (pieces(usual.high) - pieces(usual.low))


def test_a_level_that_broke_two_months_ago_is_followed() -> None:
    used = demand(TWO_YEARS, factor=lambda number, day: 1.6 if number >= TWO_YEARS - 60 else 1.0)
    assert pieces(projected(used).median) == pytest.approx(90 / 7 * sum(WEEK) * 160, rel=0.15)


def test_a_trend_goes_on_but_not_for_ever() -> None:
    """Demand that has grown by half in two years is not forecast lower than it is, nor as if growth had no end."""
    used = demand(TWO_YEARS, factor=lambda number, day: 1 + number / TWO_YEARS / 2)
    found = projected(used)
    first, last = pieces(found.median[:7]), pieces(found.median[77:84])
    assert first == pytest.approx(sum(WEEK) * 150, rel=0.1)
    assert 0.98 < last / first < 1.05


def test_lebaran_is_foreseen_where_it_falls_this_year() -> None:
    """It was seen once, in April 2024; in 2025 it is eleven days earlier."""
    next_year = frozenset(date(2025, 3, 31) + timedelta(days=number) for number in range(5))

    def lebaran(number: int, day: date) -> float:
        return 0.02 if day in EID else 1.85 if date(2024, 4, 15) <= day <= date(2024, 4, 21) else 1.0

    days = (date(2025, 2, 17) - MONDAY).days
    found = projected(demand(days, factor=lebaran), holidays=EID | next_year)
    at = (date(2025, 3, 31) - date(2025, 2, 17)).days
    assert pieces(found.median[at : at + 5]) < 0.1 * pieces(found.median[at - 14 : at - 9])
    assert pieces(found.median[at + 7 : at + 12]) > 1.3 * pieces(found.median[at - 14 : at - 9])
    assert found.inputs["holidays"] == 9


def test_what_is_known_to_come_is_added_on_its_day() -> None:
    used = demand(TWO_YEARS)
    visit, month = MONDAY + timedelta(days=TWO_YEARS + 9), MONDAY + timedelta(days=TWO_YEARS + 30)
    usual, more = projected(used), projected(used, ahead=Ahead({visit: 80}, {month: 40}, owed=500))
    added = [(there - without) / 1000 for there, without in zip(more.median, usual.median, strict=True)]
    assert added[:7] == pytest.approx([100, 100, 100, 100, 100, 0, 0])
    assert added[9] == pytest.approx(80, abs=3) and added[30] == pytest.approx(40, abs=3)
    assert more.cumulative_median[-1] - usual.cumulative_median[-1] == pytest.approx(620, abs=5)
    assert {name: more.inputs[name] for name in ("visits", "birthdays", "owed")} == {
        "visits": 80,
        "birthdays": 40,
        "owed": 500,
    }


def test_days_together_are_less_sure_than_if_they_were_independent_and_surer_than_if_all_were_bad() -> None:
    found = projected(demand(TWO_YEARS))
    middle, high = found.cumulative_median[-1], found.cumulative_high[-1]
    independent = 1.28 * sum(((h - m) / 1280) ** 2 for h, m in zip(found.high, found.median, strict=True)) ** 0.5
    assert middle + 2 * independent < high < pieces(found.high)


def test_the_doubt_about_a_level_grows_with_the_days_ahead() -> None:
    sure = Draft(np.full(90, 100.0), 0.02, doubt=0.0, step=0.0)
    doubtful = Draft(np.full(90, 100.0), 0.02, doubt=0.01, step=0.001)
    none = np.zeros(90)
    wider = days(doubtful, none)[2] - days(sure, none)[2]
    assert 0 < wider[0] < wider[89]
    assert together(doubtful, none)[1][-1] > 1.1 * together(sure, none)[1][-1]


@pytest.mark.parametrize(("mean", "excess"), [(0.1, 0.5), (3.0, 0.2), (140.0, 0.06), (1200.0, 0.3)])
def test_a_days_quantiles_are_those_of_draws(mean: float, excess: float) -> None:
    random = np.random.default_rng(1)
    draws = random.poisson(mean * random.gamma(1 / excess, excess, 200_000))
    found = days(Draft(np.array([mean]), excess, 0.0, 0.0), np.zeros(1))[:, 0]
    assert found == pytest.approx(np.quantile(draws, (0.1, 0.5, 0.9)), rel=0.02, abs=0)


def test_of_rare_demand_days_have_a_median_of_nothing_and_a_quarter_has_not() -> None:
    found = projected(demand(TWO_YEARS, level=0.2, excess=0.5))
    assert found.method == "POISSON" and set(found.median) == {0}
    assert 6 <= found.cumulative_median[-1] <= 18 < found.cumulative_high[-1] + 5


def test_a_short_history_is_its_share_of_the_nation_and_says_so() -> None:
    short = projected(demand(21), expected=150.0)
    long = projected(demand(TWO_YEARS))
    assert (short.method, short.history_days) == ("POPULATION", 21)
    nothing = projected([], expected=150.0)
    assert pieces(nothing.median[:5]) / 5 == pytest.approx(150, rel=0.2)
    assert 100 < pieces(short.median[:5]) / 5 < 150
    assert nothing.high[0] - nothing.low[0] > 2 * (long.high[0] - long.low[0])
    assert nothing.high[5] == 0


def test_a_history_that_holds_next_to_nothing_says_so() -> None:
    assert projected([0] * 300 + [1]).method == "POPULATION"


def test_the_seasonal_naive_repeats_the_latest_week_that_was_told() -> None:
    used = demand(100)
    used[-7] = None
    week = [1000 * (used[-14] or 0), *(1000 * (pieces or 0) for pieces in used[-6:])]
    assert projected(used, method="SEASONAL_NAIVE").median[:7] == tuple(week)


def test_the_moving_average_is_that_of_four_weeks() -> None:
    used = demand(100)
    mean = round(1000 * sum(pieces or 0 for pieces in used[-28:]) / 28)
    assert set(projected(used, method="MOVING_AVERAGE").median) == {mean}


@settings(max_examples=40, deadline=None)
@given(
    used=st.lists(st.none() | st.integers(0, 3) | st.integers(0, 5000), max_size=130),
    method=st.sampled_from((*CANDIDATES, "POPULATION")),
    owed=st.integers(0, 20_000),
)
def test_whatever_was_used_percentiles_are_in_order(used: list[int | None], method: Method, owed: int) -> None:
    surge = Surge("OTHER", MONDAY + timedelta(days=50), MONDAY + timedelta(days=150), 3.0)
    found = projected(used, method=method, ahead=Ahead(owed=owed), surges=[surge], expected=5.0)
    assert len(found.median) == len(found.cumulative_high) == 90
    for low, median, high in zip(found.low, found.median, found.high, strict=True):
        assert 0 <= low <= median <= high
    for middle, high in zip(found.cumulative_median, found.cumulative_high, strict=True):
        assert 0 <= middle <= high
    assert sorted(found.cumulative_median) == list(found.cumulative_median)
    assert sorted(found.cumulative_high) == list(found.cumulative_high)
    assert found == projected(used, method=method, ahead=Ahead(owed=owed), surges=[surge], expected=5.0)
