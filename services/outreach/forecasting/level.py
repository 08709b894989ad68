"""How far demand stands from its ordinary course of late, and how far it may wander: a local level, by the week.

The ratio used ÷ mean of each week is a walk seen through noise. It is filtered (Kalman 1960; Harvey 1989, 2.3), with
the walk's step chosen by likelihood from a few.
"""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np

from services.outreach.forecasting.days import Floats

STEPS = (0.0, 0.01, 0.02, 0.04, 0.07, 0.12)
"""Candidates for the standard deviation of a week's step."""
FIRST_DOUBT = 0.02
LEAST_DOUBT, LEAST_STEP = 0.0036, 0.0002
"""The level is never known better than to 6 %, nor does a week add less than 1.4 %: a fit knows its own past best."""
TAMED = 2.5
"""Standard deviations beyond which a surprise moves the level no more: a local surge is not the level."""
MOST_SURPRISE = 25.0
"""What a week counts against a step too small for it, at most, in squares of its standard deviation."""


@dataclass(frozen=True, slots=True)
class Level:
    """`ratio`: of demand now to the mean; `doubt`: variance of that; `step`: what each week ahead adds to it."""

    ratio: float
    doubt: float
    step: float


def level_of(used: Floats, mean: Floats, daily: float) -> Level:
    """Of days in order, the last of them the latest; NaN for one that tells nothing."""
    told = ~np.isnan(used) & (mean > 0)
    weeks = ((np.arange(len(used)) - len(used)) // 7)[told]
    if not len(weeks):
        return Level(1.0, 0.1, LEAST_STEP)
    weeks -= weeks[0]
    means = np.bincount(weeks, mean[told]).tolist()
    came = np.bincount(weeks, used[told]).tolist()
    excess = (np.bincount(weeks, mean[told] ** 2) * daily).tolist()
    _, state, doubt, step = min((_walk(step, means, came, excess) for step in STEPS), key=lambda found: found[0])
    return Level(max(0.2, 1 + state), max(LEAST_DOUBT, doubt), max(LEAST_STEP, step))


def _walk(step: float, means: list[float], used: list[float], excess: list[float]) -> tuple[float, float, float, float]:
    """−2 ln likelihood, the state after the last week, its doubt, and the step's variance."""
    state, doubt, variance_of_step, surprise = 0.0, FIRST_DOUBT, step * step, 0.0
    for mean, came, more in zip(means, used, excess, strict=True):
        doubt += variance_of_step
        if mean <= 0:
            continue
        variance = doubt + (mean + more) / (mean * mean)
        error = came / mean - 1 - state
        surprise += log(variance) + min(error * error / variance, MOST_SURPRISE)
        limit = TAMED * sqrt(variance)
        gain = doubt / variance
        state += gain * max(-limit, min(limit, error))
        doubt *= 1 - gain
    return surprise, state, doubt, variance_of_step
