"""`make run` without its services: what it starts, it ends; what it cannot do, it says in one sentence."""

import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jwt
import psutil
import pytest

from deploy.local.jars import class_path
from deploy.local.kafka import Kafka
from deploy.local.paths import ROOT
from deploy.local.postgres import PostgreSQL
from deploy.local.process import free_ports
from deploy.local.tokens import AUDIENCE, Issuer

LAUNCH = """
import os, sys
from deploy.local.paths import home
from deploy.local.process import CannotStart
from deploy.local.run import run
try:
    run(home(), os.environ, services=(), parent=os.getppid() if sys.argv[1:] else None)
except CannotStart as reason:
    sys.exit(str(reason))
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Private ports, and a home with a space in its name that has the jars already."""
    home = tmp_path / "some home"
    home.mkdir()
    (home / "jars").symlink_to(class_path()[0].parent)
    ports = zip(("POSTGRES_PORT", "KAFKA_PORT", "KAFKA_CONTROLLER_PORT"), map(str, free_ports(3)), strict=True)
    return {**os.environ, "BLANKO_HOME": str(home), **dict(ports)}


def launch(environment: dict[str, str]) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", LAUNCH]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@contextmanager
def launched(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """A launcher that has become ready, and everything that runs below it."""
    with launch(environment) as launcher:
        assert launcher.stdout is not None
        assert any("Blanko is ready" in line for line in launcher.stdout), launcher.communicate()[1]
        try:
            yield launcher, psutil.Process(launcher.pid).children(recursive=True)
        finally:
            # A test that fails must not wait for a launcher that nobody stops.
            launcher.kill()


def refusal(environment: dict[str, str]) -> str:
    """Why the launcher would not start; nothing runs afterwards."""
    with launch(environment) as launcher:
        _, said = launcher.communicate(timeout=60)
    assert launcher.returncode == 1
    assert left_in(Path(environment["BLANKO_HOME"])) == []
    return said.strip()


def left_in(home: Path) -> list[psutil.Process]:
    def belongs(process: psutil.Process) -> bool:
        try:
            return process.cwd().startswith(str(home)) or any(str(home) in part for part in process.cmdline())
        except psutil.Error:
            return False

    return [process for process in psutil.process_iter() if belongs(process)]


def sql(environment: dict[str, str], script: str) -> str:
    return PostgreSQL(Path(environment["BLANKO_HOME"], "postgres"), int(environment["POSTGRES_PORT"])).sql(script)


def test_a_killed_launcher_leaves_nothing_and_the_next_one_goes_on(environment: dict[str, str]) -> None:
    with launched(environment) as (launcher, children):
        assert {"postgres", "java"} <= {child.name() for child in children}
        sql(environment, "create table kept (word text); insert into kept values ('blanko')")
        launcher.kill()
        # The next launcher may be started at once: it waits for what is still on its way out.
        with launched(environment) as (successor, _):
            # Whoever inherits an orphan takes a moment to bury it.
            assert psutil.wait_procs(children, timeout=10)[1] == []
            assert sql(environment, "select word from kept") == "blanko"
            assert "already runs with its state in" in refusal_beside(environment)
            successor.send_signal(signal.SIGINT)
            output, errors = successor.communicate(timeout=30)
    assert (successor.returncode, errors) == (0, "")
    assert "Everything has stopped" in output
    assert left_in(Path(environment["BLANKO_HOME"])) == []


def refusal_beside(environment: dict[str, str]) -> str:
    with launch(environment) as second:
        return second.communicate(timeout=60)[1]


def test_a_process_that_dies_is_named_and_takes_the_rest_along(environment: dict[str, str]) -> None:
    with launched(environment) as (launcher, children):
        next(child for child in children if child.name() == "java").kill()
        _, said = launcher.communicate(timeout=30)
    assert launcher.returncode == 1
    assert "Kafka ended with -9, so all was stopped. Its log" in said
    assert left_in(Path(environment["BLANKO_HOME"])) == []


def test_a_busy_port_is_named(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", int(environment["KAFKA_PORT"]))):
        said = refusal(environment)
    assert said == (
        f"Port {environment['KAFKA_PORT']}, meant for kafka, is in use by another program: "
        "stop that one, or set KAFKA_PORT."
    )


def test_a_port_that_is_no_number_is_refused(environment: dict[str, str]) -> None:
    assert "A port is a number" in refusal(environment | {"STOCK_PORT": "eighty"})


def test_a_home_that_cannot_be_written_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = refusal(environment | {"BLANKO_HOME": str(tmp_path / "file" / "home")})
    assert "cannot write in" in said and "BLANKO_HOME" in said


def test_a_kafka_that_does_not_answer_is_named(environment: dict[str, str]) -> None:
    nowhere = f"127.0.0.1:{free_ports(1)[0]}"
    assert f"No Kafka answers at {nowhere}" in refusal(environment | {"KAFKA_BOOTSTRAP_SERVERS": nowhere})


def test_existing_servers_are_used_instead(environment: dict[str, str], postgres: PostgreSQL, kafka: Kafka) -> None:
    servers = {"DATABASE_URL": postgres.url, "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers}
    with launched(environment | servers) as (launcher, children):
        assert children == []
        launcher.send_signal(signal.SIGTERM)
        assert launcher.wait(30) == 0
    assert kafka.process.alive and postgres.sql("select 1") == "1"


def test_it_ends_with_the_program_that_started_it(environment: dict[str, str]) -> None:
    script = f'"{sys.executable}" -c "$LAUNCH" with-parent & echo $!; wait'
    variables = environment | {"LAUNCH": LAUNCH}
    with subprocess.Popen(["sh", "-c", script], cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True) as shell:
        assert shell.stdout is not None
        launcher = psutil.Process(int(shell.stdout.readline()))
        assert any("Blanko is ready" in line for line in shell.stdout)
        shell.kill()
        launcher.wait(30)
    deadline = time.monotonic() + 5
    while left_in(Path(environment["BLANKO_HOME"])) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left_in(Path(environment["BLANKO_HOME"])) == []


def test_a_token_of_the_development_issuer_carries_who_and_where(tmp_path: Path) -> None:
    issuer = Issuer(tmp_path / "issuer")
    token = issuer.mint("u-1", "head", "17.71")
    again = Issuer(tmp_path / "issuer")
    keys = jwt.PyJWKSet.from_json(again.key_set.read_text())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, ["ES256"], audience=AUDIENCE, issuer=issuer.name)
    assert (claims["sub"], claims["role"], claims["region"]) == ("u-1", "head", "17.71")
    assert claims["exp"] - claims["iat"] == 12 * 3600
    assert stat.S_IMODE((tmp_path / "issuer" / "key.pem").stat().st_mode) == 0o600
