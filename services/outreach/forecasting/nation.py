"""All series of the nation, over processes of their own: numbers keep a process busy that others wait for."""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from typing import TypeVar

from services.outreach.forecasting.days import days_off
from services.outreach.forecasting.judging import judge
from services.outreach.forecasting.projecting import project
from services.outreach.forecasting.series import HORIZON, Ahead, Holidays, Judgement, Method, Projection, Series, Surge

T = TypeVar("T")
R = TypeVar("R")

PROCESSES = 2
CHUNK = 16
"""Series that travel to a process together."""


@dataclass(frozen=True, slots=True)
class Task:
    """What `project` is told of one series."""

    series: Series
    surges: Sequence[Surge]
    ahead: Ahead
    method: Method


def project_all(
    tasks: Sequence[Task], holidays: Holidays, horizon: int = HORIZON, processes: int = PROCESSES
) -> list[Projection]:
    """In the order of the tasks. Blocks for as long as it takes; without processes (0) in this one."""
    off = _span([task.series for task in tasks], holidays, horizon)
    return _spread(partial(_project, off, horizon), tasks, processes)


def judge_all(
    tasks: Sequence[tuple[Series, Sequence[Surge]]],
    holidays: Holidays,
    wanted: Sequence[Sequence[int] | None] | None = None,
    processes: int = PROCESSES,
) -> list[Judgement]:
    """In the order of the tasks, as `project_all`; `wanted` of each as for `judge`."""
    off = _span([series for series, _ in tasks], holidays, 0)
    told = wanted or [None] * len(tasks)
    return _spread(partial(_judge, off), list(zip(tasks, told, strict=True)), processes)


def _project(holidays: Holidays, horizon: int, task: Task) -> Projection:
    return project(task.series, task.surges, holidays, task.ahead, task.method, horizon)


def _judge(holidays: Holidays, task: tuple[tuple[Series, Sequence[Surge]], Sequence[int] | None]) -> Judgement:
    (series, surges), wanted = task
    return judge(series, surges, holidays, wanted)


def _span(all_series: Sequence[Series], holidays: Holidays, ahead: int) -> Holidays:
    """The holidays that any of them may ask for: a function is asked once, and need not travel."""
    if not all_series:
        return frozenset()
    first = min(series.first for series in all_series)
    return days_off(holidays, first, (max(series.next_day for series in all_series) - first).days + ahead)


def _spread(work: Callable[[T], R], tasks: Sequence[T], processes: int) -> list[R]:
    if not processes or len(tasks) <= CHUNK:
        return [work(task) for task in tasks]
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context, initializer=_end_with_the_parent) as pool:
        return list(pool.map(work, tasks, chunksize=CHUNK))


def _end_with_the_parent() -> None:
    """A pool's process that waits for work does not notice that who would send it is dead."""

    def wait() -> None:
        if parent := parent_process():
            parent.join()
            os._exit(1)

    threading.Thread(target=wait, daemon=True).start()
