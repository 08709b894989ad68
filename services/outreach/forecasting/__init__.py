"""How much will be needed: the statistics. Pure functions of numbers and dates; they know no fact and no clock.

Start reading in `series.py`: what goes in and comes out. `methods.py` says how a forecast can be made, `regression.py`
how the best of them is, `judging.py` which of them suits a series.
"""

from services.outreach.forecasting.judging import judge
from services.outreach.forecasting.nation import Task, judge_all, project_all
from services.outreach.forecasting.projecting import project
from services.outreach.forecasting.series import (
    CANDIDATES,
    HORIZON,
    SHORT,
    Ahead,
    Holidays,
    Judgement,
    Method,
    Projection,
    Score,
    Series,
    Surge,
)

__all__ = [
    "CANDIDATES",
    "HORIZON",
    "SHORT",
    "Ahead",
    "Holidays",
    "Judgement",
    "Method",
    "Projection",
    "Score",
    "Series",
    "Surge",
    "Task",
    "judge",
    "judge_all",
    "project",
    "project_all",
]
