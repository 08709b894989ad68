"""Which method suits a series: a backtest with a rolling origin (Tashman 2000).

Every method forecasts from several origins as if nothing later were known. The earlier ones choose, the later ones
judge; no day on which the choice was made is a day on which it is judged.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from services.outreach.forecasting import spread
from services.outreach.forecasting.days import Floats, days_off
from services.outreach.forecasting.history import History, as_numbers, history_of
from services.outreach.forecasting.methods import draft
from services.outreach.forecasting.series import (
    CANDIDATES,
    HORIZON,
    SHORT,
    Holidays,
    Judgement,
    Method,
    Score,
    Series,
    Surge,
)

JUDGED, CHOSEN = (180, 135, 90), (390, 330, 270)
"""Days before the end at which forecasts begin, where there is a year of history and `HORIZON`."""
UNTRIED: Method = "WEEKDAY_MEAN"
"""What holds until a history can be parted: with two or three months it errs less than a regression."""
BETTER = 0.97
"""A method must do so much better than the preferred one to be chosen."""


class Origins(NamedTuple):
    """Days of history after which forecasts begin, and how many days each reaches."""

    chosen: tuple[int, ...]
    judged: tuple[int, ...]
    horizon: int


def origins(days: int) -> Origins | None:
    """None if the history is too short to be parted. Below 540 days, windows are shorter than `HORIZON`."""
    horizon = min(HORIZON, days // 6)
    if days < 2 * SHORT:
        return None
    scale = horizon / HORIZON
    chosen, judged = (tuple(days - round(back * scale) for back in backs) for backs in (CHOSEN, JUDGED))
    return Origins(tuple(origin for origin in chosen if origin >= SHORT), judged, horizon)


def judge(
    series: Series, surges: Sequence[Surge], holidays: Holidays, wanted: Sequence[int] | None = None
) -> Judgement:
    """`wanted`: what was wanted on each day, where that is known better than by what was used."""
    parted = origins(len(series.used))
    off = days_off(holidays, series.first, len(series.used))
    truth = as_numbers(series.used if wanted is None else wanted)
    if parted is None or not parted.chosen:
        told = sum(pieces is not None for pieces in series.used)
        return Judgement("POPULATION" if told < SHORT else UNTRIED, {}, {})
    scores: list[dict[Method, Score]] = []
    for begins in (parted.chosen, parted.judged):
        found: dict[Method, list[Score]] = {method: [] for method in CANDIDATES}
        for origin in begins:
            known = [surge for surge in surges if (surge.declared - series.first).days < origin]
            history = history_of(series, known, off, 0).until(origin, parted.horizon)
            later = truth[origin : origin + parted.horizon]
            for method in CANDIDATES:
                found[method].append(_score(method, history, later))
        scores.append({method: _together(of) for method, of in found.items()})
    chosen = CANDIDATES[0]
    for method in CANDIDATES[1:]:
        if scores[0][method].mae < BETTER * scores[0][chosen].mae:
            chosen = method
    return Judgement(chosen, scores[0], scores[1])


def _score(method: Method, history: History, later: Floats) -> Score:
    told = ~np.isnan(later)
    low, median, high = spread.days(draft(method, history, len(later)), np.zeros(len(later)))[:, told]
    came = later[told]
    mae = float(np.abs(came - median).mean()) if len(came) else 0.0
    scale = _weekly_difference(history.used)
    inside = ((low <= came) & (came <= high))[history.open_days()[history.days :][told]]
    return Score(mae / scale if scale else 0.0, float(inside.mean()) if len(inside) else 1.0, mae, len(came))


def _weekly_difference(used: Floats) -> float:
    difference = np.abs(used[7:] - used[:-7])
    return float(np.nanmean(difference)) if (~np.isnan(difference)).any() else 0.0


def _together(scores: Sequence[Score]) -> Score:
    """The mean over the origins, a day counting the same wherever it lies."""
    days = sum(score.days for score in scores)
    if not days:
        return Score(0.0, 1.0, 0.0, 0)

    def mean(name: str) -> float:
        return float(sum(getattr(score, name) * score.days for score in scores)) / days

    return Score(mean("mase"), mean("coverage"), mean("mae"), days)
