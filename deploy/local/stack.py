"""The whole of Blanko on one machine: PostgreSQL, Kafka, and each service's web and worker process."""

import http.client
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.kafka import Kafka, answers
from deploy.local.paths import ROOT
from deploy.local.postgres import Administrator, PostgreSQL, ServiceDatabase, secret_in
from deploy.local.process import CannotStart, Process, free_ports, require_free
from deploy.local.tokens import AUDIENCE, Issuer
from shared.schema import newest

SERVICES = ("stock", "printing", "outreach", "notify")
READY_WITHIN = 120.0
"""Seconds the services have from their start until they answer; many times what they need."""

_DEFAULT_PORTS = {"postgres": 54320, "kafka": 19092, "kafka-controller": 19093} | {
    name: base + number
    for number, service in enumerate(SERVICES, start=1)
    for name, base in ((service, 8000), (f"{service}-worker", 8100))
}


@dataclass(frozen=True, slots=True)
class Ports:
    """Where each process listens on 127.0.0.1, by its name: "postgres", "stock", "stock-worker", …"""

    by_name: Mapping[str, int]

    @classmethod
    def usual(cls, environment: Mapping[str, str]) -> Self:
        """The documented ports, or what POSTGRES_PORT, STOCK_WORKER_PORT and so on say. Raises `CannotStart`."""
        try:
            return cls({name: int(environment.get(setting_of(name), usual)) for name, usual in _DEFAULT_PORTS.items()})
        except ValueError as error:
            raise CannotStart(f"A port is a number, and one of the …_PORT settings is not: {error}.") from None

    @classmethod
    def free(cls) -> Self:
        """Ports that nobody uses at this moment, for a stack of a test's own."""
        return cls(dict(zip(_DEFAULT_PORTS, free_ports(len(_DEFAULT_PORTS)), strict=True)))


