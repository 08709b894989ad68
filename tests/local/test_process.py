"""Nothing that was started outlives who started it."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from deploy.local.paths import ROOT
from deploy.local.process import CannotStart, Process, free_port, free_ports, require_free

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(600)
"""

PARENT = """
import sys, time
from pathlib import Path
from deploy.local.process import Process
child = Process("child", [sys.executable, "-c", sys.argv[1]], Path(sys.argv[2]))
child.start()
child.wait_until(lambda: "deaf" in child.tail(), 10)
if sys.argv[3] == "paused":
    child.pause()
print(child.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("condition", ["deaf to SIGTERM", "paused"])
def test_a_child_goes_with_a_parent_that_was_killed(tmp_path: Path, condition: str) -> None:
    command = [sys.executable, "-c", PARENT, STUBBORN, str(tmp_path / "log"), condition]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    child.wait(10)
    assert not child.is_running()


def test_a_child_that_will_not_stop_is_killed_after_its_patience(tmp_path: Path) -> None:
    child = Process("child", [sys.executable, "-c", STUBBORN], tmp_path / "log", patience=0.2)
    child.start()
    child.wait_until(lambda: "deaf" in child.tail(), 10)
    child.stop()
    assert child.exit_code == -signal.SIGKILL


def test_a_child_that_ends_while_starting_is_quoted(tmp_path: Path) -> None:
    child = Process("The printer", [sys.executable, "-c", "raise SystemExit('out of ribbon')"], tmp_path / "log")
    child.start()
    with pytest.raises(CannotStart, match="The printer ended with 1 while starting: out of ribbon"):
        child.wait_until(lambda: False, 10)


def test_a_busy_port_is_named_with_the_setting_that_changes_it() -> None:
    with socket.create_server(("127.0.0.1", free_port())) as server:
        port = server.getsockname()[1]
        with pytest.raises(CannotStart, match=f"Port {port}, meant for stock, is in use .* set STOCK_PORT"):
            require_free(port, "stock", "STOCK_PORT")


def test_free_ports_are_all_different() -> None:
    assert len(set(free_ports(50))) == 50
