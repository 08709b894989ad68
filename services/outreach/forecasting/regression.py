"""Ordinary demand as a product of factors, by Poisson regression.

    ln E[used] = level + weekday + holiday + season + trend + ln(declared surges) + what was learned of their kinds

A day counts half as much as one `HALF_LIFE` days later. Each factor has a prior of its own (`days.PRIOR`): a ridge
penalty on columns scaled by their priors is its maximum a posteriori. What is penalised for a kind of surge is only
the distance from its declared factor, for that one stands in the exposure.
"""

import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from services.outreach.forecasting.days import COLUMNS, HARMONICS, PRIOR, Floats
from services.outreach.forecasting.history import History

if TYPE_CHECKING:
    from sklearn.linear_model import PoissonRegressor
    from threadpoolctl import ThreadpoolController

HALF_LIFE = 180.0
A_YEAR = 400
"""Days of history from which on the year's waves can be told from a trend."""
TREND_PRIOR, SURGE_PRIOR, RAMP_PRIOR = 0.1, 0.4, 0.4
"""Of the trend in a year, of a kind's distance from what was declared, and of its rise from middle to end."""
DAMPING = 0.97
"""The trend goes on, each day by so much less than the day before: about a month's worth in all."""
LEAST_EXCESS = 0.001
TURNS = 4
AN_OUTLIER = 3.0
"""Standard deviations above which a day is taken for one at this distance: a local surge is not the level."""


@dataclass(frozen=True, slots=True)
class Fit:
    """`mean`: pieces expected on each day, those ahead too; `daily`: the variance of a day beyond Poisson's, in
    squares of its mean; `tamed`: what was used, outliers drawn in; `factors`: the multipliers learned, by column."""

    mean: Floats
    daily: float
    tamed: Floats
    factors: dict[str, float]


def fit(history: History) -> Fit:
    """The history must hold some pieces."""
    names, table, priors = _columns(history)
    open_days = history.open_days()
    rows = np.flatnonzero(history.told & open_days[: history.days])
    age = history.days - 1 - rows
    weights = 0.5 ** (age / HALF_LIFE)
    used = history.used[rows]
    exposure = np.exp(history.declared)
    present = table[rows].any(axis=0)
    scaled = (table * priors)[:, present]
    tamed, noise, model = used, 3.0, None
    with _one_thread().limit(limits=1):
        for _ in range(2):
            model = _regress(scaled[rows], tamed / exposure[rows], weights * exposure[rows], noise, model)
            level, found = float(model.intercept_), np.asarray(model.coef_, dtype=np.float64)
            mean = np.exp(np.clip(level + scaled @ found, -12, 15)) * exposure
            daily, tamed = _tame(used, mean[rows], weights)
            noise = _noise(tamed, mean[rows], rows // 7, weights)
    kept = history.used.copy()
    kept[rows] = tamed
    effects = np.ones(len(names))
    effects[present] = np.exp(found * priors[present])
    return Fit(np.where(open_days, mean, 0.0), daily, kept, dict(zip(names, effects.tolist(), strict=True)))


def _columns(history: History) -> tuple[list[str], Floats, Floats]:
    """Names, table (days × columns) and priors."""
    waves = 2 * HARMONICS if history.days < A_YEAR else 0
    kept = len(COLUMNS) - waves
    total = len(history.weekdays)
    past = np.arange(total) - (history.days - 1)
    ahead = np.maximum(past, 0)
    damped = DAMPING * (1 - DAMPING**ahead) / (1 - DAMPING)
    trend = np.where(past > 0, damped, np.maximum(past, -730)) / 365
    names, columns, priors = list(COLUMNS[:kept]), [history.calendar[:, :kept], trend[:, None]], list(PRIOR[:kept])
    names.append("trend")
    priors.append(TREND_PRIOR)
    for kind, shape in history.kinds.items():
        names += [f"surge_{kind}", f"ramp_{kind}"]
        columns.append(shape)
        priors += [SURGE_PRIOR, RAMP_PRIOR]
    return names, np.hstack(columns), np.array(priors)


def _regress(
    table: Floats, rate: Floats, weights: Floats, noise: float, before: "PoissonRegressor | None"
) -> "PoissonRegressor":
    """Begins where `before` ended. `noise`: how many times Poisson's variance there is; priors weigh the more."""
    # Importing it takes two seconds, which a process that only asks what was forecast need not spend.
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import PoissonRegressor

    model = before or PoissonRegressor(solver="newton-cholesky", max_iter=100, tol=1e-4, warm_start=True)
    model.set_params(alpha=noise / weights.sum())
    with warnings.catch_warnings():
        # Of a series that never varies the first guess is the best: no step improves it, which Newton's solver reports.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(table, rate, sample_weight=weights)


@cache
def _one_thread() -> "ThreadpoolController":
    """Threads that wait for each other add up tables this small many times slower than one, on a busy machine."""
    # It knows the libraries that are loaded by then.
    import sklearn.linear_model  # noqa: F401
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _tame(used: Floats, mean: Floats, weights: Floats) -> tuple[float, Floats]:
    """The dispersion of days, and what was used with its outliers drawn in: by turns, for each hides the other."""
    tamed = used
    for _ in range(TURNS):
        daily = dispersion(tamed, mean, weights)
        tamed = np.minimum(used, np.ceil(mean + AN_OUTLIER * np.sqrt(mean + daily * mean**2)))
    return dispersion(tamed, mean, weights), tamed


def dispersion(used: Floats, mean: Floats, weights: Floats) -> float:
    """The negative binomial's excess, by moments: Σw((used − mean)² − mean) ÷ Σw·mean², at least a little."""
    square = float((weights * mean**2).sum())
    return max(LEAST_EXCESS, float((weights * ((used - mean) ** 2 - mean)).sum()) / square) if square else LEAST_EXCESS


def _noise(used: Floats, mean: Floats, weeks: NDArray[np.intp], weights: Floats) -> float:
    """Variance ÷ mean of whole weeks: what days of a week share teaches no more than one day does."""
    difference = np.bincount(weeks, used - mean)
    sums, weight = np.bincount(weeks, mean), np.bincount(weeks, weights)
    there = sums > 0
    return float(max(1.0, np.average(difference[there] ** 2 / sums[there], weights=weight[there])))