class Stack:
    """PostgreSQL, Kafka and services with all their state in `folder`. A context manager.

    Every process is known by a name: "postgres", "kafka", "stock", "stock-worker" and so on; `process(name)`
    starts, stops, kills, pauses or resumes a single one. `environment` reaches all services, and may
    name an existing PostgreSQL or Kafka to be used instead of our own (see `deploy/local/README.md`).
    """

    def __init__(
        self,
        folder: Path,
        ports: Ports,
        *,
        services: Sequence[str] = SERVICES,
        environment: Mapping[str, str] | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.folder = folder.absolute()
        self.ports = ports
        self.services = services
        self.issuer = Issuer(self.folder / "issuer")
        self.databases: dict[str, ServiceDatabase] = {}
        self._environment = dict(environment or {})
        self._tell = tell
        self._logs = self.folder / "logs"
        self._programs: dict[str, Process] = {}
        self.postgres = self._own_postgres()
        self.kafka = self._own_kafka()
        own = f"127.0.0.1:{self.ports.by_name['kafka']}"
        self.bootstrap_servers = self._environment.get("KAFKA_BOOTSTRAP_SERVERS") or own

    def start(self) -> None:
        """Starts everything and returns once all are ready. Raises `CannotStart`; then `stop` is still to be called."""
        self._require_ports()
        if self.kafka:
            self.kafka.begin()  # takes longest: the rest is done meanwhile
        elif not answers(self.bootstrap_servers):
            raise CannotStart(f"No Kafka answers at {self.bootstrap_servers}, which KAFKA_BOOTSTRAP_SERVERS names.")
        self._make_databases()
        self._programs = self._make_programs()
        for program in self._programs.values():
            program.start()
        if self.kafka:
            self.kafka.await_ready()
            self._tell(f"Apache Kafka answers on {self.bootstrap_servers}")
        self._await_services()

    def stop(self) -> None:
        """Services first, all at once, so that they can still write; then Kafka, then PostgreSQL."""
        for program in self._programs.values():
            program.ask_to_stop()
        for program in self._programs.values():
            program.await_end()
        for store in (self.kafka, self.postgres):
            if store:
                store.stop()

    def process(self, name: str) -> Process:
        """The process of that name. Raises KeyError."""
        return self._processes()[name]

    def ended(self) -> Process | None:
        """A process that is no longer running though nobody stopped the stack, if there is one."""
        return next((process for process in self._processes().values() if not process.alive), None)

    def address(self, service: str) -> str:
        """Where the service's web process answers."""
        return f"http://127.0.0.1:{self.ports.by_name[service]}"

    def token(self, role: str, region: str, subject: str | None = None) -> str:
        """A token of this stack's development issuer."""
        return self.issuer.mint(subject or f"dev-{role}", role, region)

    def settings_of(self, service: str) -> dict[str, str]:
        """The environment of the service's processes; PostgreSQL must be there to ask."""
        database = self.databases.get(service) or self._database_of(service)
        usual = {
            "AUTH_ISSUER": self.issuer.name,
            "AUTH_AUDIENCE": AUDIENCE,
            "AUTH_JWKS": str(self.issuer.key_set),
            "LOG_LEVEL": "INFO",
            "PYTHONUNBUFFERED": "1",
        }
        fixed = {
            "DATABASE_URL": database.app_url,
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "WORKER_PORT": str(self.ports.by_name[f"{service}-worker"]),
        }
        if service == "outreach":
            usual["OUTREACH_SEALING_KEYS"] = sealing_key_in(self.folder / "sealing")
        return usual | self._environment | fixed

    def await_ready(self, name: str, timeout: float = READY_WITHIN) -> None:
        """Waits until one web or worker process, started again, says that it is ready. Raises `CannotStart`."""
        self.process(name).wait_until(lambda: _is_ready(self.ports.by_name[name]), timeout)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _own_postgres(self) -> PostgreSQL | None:
        given = [self._environment.get(f"DATABASE_URL_{service.upper()}") for service in self.services]
        if self._environment.get("DATABASE_URL") or (given and all(given)):
            return None
        return PostgreSQL(self.folder / "postgres", self.ports.by_name["postgres"], self._logs / "postgres.log")

    def _own_kafka(self) -> Kafka | None:
        if self._environment.get("KAFKA_BOOTSTRAP_SERVERS"):
            return None
        ports = self.ports.by_name
        return Kafka(self.folder / "kafka", ports["kafka"], ports["kafka-controller"], self._logs / "kafka.log")

    def _require_ports(self) -> None:
        mine = [name for service in self.services for name in (service, f"{service}-worker")]
        mine += ["postgres"] if self.postgres else []
        mine += ["kafka", "kafka-controller"] if self.kafka else []
        for name in mine:
            require_free(self.ports.by_name[name], name, setting_of(name))

    def _make_databases(self) -> None:
        if self.postgres:
            began = time.monotonic()
            self.postgres.start()
            self._tell(f"PostgreSQL 18 answers on 127.0.0.1:{self.postgres.port} ({time.monotonic() - began:.1f} s)")
        self.databases = {service: self._database_of(service) for service in self.services}
        if self.postgres and all(self._is_current(service) for service in self.services):
            return
        owners = {f"MIGRATION_DATABASE_URL_{name.upper()}": base.owner_url for name, base in self.databases.items()}
        migration = Process(
            "The migration of the databases",
            [sys.executable, "-m", "deploy.local.migrations", *self.services],
            self._logs / "migrations.log",
            folder=ROOT,
            environment=self._environment | owners,
            patience=300.0,
        )
        if self.services:
            migration.start()
            migration.await_end()
        if migration.exit_code:
            raise CannotStart(f"The databases could not be migrated: {migration.last_words()} (see {migration.log})")

    def _is_current(self, service: str) -> bool:
        # Loading what migrates takes longer than all else before the services: only when it is needed.
        try:
            known = self._administrator().sql("select version_num from alembic_version", self.databases[service].name)
        except CannotStart:
            return False
        return known == newest(service)

    def _database_of(self, service: str) -> ServiceDatabase:
        given = self._environment.get(f"DATABASE_URL_{service.upper()}")
        if given:
            owner = self._environment.get(f"MIGRATION_DATABASE_URL_{service.upper()}", given)
            return ServiceDatabase(service, owner, given)
        return self._administrator().create_service_database(service)

    def _administrator(self) -> Administrator:
        if self.postgres:
            return self.postgres
        return Administrator(self._environment["DATABASE_URL"], secret_in(self.folder / "roles"))

    def _make_programs(self) -> dict[str, Process]:
        programs = {}
        for service in self.services:
            port = str(self.ports.by_name[service])
            web = [sys.executable, "-m", "uvicorn", f"services.{service}.main:app", "--host", "127.0.0.1"]
            web += ["--port", port, "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
            web += ["--timeout-graceful-shutdown", "5"]
            worker = [sys.executable, "-m", f"services.{service}.worker"]
            for name, command in ((service, web), (f"{service}-worker", worker)):
                log = self._logs / f"{name}.log"
                environment = self.settings_of(service)
                programs[name] = Process(name, command, log, folder=ROOT, environment=environment)
        return programs

    def _await_services(self) -> None:
        began = time.monotonic()
        for name in self._programs:
            self.await_ready(name, READY_WITHIN - (time.monotonic() - began))
        self._tell(f"{len(self._programs)} processes are ready ({time.monotonic() - began:.1f} s)")

    def _processes(self) -> dict[str, Process]:
        stores = {"kafka": self.kafka, "postgres": self.postgres}
        return self._programs | {name: store.process for name, store in stores.items() if store}


def sealing_key_in(folder: Path) -> str:
    """The development key under which outreach keeps its keys to birth months, as OUTREACH_SEALING_KEYS names it.

    Made once for this folder. Whoever loses it loses the months with it.
    """
    return b64encode(sha256(secret_in(folder).encode()).digest()).decode()


def setting_of(name: str) -> str:
    """The environment variable that moves a process to another port: "stock-worker" → STOCK_WORKER_PORT."""
    return f"{name.upper().replace('-', '_')}_PORT"


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
