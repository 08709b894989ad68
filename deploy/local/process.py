"""Child processes that never outlive this one, and the sentence to show when one cannot start."""

import atexit
import functools
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

LOG_AT_MOST = 20_000_000
"""Bytes; a longer log is put aside at the next start."""


class CannotStart(Exception):
    """Why the stack cannot run, in one sentence for the person at the terminal."""


class Process:
    """One child: its output goes to `log`, and it dies with this process however that one ends.

    `stop` asks with `stop_signal` and kills after `patience` seconds.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        *,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        patience: float = 10.0,
    ) -> None:
        self.name = name
        self.log = log
        self._command = [str(part) for part in command]
        self._folder = folder
        self._environment = dict(environment or {})
        self._stop_signal = stop_signal
        self._patience = patience
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the running (or last) child. Raises RuntimeError before the first start."""
        if self._child is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """How the child ended; None while it runs or before it was started."""
        return self._child.poll() if self._child else None

    @property
    def alive(self) -> bool:
        """Whether the child runs (a paused one does)."""
        return self._child is not None and self._child.poll() is None

    def start(self) -> None:
        """Starts the child; returns at once."""
        guard = _guard()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_AT_MOST:
            self.log.replace(self.log.with_suffix(".log.old"))
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(
                self._command,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self._environment},
                process_group=guard.pid,
            )
        assert guard.stdin is not None
        guard.stdin.write(f"{self.pid} {int(self._stop_signal)}\n".encode())
        guard.stdin.flush()

    def wait_until(self, ready: Callable[[], bool], timeout: float) -> None:
        """Polls until `ready`. Raises `CannotStart` if the child ends first, or after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not ready():
            if not self.alive:
                raise CannotStart(f"{self.name} ended with {self.exit_code} while starting: {self.last_words()}")
            if time.monotonic() > deadline:
                raise CannotStart(f"{self.name} was not ready after {timeout:.0f} s; its log is {self.log}")
            time.sleep(0.05)

    def ask_to_stop(self) -> None:
        """Sends the stop signal and returns at once. A paused child is woken, so that it can hear it."""
        if self.alive:
            os.kill(self.pid, self._stop_signal)
            os.kill(self.pid, signal.SIGCONT)

    def stop(self) -> None:
        """Asks the child to stop and waits; kills it after its patience."""
        self.ask_to_stop()
        self.await_end()

    def await_end(self) -> None:
        """Waits for the end of a child that was asked to stop, or ends by itself; kills it after its patience."""
        if self._child is not None:
            try:
                self._child.wait(self._patience)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """SIGKILL, as a power cut would, and waits until it is gone."""
        if self._child is not None and self.alive:
            self._child.kill()
            self._child.wait()

    def pause(self) -> None:
        """SIGSTOP: the child hangs, its connections stay open."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT after `pause`."""
        os.kill(self.pid, signal.SIGCONT)

    def tail(self, lines: int = 15) -> str:
        """The last lines of the child's log."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - 20_000))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])

    def last_words(self) -> str:
        """The last line of the child's log that says something."""
        return next(
            (line.strip() for line in reversed(self.tail().splitlines()) if line.strip()),
            "it left no word",
        )


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """As many different ports of 127.0.0.1 that nobody listens on at this moment."""
    with ExitStack() as probes:
        sockets = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in sockets:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in sockets]


def require_free(port: int, purpose: str, setting: str) -> None:
    """Raises `CannotStart` if something listens on the port; `setting` names the variable that changes it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            raise CannotStart(f"Port {port}, meant for {purpose}, needs more rights: set {setting}.") from None
        except OSError:
            raise CannotStart(
                f"Port {port}, meant for {purpose}, is in use by another program: stop that one, or set {setting}."
            ) from None


@functools.cache
def _guard() -> subprocess.Popen[bytes]:
    guard = subprocess.Popen(
        [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
        close_fds=False,  # it holds on to our lock (see run.py) until everything has ended
    )
    atexit.register(guard.communicate)
    return guard
