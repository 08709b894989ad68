"""From what is expected to what is likely: quantiles of days, and of days together.

A day is negative-binomial. Its mean is doubtful, and the doubt is shared by all days ahead: relative to the mean it
has the variance `doubt` + `step` × weeks ahead, and two days have that of the nearer one in common. Days together
therefore vary far more than independent ones would; their sum is taken for gamma-distributed, with that variance.
"""

from dataclasses import dataclass, field

import numpy as np

from services.outreach.forecasting.days import Floats

LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9


@dataclass(frozen=True, slots=True)
class Draft:
    """`mean`: pieces of each day ahead; `daily`: variance of a day beyond Poisson's, in squares of its mean.
    A `plain` method's mean is its answer: it stands for the median. `factors`: what was learned, by name."""

    mean: Floats
    daily: float
    doubt: float
    step: float
    plain: bool = False
    factors: dict[str, float] = field(default_factory=dict)


def days(draft: Draft, extra: Floats) -> Floats:
    """Pieces at the 10th, 50th and 90th percentile: 3 × days. `extra`: further pieces, as sure as Poisson's."""
    shared = draft.doubt + draft.step * _weeks(len(draft.mean))
    mean = draft.mean + extra
    variance = mean + draft.mean**2 * (draft.daily + shared)
    found = np.stack([_counted(mean, variance, share) for share in (LOW, MIDDLE, HIGH)])
    if draft.plain:
        found[1] = mean
        found[0], found[2] = np.minimum(found[0], mean), np.maximum(found[2], mean)
    return found


def together(draft: Draft, extra: Floats) -> Floats:
    """Pieces of the first n+1 days at the 50th and 90th percentile: 2 × days."""
    weeks = _weeks(len(draft.mean))
    common = draft.doubt + draft.step * np.minimum.outer(weeks, weeks)
    products = np.outer(draft.mean, draft.mean) * common
    shared = np.diagonal(products.cumsum(axis=0).cumsum(axis=1))
    mean = np.cumsum(draft.mean + extra)
    variance = mean + np.cumsum(draft.daily * draft.mean**2) + shared
    return np.stack([np.maximum.accumulate(_measured(mean, variance, share)) for share in (MIDDLE, HIGH)])


def _weeks(count: int) -> Floats:
    return np.arange(1, count + 1) / 7


def _measured(mean: Floats, variance: Floats, share: float) -> Floats:
    """The gamma distribution's quantile; 0 where nothing is expected."""
    from scipy.special import gammaincinv

    sure = np.maximum(mean, 1e-9)
    shape = sure**2 / np.maximum(variance, 1e-9)
    return np.where(mean > 1e-6, gammaincinv(shape, share) * sure / shape, 0.0)


def _counted(mean: Floats, variance: Floats, share: float) -> Floats:
    """The negative binomial's quantile: the least number of pieces below or at which so large a share lies."""
    from scipy.special import betainc

    size = mean**2 / np.maximum(variance - mean, 1e-6 * np.maximum(mean, 1e-6))
    chance = size / (size + np.maximum(mean, 1e-12))
    found = np.floor(_measured(mean, variance, share))

    def reached(pieces: Floats) -> Floats:
        return np.where(pieces < 0, 0.0, betainc(np.maximum(size, 1e-12), np.maximum(pieces, 0) + 1, chance))

    while (short := (reached(found) < share) & (mean > 1e-6)).any():
        found = found + short
    while (over := (found > 0) & (reached(found - 1) >= share)).any():
        found = found - over
    return found
