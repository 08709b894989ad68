"""PostgreSQL of our own: its data, its doors, and who may do what."""

import os
import pwd
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from deploy.local.paths import ROOT
from deploy.local.postgres import PostgreSQL, ServiceDatabase
from deploy.local.process import CannotStart, free_port

ANSWER = """
import sys
from pathlib import Path
from deploy.local.postgres import PostgreSQL
with PostgreSQL(Path(sys.argv[1]), int(sys.argv[2])) as server:
    print(server.sql("select 6 * 7"))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="a folder with spaces ") as folder:
        yield Path(folder)


def test_data_survives_a_power_cut(folder: Path) -> None:
    port = free_port()
    with PostgreSQL(folder, port) as server:
        server.sql("create table kept (word text); insert into kept values ('blanko')")
        server.kill()
    with PostgreSQL(folder, port) as again:
        assert again.sql("select word from kept") == "blanko"


def test_commits_are_durable_and_the_door_opens_to_this_machine_only(postgres: PostgreSQL) -> None:
    settings = "fsync", "synchronous_commit", "full_page_writes", "listen_addresses", "unix_socket_directories"
    shown = [postgres.sql(f"show {setting}") for setting in settings]
    assert shown == ["on", "on", "on", "127.0.0.1", ""]


def test_the_password_is_for_the_owners_eyes_only_and_is_asked_for(postgres: PostgreSQL) -> None:
    file = postgres.folder / "password"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    stranger = PostgreSQL(postgres.folder, postgres.port)
    stranger.url = stranger.url.replace(file.read_text(), "guessed")
    with pytest.raises(CannotStart, match="password authentication failed"):
        stranger.sql("select 1")


@pytest.mark.anyio
async def test_a_service_can_do_only_what_its_migrations_granted(database: ServiceDatabase) -> None:
    owner = await asyncpg.connect(database.owner_url.replace("+asyncpg", ""))
    await owner.execute("create table events (position bigint); grant select, insert on events to test")
    await owner.close()
    service = await asyncpg.connect(database.app_url.replace("+asyncpg", ""))
    await service.execute("insert into events values (1)")
    for forbidden in ("update events set position = 2", "delete from events", "truncate events", "create table t ()"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service.execute(forbidden)
    await service.close()


@pytest.mark.anyio
async def test_a_service_cannot_enter_anothers_database(postgres: PostgreSQL, database: ServiceDatabase) -> None:
    other = postgres.create_service_database("nosy", f"nosy_{database.name}")
    door = other.app_url.replace("+asyncpg", "").replace(other.name, database.name)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(door)
    postgres.drop_database(other.name)


def test_making_a_database_twice_gives_the_same_addresses(postgres: PostgreSQL, database: ServiceDatabase) -> None:
    assert postgres.create_service_database("test", database.name) == database


def test_a_folder_that_cannot_hold_it_is_named(folder: Path) -> None:
    server = PostgreSQL(folder, free_port())
    (folder / "data.unfinished").write_text("in the way")
    with pytest.raises(CannotStart, match="cannot make its data in"):
        server.start()


@pytest.mark.parametrize("user", ["a user with a name", "a user without one", "root without namespaces"])
def test_it_runs_for_whoever_asks(folder: Path, user: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    command = [sys.executable, "-c", ANSWER, str(folder), str(free_port())]
    if user.startswith("root"):
        (folder / "unshare").write_text("#!/bin/sh\nexit 1\n")
        (folder / "unshare").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    else:
        number = pwd.getpwnam("nobody").pw_uid if user.endswith("a name") else 54321
        os.chown(folder, number, number)
        command = ["setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups", *command]
        probe = [
            *command[:4],
            sys.executable,
            "-c",
            "import subprocess, sys; subprocess.run([sys.executable, '-c', ''])",
        ]
        if subprocess.run(probe, cwd=ROOT, capture_output=True, check=False).returncode:
            pytest.skip("other users cannot read this Python")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "42", done.stderr
