"""`make run`: starts the stack, says where it is, and stops it in order at Ctrl-C or when a process dies."""

import argparse
import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import psutil

from deploy.local.paths import home
from deploy.local.process import CannotStart
from deploy.local.stack import SERVICES, Ports, Stack

ROOM = 1_000_000_000
"""Bytes that must be free on the disk."""

FIRST_REQUEST = """\
export TOKEN={token}
curl -sS {address}/offices/17.71/opening-counts \\
  -H "Authorization: Bearer $TOKEN" -H "Idempotency-Key: opening-17.71" -H "Content-Type: application/json" \\
  -d '{{"item": "KTP_WNI", "location": "gudang", "quantity": 1200,
       "counters": ["pegawai-01", "pegawai-02"], "minutes": "BA-17.71-001"}}'
"""


class Interrupted(Exception):
    """Somebody asked us to stop."""


def run(
    folder: Path,
    environment: Mapping[str, str],
    services: Sequence[str] = SERVICES,
    parent: int | None = None,
) -> None:
    """Runs the stack until somebody asks for its end, or `parent` is gone. Raises `CannotStart`."""
    began = time.monotonic()
    ports = Ports.usual(environment)
    try:
        with _interruptible(), _alone(folder):
            _require_room(folder)
            with Stack(folder, ports, services=services, environment=environment, tell=_say) as stack:
                _greet(stack, time.monotonic() - began)
                _watch(stack, parent)
    except Interrupted:
        _say("Everything has stopped. The next start goes on from here.")
    except OSError as error:
        raise CannotStart(f"Blanko cannot use {error.filename or folder}: {error.strerror}.") from error


def _watch(stack: Stack, parent: int | None) -> None:
    while not (ended := stack.ended()):
        if parent is not None and os.getppid() != parent:
            raise Interrupted
        time.sleep(0.25)
    last = "\n".join(f"    {line}" for line in ended.tail().splitlines())
    raise CannotStart(
        f"{ended.name} ended with {ended.exit_code}, so all was stopped. Its log, {ended.log}, ends:\n{last}"
    )


def _greet(stack: Stack, seconds: float) -> None:
    _say(f"\nBlanko is ready ({seconds:.1f} s). Its logs and data are in {stack.folder}.")
    for service in stack.services:
        _say(f"  {service:<10}{stack.address(service)}/docs")
    _say("A storekeeper's first request (another role or region: make token ROLE=head REGION=17.71):\n")
    _say(FIRST_REQUEST.format(token=stack.token("storekeeper", "17.71"), address=stack.address("stock")))
    _say("Ctrl-C stops everything.")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    # The guard of our processes inherits the lock: a killed launcher's successor waits until they are gone.
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        reason = f"Blanko cannot write in {folder} ({error.strerror}): set BLANKO_HOME to a folder of yours."
        raise CannotStart(reason) from None
    os.set_inheritable(lock, True)
    deadline = time.monotonic() + 8
    while not _locked(lock):
        holder = os.pread(lock, 20, 0).decode()
        if _lives(holder) or time.monotonic() > deadline:
            raise CannotStart(
                f"Blanko already runs with its state in {folder} (process {holder}): stop that one first."
            )
        time.sleep(0.1)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    yield


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False


def _lives(holder: str) -> bool:
    try:
        return psutil.Process(int(holder)).status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, ValueError):
        return False


def _require_room(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < ROOM:
        raise CannotStart(
            f"The disk that holds {folder} has {free / 1e9:.1f} GB free, Blanko needs {ROOM / 1e9:.0f} GB."
        )


@contextmanager
def _interruptible() -> Iterator[None]:
    def interrupt(number: int, frame: FrameType | None) -> None:
        # The second time nobody waits any longer: the guard ends what is left.
        signal.signal(number, signal.SIG_DFL)
        _say("\nStopping …")
        raise Interrupted

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    yield


def _say(line: str) -> None:
    print(line, flush=True)


def main() -> None:
    """Runs the stack in the home folder; exits with 1 and a sentence if it cannot."""
    parser = argparse.ArgumentParser(description="Runs Blanko on this machine.")
    parser.add_argument("--with-parent", action="store_true", help="stop when the program that started this one ends")
    wish = parser.parse_args()
    try:
        run(home(), os.environ, parent=os.getppid() if wish.with_parent else None)
    except CannotStart as reason:
        sys.exit(str(reason))
