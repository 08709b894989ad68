"""Places where a test may stop, slow or break the program: `FAIL=point:n:action`, off unless set.

`after_commit:3:kill` kills the process the third time it comes by; the actions are `kill`, `sleep`
(5 s) and `raise`. Random kills alone rarely hit the windows that matter.
"""

import os
import signal
import time
from collections import Counter

POINTS = frozenset({"before_commit", "after_commit", "before_send", "after_send", "before_apply", "after_apply"})


class Failed(Exception):
    """The action `raise` of a failpoint."""


def _read(text: str) -> dict[str, tuple[int, str]]:
    plan = {}
    for part in filter(None, text.split(",")):
        point, n, action = part.split(":")
        if point not in POINTS or action not in ("kill", "sleep", "raise"):
            raise ValueError(f"FAIL={part}: points are {', '.join(sorted(POINTS))}; actions kill, sleep, raise")
        plan[point] = (int(n), action)
    return plan


_plan = _read(os.environ.get("FAIL", ""))
_seen: Counter[str] = Counter()


def reached(point: str) -> None:
    """Does what FAIL asks for at this point; almost always nothing."""
    if not _plan or point not in _plan:
        return
    _seen[point] += 1
    n, action = _plan[point]
    if _seen[point] != n:
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "raise":
        raise Failed(point)
    time.sleep(5)
