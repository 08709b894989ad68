"""One series' days ahead, by a given method."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np

from services.outreach.forecasting import spread
from services.outreach.forecasting.days import Floats, days_off
from services.outreach.forecasting.history import History, history_of
from services.outreach.forecasting.methods import draft, suited
from services.outreach.forecasting.series import HORIZON, Ahead, Holidays, Method, Projection, Series, Surge

CAUGHT_UP = 5
"""Open days over which a backlog is thought to be worked off."""


def project(
    series: Series,
    surges: Sequence[Surge],
    holidays: Holidays,
    ahead: Ahead,
    method: Method,
    horizon: int = HORIZON,
) -> Projection:
    """The days after the series as `method` sees them, or as POPULATION does where little can be learned."""
    history = history_of(series, surges, days_off(holidays, series.first, len(series.used) + horizon), horizon)
    told = int(history.told.sum())
    drafted = draft(method, history, horizon)
    visits, birthdays = (
        np.array([pieces.get(series.next_day + timedelta(days=number), 0.0) for number in range(horizon)])
        for pieces in (ahead.visits, ahead.birthdays)
    )
    owed = _worked_off(ahead.owed, drafted.mean)
    days = np.rint(1000 * (spread.days(drafted, visits + birthdays) + owed)).astype(int).tolist()
    together = np.ceil(spread.together(drafted, visits + birthdays) + owed.cumsum() - 1e-9).astype(int).tolist()
    low, median, high = (tuple(row) for row in days)
    return Projection(
        method=suited(method, history),
        history_days=told,
        median=median,
        low=low,
        high=high,
        cumulative_median=tuple(together[0]),
        cumulative_high=tuple(together[1]),
        inputs={
            "masked_days": history.days - told,
            "holidays": int(history.closed()[history.days :].sum()),
            "visits": round(float(visits.sum())),
            "birthdays": round(float(birthdays.sum())),
            "owed": ahead.owed,
            "surge_days": int((history.declared[history.days :] != 0).sum()),
            **{f"{name}_thousandths": round(1000 * factor) for name, factor in _told(history, drafted).items()},
        },
    )


def _worked_off(owed: int, mean: Floats) -> Floats:
    """The backlog on the first open days, or on the first days where none is open."""
    days = np.flatnonzero(mean > 0.1 * mean.max(initial=0.0))[:CAUGHT_UP]
    found = np.zeros(len(mean))
    found[days if len(days) else slice(0, CAUGHT_UP)] = owed / min(CAUGHT_UP, len(days) or CAUGHT_UP)
    return found


def _told(history: History, drafted: spread.Draft) -> dict[str, float]:
    """The factors by which kinds of surges ahead multiply demand."""
    return {
        f"surge_{kind}": drafted.factors.get(f"surge_{kind}", 1.0)
        for kind, columns in history.kinds.items()
        if columns[history.days :].any()
    }
