"""Many series at once, of the simulator's demand, which shares neither code nor calendar with the forecast."""

import signal
import subprocess
import sys
import time
from statistics import mean, median

import psutil

from bench.forecast import ANNOUNCED, ITEMS, Past, _off, _past
from examples.simulator.demand import ordinary_days
from services.outreach.forecasting import Ahead, Task, judge_all, project_all


def some(every: int) -> list[Past]:
    return [_past(office, item) for office in sorted(ordinary_days())[::every] for item in ITEMS]


def test_processes_of_their_own_find_what_this_one_finds() -> None:
    tasks = [Task(past.seen, ANNOUNCED, Ahead(owed=10), "POISSON") for past in some(80)]
    assert project_all(tasks, _off(), processes=2) == project_all(tasks, _off(), processes=0)


def test_nothing_to_forecast_is_no_forecast() -> None:
    assert not project_all([], _off()) and not judge_all([], _off())


def test_on_months_never_seen_the_method_chosen_beats_the_seasonal_naive() -> None:
    """What `make bench` measures over the nation, over six offices."""
    nation = some(90)
    found = judge_all([(past.seen, ANNOUNCED) for past in nation], _off(), [past.wanted for past in nation], 0)
    errors: dict[str, list[float]] = {}
    for past, judgement in zip(nation, found, strict=True):
        both = errors.setdefault(past.seen.office, [0.0, 0.0])
        both[0] += judgement.judged_on[judgement.chosen].mae
        both[1] += judgement.judged_on["SEASONAL_NAIVE"].mae
    ratios = [ours / naive for ours, naive in errors.values()]
    assert median(ratios) <= 0.9 and max(ratios) <= 1.1
    assert 0.7 <= mean(judgement.judged_on[judgement.chosen].coverage for judgement in found) <= 0.92


def test_the_processes_end_with_who_began_them() -> None:
    program = (
        "import time\n"
        "from services.outreach.forecasting.nation import _spread\n"
        "if __name__ == '__main__':\n"
        "    _spread(time.sleep, [30] * 40, 2)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program])
    try:
        until = time.monotonic() + 60
        while len(workers := [p for p in _children(parent.pid) if "spawn_main" in " ".join(p.cmdline())]) < 2:
            assert time.monotonic() < until
            time.sleep(0.1)
        time.sleep(2)
        parent.send_signal(signal.SIGKILL)
        _, alive = psutil.wait_procs(workers, timeout=20)
        assert not alive
    finally:
        parent.kill()
        parent.wait()


def _children(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)
