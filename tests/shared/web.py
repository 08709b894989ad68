"""The toy service's web process, running, and how one calls it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from deploy.local.postgres import ServiceDatabase
from deploy.local.process import free_port
from tests.shared.issuer import AUDIENCE, ISSUER, Issuer, publish

ROOT = Path(__file__).parents[2]
HONEST = Issuer()


@dataclass
class Web:
    """The running service, and how one calls it."""

    port: int
    process: subprocess.Popen[bytes]
    client: httpx2.Client
    log: Path

    def post(self, path: str, body: Any, *, key: str | None = "", token: str | None = "", **headers: str) -> Any:
        """Posts `body` (bytes are sent as they are) with a fresh key and an honest token, unless told otherwise."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        usual = {"Content-Type": "application/json"}
        if token is not None:
            usual["Authorization"] = f"Bearer {token or HONEST.token()}"
        if key is not None:
            usual["Idempotency-Key"] = key or uuid4().hex
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(path, content=content, headers=usual | headers)

    def get(self, path: str, token: str | None = "", **headers: str) -> Any:
        """Gets with an honest token, unless told otherwise."""
        if token is not None:
            headers["Authorization"] = f"Bearer {token or HONEST.token()}"
        return self.client.get(path, headers=headers)


@contextmanager
def serving(database: ServiceDatabase, folder: Path, app: str = "tests.shared.marbles:app") -> Iterator[Web]:
    """The service on this database while the block runs; its files are in `folder`."""
    publish(folder / "jwks.json", HONEST)
    environment = {
        "DATABASE_URL": database.app_url,
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        "AUTH_ISSUER": ISSUER,
        "AUTH_AUDIENCE": AUDIENCE,
        "AUTH_JWKS": str(folder / "jwks.json"),
    }
    port, log = free_port(), folder / "log"
    arguments = ["-m", "uvicorn", app, "--port", str(port), "--timeout-graceful-shutdown", "20"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=ROOT, env=os.environ | environment, stdout=output, stderr=output
        )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
            web = Web(port, process, client, log)
            assert ready(web), log.read_text()
            yield web
    finally:
        process.terminate()
        process.wait(30)


def ready(web: Web) -> bool:
    for _ in range(400):
        with suppress(httpx2.TransportError):
            if web.client.get("/health/ready").status_code == 200:
                return True
        if web.process.poll() is not None:
            return False
        time.sleep(0.1)
    return False
