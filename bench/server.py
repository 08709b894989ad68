"""A web process under uvicorn, ours or one that it is compared with, started the same way."""

import http.client
import json
import sys
from typing import Any

import psutil

from bench.figures import Void
from bench.site import Site
from deploy.local.paths import ROOT
from deploy.local.process import Process, free_port
from deploy.local.stack import sealing_key_in
from deploy.local.tokens import AUDIENCE


class Server:
    """A web process. A context manager; it is ready on entering."""

    def __init__(self, site: Site, app: str, database_url: str = "") -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "uvicorn", app, "--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--loop", "uvloop", "--http", "httptools", "--no-access-log", "--timeout-graceful-shutdown", "5"]
        environment = {
            "DATABASE_URL": database_url,
            "KAFKA_BOOTSTRAP_SERVERS": "",
            "AUTH_ISSUER": site.issuer.name,
            "AUTH_AUDIENCE": AUDIENCE,
            "AUTH_JWKS": str(site.issuer.key_set),
            "OUTREACH_SEALING_KEYS": sealing_key_in(site.folder / "sealing"),
        }
        log = site.folder / f"{app.partition(':')[0]}.log"
        self._process = Process(app, command, log, folder=ROOT, environment=environment)

    @property
    def cpu_seconds(self) -> float:
        times = psutil.Process(self._process.pid).cpu_times()
        return times.user + times.system

    def get(self, path: str, token: str) -> Any:
        """What it answers to a GET. Raises `Void` when that is not a 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if answer.status != 200:
            raise Void(f"GET {path} was answered {answer.status}: {content.decode()}")
        return json.loads(content)

    def __enter__(self) -> "Server":
        self._process.start()
        self._process.wait_until(self._answers, 60)
        return self

    def __exit__(self, *error: object) -> None:
        self._process.stop()

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("POST", "/health/live", b"{}")
            return connection.getresponse().status > 0
        except OSError:
            return False
        finally:
            connection.close()
