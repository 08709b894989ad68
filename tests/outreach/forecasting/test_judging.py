"""The backtest: what chooses does not judge."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from services.outreach.forecasting import CANDIDATES, SHORT, Judgement, Series, Surge, judge
from services.outreach.forecasting.judging import origins
from tests.outreach.forecasting.demands import MONDAY, demand, within


def judged(used: Sequence[int | None], surges: list[Surge] | None = None, wanted: list[int] | None = None) -> Judgement:
    return judge(Series("17.71", "KIA", MONDAY, tuple(used)), surges or [], frozenset(), wanted)


@pytest.mark.parametrize("days", [*range(2 * SHORT, 600, 7), 1_180])
def test_no_day_that_chose_is_a_day_that_judges(days: int) -> None:
    parted = origins(days)
    assert parted is not None and len(parted.judged) >= 2 and parted.chosen
    assert max(parted.chosen) + parted.horizon <= min(parted.judged)
    assert min(parted.chosen) >= SHORT and max(parted.judged) + parted.horizon == days
    assert parted.horizon == 90 or days < 540


def test_what_comes_later_does_not_change_the_choice() -> None:
    """A level that breaks with the first judged day, and then repeats itself, would have been the naive's."""
    used = demand(720)
    later = [*used[:540], *((900, 0, 700, 0, 500, 0, 0)[number % 7] for number in range(180))]
    one, other = judged(used), judged(later)
    assert one.chosen == other.chosen == "POISSON" and one.chosen_on == other.chosen_on
    assert other.judged_on["SEASONAL_NAIVE"].mae < 0.9 * other.judged_on["POISSON"].mae


def test_a_series_that_repeats_itself_is_not_left_to_a_regression() -> None:
    found = judged([(90, 80, 70, 60, 50, 0, 0)[number % 7] for number in range(720)])
    assert found.chosen == "WEEKDAY_MEAN"
    assert found.chosen_on["SEASONAL_NAIVE"].mae == found.judged_on["SEASONAL_NAIVE"].mae == 0


def test_a_level_that_just_broke_is_judged_by_hand() -> None:
    """Ten a day, then twenty for the last 180 days, whose first is the first that is forecast. The naive says ten for
    90 days of twenty, and is right from the origins 45 and 90 days later. Before the first origin no day ever differed
    from the one a week before it: there is nothing to measure an error by."""
    found = judged([10] * 540 + [20] * 180).judged_on["SEASONAL_NAIVE"]
    assert (found.days, found.mase) == (270, 0) and found.mae == pytest.approx(10 / 3)


def test_an_error_is_measured_by_how_much_weeks_differed_before() -> None:
    """Weeks of 10 and of 20 a day in turns: half of the naive's days are 10 off, and all days differ by 10."""
    found = judged([10 + 10 * (number // 7 % 2) for number in range(720)]).judged_on["SEASONAL_NAIVE"]
    assert found.mase == pytest.approx(found.mae / 10) == pytest.approx(0.5, abs=0.05)


def test_days_that_tell_nothing_are_not_judged_unless_it_is_known_what_was_wanted() -> None:
    wanted = [pieces or 0 for pieces in demand(720)]
    used: list[int | None] = list(wanted)
    used[650:700] = [None] * 50
    assert judged(used).judged_on["POISSON"].days < judged(used, wanted=wanted).judged_on["POISSON"].days == 270


def test_a_surge_is_not_known_before_it_was_declared() -> None:
    first, last = MONDAY + timedelta(days=645), MONDAY + timedelta(days=719)
    used = demand(720, factor=within(Surge("CPNS", first, last, 2.0), 2.0))
    in_time = judged(used, [Surge("CPNS", first, last, 2.0)])
    too_late = judged(used, [Surge("CPNS", first, last, 2.0, declared=last)])
    assert in_time.judged_on["POISSON"].mae < 0.5 * too_late.judged_on["POISSON"].mae


def test_the_interval_holds_four_days_in_five() -> None:
    assert 0.7 <= judged(demand(1_000)).judged_on["POISSON"].coverage <= 0.9


@pytest.mark.parametrize(("days", "chosen"), [(30, "POPULATION"), (80, "WEEKDAY_MEAN")])
def test_a_history_too_short_to_be_parted_is_not_judged(days: int, chosen: str) -> None:
    assert judged(demand(days)) == Judgement(chosen, {}, {})  # type: ignore[arg-type]


def test_every_method_is_scored_on_both_parts() -> None:
    found = judged(demand(300))
    assert tuple(found.chosen_on) == tuple(found.judged_on) == CANDIDATES
