"""How a forecast can be made. Each method drafts the days ahead from a history."""

import numpy as np

from services.outreach.forecasting.days import Floats
from services.outreach.forecasting.history import History
from services.outreach.forecasting.level import level_of
from services.outreach.forecasting.regression import dispersion, fit
from services.outreach.forecasting.series import SHORT, Method
from services.outreach.forecasting.spread import Draft

FEW = 10
"""Pieces below which nothing can be learned, however long the history is."""
AVERAGED = 28
RECENT = 21.0
"""Days after which a day counts half for the mean of its weekday."""
LEAST_HALVINGS = 50
"""A weekday last told of long ago still has a mean."""
PRIOR_DAYS = 10.0
"""So many working days does the office's share of the nation count as in a short history."""
YOUNG = 3.0
"""Variance that doubt about all the factors adds to the level, times the days they were learned from."""
ORDINARY_WEEK = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0])
LOOKED_BACK = 182
UNKNOWN = 0.25
"""Variance of the level, relative to it, when the history says little: the 80 % interval is about half to twice."""


def suited(method: Method, history: History) -> Method:
    """The method itself, or POPULATION where the history is too short or too empty for one that learns."""
    learns = method in ("POISSON", "WEEKDAY_MEAN")
    little = history.told.sum() < SHORT or (learns and history.used[history.told].sum() < FEW)
    return "POPULATION" if little else method


def draft(method: Method, history: History, horizon: int) -> Draft:
    """What the method, or the one that is suited instead, thinks of `horizon` days."""
    return {
        "POISSON": _poisson,
        "WEEKDAY_MEAN": _weekday_mean,
        "SEASONAL_NAIVE": _seasonal_naive,
        "MOVING_AVERAGE": _moving_average,
        "POPULATION": _population,
    }[suited(method, history)](history, horizon)


def _poisson(history: History, horizon: int) -> Draft:
    found = fit(history)
    past, ahead = found.mean[: history.days], found.mean[history.days :]
    level = level_of(found.tamed, past, found.daily)
    doubt = level.doubt + YOUNG / max(1, int(history.told.sum()))
    return Draft(ahead[:horizon] * level.ratio, found.daily, doubt, level.step, factors=found.factors)


def _weekday_mean(history: History, horizon: int) -> Draft:
    """Recent days of the same weekday, without holidays; on a holiday the share of it that holidays have seen."""
    quiet = history.closed()
    past, told = quiet[: history.days], history.told
    age = history.days - 1 - np.arange(history.days)
    weights = 0.5 ** np.minimum(age / RECENT, LEAST_HALVINGS)
    weekdays = history.weekdays
    ordinary = told & ~past
    means = np.zeros(7)
    for weekday in range(7):
        rows = ordinary & (weekdays[: history.days] == weekday)
        means[weekday] = np.average(history.used[rows], weights=weights[rows]) if rows.any() else 0.0
    shape = means[weekdays]
    rows = told & past
    expected = shape[: history.days][rows].sum()
    share = float(min(1.0, history.used[rows].sum() / expected)) if expected else 0.1
    mean = np.where(quiet, shape * share, shape)
    return _as_draft(history, mean, horizon, plain=False)


def _seasonal_naive(history: History, horizon: int) -> Draft:
    """The latest day told of the same weekday."""
    latest = np.zeros(7)
    for weekday in range(7):
        rows = np.flatnonzero(history.told & (history.weekdays[: history.days] == weekday))
        latest[weekday] = history.used[rows[-1]] if len(rows) else 0.0
    return _as_draft(history, latest[history.weekdays], horizon, plain=True)


def _moving_average(history: History, horizon: int) -> Draft:
    """The mean of the latest days told, the same for every day ahead."""
    used = history.used[history.told][-AVERAGED:]
    mean = float(used.mean()) if len(used) else 0.0
    return _as_draft(history, np.full(len(history.weekdays), mean), horizon, plain=True)


def _population(history: History, horizon: int) -> Draft:
    """The office's share of the nation, drawn towards what was used so far: the gamma distribution's conjugate mean."""
    shape = np.where(history.closed(), 0.02, ORDINARY_WEEK[history.weekdays])
    rows = history.told
    used, worked = float(history.used[rows].sum()), float(shape[: history.days][rows].sum())
    prior = PRIOR_DAYS if history.expected > 0 else 0.5
    level = (history.expected * prior + used) / (prior + worked)
    doubt = UNKNOWN * PRIOR_DAYS / (PRIOR_DAYS + worked) + 0.02
    mean = level * shape * np.exp(history.declared)
    return Draft(mean[history.days :][:horizon], 0.1, doubt, 0.002)


def _as_draft(history: History, mean: Floats, horizon: int, *, plain: bool) -> Draft:
    """With the errors that this very course of days would have had in the latest half year."""
    used, thought = history.used[-LOOKED_BACK:], mean[: history.days][-LOOKED_BACK:]
    told = ~np.isnan(used)
    daily = dispersion(used[told], thought[told], np.ones(int(told.sum())))
    level = level_of(used, thought, daily)
    return Draft(mean[history.days :][:horizon], daily, level.doubt, level.step, plain=plain)
