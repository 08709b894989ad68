"""The time of the business: real, unless a simulation keeps it; then every process sees the same, and never less."""

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from timeit import timeit

import pytest

from deploy.local.paths import ROOT
from deploy.local.tokens import Issuer
from examples.simulator.clock import Backwards, ClockSetter
from shared import moments
from shared.moments import LAYOUT, VARIABLE, ClockFile, VirtualTimeRefused, utcnow

PILKADA = datetime(2024, 11, 27, 1, 0, tzinfo=UTC)


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ClockSetter:
    """A clock that stands still on the morning of Pilkada, and is followed by this process."""
    setter = ClockSetter(tmp_path / "clock", PILKADA)
    monkeypatch.setattr(moments, "_virtual", None)
    moments.begin(Issuer.name, {VARIABLE: str(tmp_path / "clock")})
    return setter


def change(clock: ClockSetter, to: datetime | None, speed: float) -> None:
    clock.set(*clock.anchor(to, speed), speed)


def test_time_is_real_unless_a_clock_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "_virtual", None)
    moments.begin(Issuer.name, {})
    assert abs(utcnow() - datetime.now(UTC)) < timedelta(seconds=1)


def test_a_clock_file_stands_still_until_it_is_set(clock: ClockSetter) -> None:
    assert utcnow() == PILKADA
    time.sleep(0.01)
    assert utcnow() == clock.now() == PILKADA


def test_it_jumps_ahead_and_runs_at_a_speed(clock: ClockSetter) -> None:
    change(clock, PILKADA + timedelta(days=1), 0.0)
    assert utcnow() == PILKADA + timedelta(days=1)
    change(clock, None, 3600.0)
    time.sleep(0.05)
    assert timedelta(minutes=3) <= utcnow() - PILKADA - timedelta(days=1) < timedelta(hours=3)


def test_it_never_goes_back(clock: ClockSetter) -> None:
    with pytest.raises(Backwards):
        clock.anchor(PILKADA - timedelta(microseconds=1), 0.0)
    with pytest.raises(Backwards):
        clock.anchor(None, -1.0)
    change(clock, None, 1e6)
    seen = [utcnow() for _ in range(2_000)]
    assert seen == sorted(seen)


def test_another_process_sees_the_same_moment(clock: ClockSetter, tmp_path: Path) -> None:
    change(clock, PILKADA + timedelta(hours=7), 0.0)
    code = f"from shared import moments; moments.begin({Issuer.name!r}); print(moments.utcnow().isoformat())"
    command = [sys.executable, "-c", code]
    there = subprocess.run(
        command, cwd=ROOT, env={VARIABLE: str(tmp_path / "clock")}, capture_output=True, text=True, check=True
    )
    assert there.stdout.splitlines()[-1] == (PILKADA + timedelta(hours=7)).isoformat()


def test_a_reader_who_meets_a_writer_looks_once_more(tmp_path: Path) -> None:
    """Between two halves of a change the file says the turn before in front, and the new one behind."""
    file = tmp_path / "clock"
    file.write_bytes(LAYOUT.pack(1, 0, 0, 0.0, 2))
    clock = ClockFile(file)
    code = f"""
import time
time.sleep(0.3)
with open({str(file)!r}, "r+b") as file:
    file.write({LAYOUT.pack(2, 0, 5_000_000_000, 0.0, 2)!r})
"""
    with subprocess.Popen([sys.executable, "-c", code]) as writer:
        assert clock() == datetime(1970, 1, 1, 0, 0, 5, tzinfo=UTC)
    assert writer.returncode == 0


@pytest.mark.parametrize(
    "issuer", ["https://login.kemendagri.go.id", "https://localhost.evil.example", "localhost", ""]
)
def test_virtual_time_is_refused_where_tokens_are_not_of_the_development_issuer(
    issuer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moments, "_virtual", None)
    ClockSetter(tmp_path / "clock", PILKADA)
    with pytest.raises(VirtualTimeRefused):
        moments.begin(issuer, {VARIABLE: str(tmp_path / "clock")})
    assert abs(utcnow() - datetime.now(UTC)) < timedelta(seconds=1)


def test_a_clock_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        moments.begin(Issuer.name, {VARIABLE: str(tmp_path / "nowhere")})


def test_asking_costs_next_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Best of many, for others work on this machine too: under a microsecond more than the system's own answer."""
    monkeypatch.setattr(moments, "_virtual", None)
    asked = min(timeit(utcnow, number=1_000) for _ in range(20))
    bare = min(timeit(lambda: datetime.now(UTC), number=1_000) for _ in range(20))
    assert asked - bare < 1_000 * 1e-6
