"""The simulator's demand: seeded, the same whichever window is asked for, and as uneven as the nation's."""

import ast
import time
from datetime import date, timedelta
from pathlib import Path
from statistics import mean, median, quantiles

import pytest

from examples.simulator import dates
from examples.simulator.demand import END, EPOCH, Item, demand, ordinary_days, surges

BENGKULU, SEED = "17.71", 7
FOUR_YEARS = 1_400


def day_of(number: int) -> date:
    return EPOCH + timedelta(days=number)


def test_the_same_seed_makes_the_same_days_and_another_one_others() -> None:
    first = demand(BENGKULU, "KTP_WNI", EPOCH, 400, SEED)
    assert demand(BENGKULU, "KTP_WNI", EPOCH, 400, SEED) == first
    assert demand(BENGKULU, "KTP_WNI", EPOCH, 400, SEED + 1) != first
    assert demand("17.01", "KTP_WNI", EPOCH, 400, SEED).wanted != first.wanted


@pytest.mark.parametrize("item", ["KTP_WNI", "KTP_WNA", "KIA"])
@pytest.mark.parametrize("shortages", [True, False])
def test_a_window_shows_the_same_days_as_any_other(item: Item, shortages: bool) -> None:
    whole = demand(BENGKULU, item, EPOCH, 700, SEED, shortages=shortages)
    later = demand(BENGKULU, item, day_of(500), 100, SEED, shortages=shortages)
    assert later == tuple(column[500:600] for column in whole)


def test_days_that_are_not_in_its_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="2027"):
        demand(BENGKULU, "KTP_WNI", END, 2, SEED)
    with pytest.raises(KeyError):
        demand("99.99", "KTP_WNI", EPOCH, 2, SEED)


def test_nobody_comes_on_a_sunday_or_a_holiday() -> None:
    wanted = demand(BENGKULU, "KTP_WNI", EPOCH, FOUR_YEARS, SEED).wanted
    closed = [number for number in range(FOUR_YEARS) if not dates.works(day_of(number), saturdays=True)]
    assert closed
    assert all(wanted[number] == 0 for number in closed)


def test_an_ordinary_day_is_as_the_load_says_and_no_day_is_more_than_ten_of_them() -> None:
    """Over thirty offices: half their working days within a third of what their population makes."""
    ratios, highest = [], 0.0
    for office, cards in list(ordinary_days().items())[::17]:
        rates = demand(office, "KTP_WNI", EPOCH, FOUR_YEARS, SEED, shortages=False).rates
        ratios.append(median(rate for rate in rates if rate) / cards)
        highest = max(highest, max(rates) / cards)
    assert 0.7 < median(ratios) < 1.35
    assert 3 < highest <= 10


def test_the_weeks_before_pilkada_and_after_lebaran_are_busy() -> None:
    def nation(first: date, days: int) -> float:
        offices = list(ordinary_days())[::25]
        return mean(sum(demand(each, "KTP_WNI", first, days, SEED).rates) for each in offices)

    ordinary = nation(date(2024, 5, 27), 14)
    assert nation(date(2024, 11, 11), 14) > 1.4 * ordinary
    assert nation(date(2025, 4, 8), 7) > 1.3 * ordinary / 2
    assert nation(date(2024, 4, 8), 7) < 0.2 * ordinary / 2


def test_wanted_is_spread_wider_than_chance_alone() -> None:
    """Half of a Poisson variable's values lie within 0.67 deviations of its mean: 1.35 from end to end. Here it is
    twice as much, and a few days are far out."""
    days = demand(BENGKULU, "KTP_WNI", EPOCH, FOUR_YEARS, SEED)
    off = [(wanted - rate) / rate**0.5 for rate, wanted in zip(days.rates, days.wanted, strict=True) if rate > 20]
    first, _, third = quantiles(off, n=4)
    assert third - first > 2.2
    assert max(off) > 4 * (third - first)


def test_somewhere_somebody_surges_unannounced() -> None:
    office, surge = next(
        (office, surge)
        for office in ordinary_days()
        for surge in surges(office, "KTP_WNI", SEED)
        if surge.factor > 3 and (surge.last - surge.first).days > 6
    )
    middle = surge.first + (surge.last - surge.first) / 2
    span = demand(office, "KTP_WNI", middle - timedelta(days=3), 7, SEED, shortages=False).rates
    weeks_before = demand(office, "KTP_WNI", surge.first - timedelta(days=35), 28, SEED, shortages=False).rates
    assert max(span) > 1.8 * median(rate for rate in weeks_before if rate)


def test_who_found_no_blank_comes_later() -> None:
    with_shortages = demand(BENGKULU, "KTP_WNI", EPOCH, FOUR_YEARS, SEED)
    without = demand(BENGKULU, "KTP_WNI", EPOCH, FOUR_YEARS, SEED, shortages=False)
    assert any(with_shortages.stocked_out)
    assert not any(without.stocked_out)
    ends = max(number for number in range(1, 1_300) if with_shortages.stocked_out[number])
    back = next(number for number in range(ends + 1, FOUR_YEARS) if without.rates[number])
    assert with_shortages.rates[back] > 1.2 * without.rates[back]
    assert sum(with_shortages.rates[:1_350]) == pytest.approx(sum(without.rates[:1_350]), rel=0.02)


def test_a_foreign_residents_card_is_rare_and_a_childs_is_not() -> None:
    cards, foreigners, children = (
        sum(demand(BENGKULU, item, EPOCH, 365, SEED).wanted) for item in ("KTP_WNI", "KTP_WNA", "KIA")
    )
    assert foreigners < cards / 100 < children < cards


def test_an_office_of_a_thousand_days_takes_milliseconds() -> None:
    """514 offices × 3 items × 1,000 days in under 30 s of a processor, whoever else works on this machine."""
    demand(BENGKULU, "KTP_WNI", EPOCH, 1_000, SEED)
    fastest = 1.0
    for _ in range(10):
        began = time.process_time()
        demand(BENGKULU, "KTP_WNI", EPOCH, 1_000, SEED)
        fastest = min(fastest, time.process_time() - began)
    assert fastest * 514 * 3 < 30


def test_it_shares_neither_code_nor_calendar_with_the_forecast() -> None:
    for module in ("demand", "dates"):
        tree = ast.parse(Path(dates.__file__).with_name(f"{module}.py").read_text())
        imported = {each.module or "" for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)}
        imported |= {name.name for each in ast.walk(tree) if isinstance(each, ast.Import) for name in each.names}
        roots = {name.partition(".")[0] for name in imported}
        assert not roots & {"services", "shared", "holidays", "numpy", "sklearn"}
