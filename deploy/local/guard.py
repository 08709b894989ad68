"""Outlives the process that started it by a few seconds, to take along what that one left behind.

Everything started is born into this process's group and announced here as a line "pid signal".
The end of the input means that the parent is gone, however it went, kill -9 included.
"""

import os
import signal
import sys
import time

PATIENCE = 4.0


def main() -> None:
    """Waits for the parent's end, then ends its children: asked first, killed after `PATIENCE` seconds."""
    # A paused child in an orphaned group makes the kernel hang up on the whole group, us included.
    for ignored in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    started = [(int(pid), int(number)) for pid, number in map(str.split, sys.stdin)]
    for pid, number in reversed(started):
        if _is_ours(pid):
            os.kill(pid, number)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and any(_is_ours(pid) for pid, _ in started):
        time.sleep(0.05)
    os.killpg(0, signal.SIGKILL)


def _is_ours(pid: int) -> bool:
    # The number of a process long gone may have been given to a stranger.
    try:
        return os.getpgid(pid) == os.getpgid(0)
    except ProcessLookupError:
        return False


if __name__ == "__main__":
    main()
