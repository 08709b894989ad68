"""Programs of the bench in processes of their own: asked in JSON, one line each way."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from bench.figures import Void
from deploy.local.paths import ROOT
from shared.garbage import look_seldom


class Helper:
    """The asking side. A context manager; the process ends with its input, hence with ours."""

    def __init__(self, module: str, log: Path) -> None:
        self._module = module
        self._log = log

    def ask(self, **question: Any) -> Any:
        """What the helper answers. Raises `Void` if it fails."""
        self.put(**question)
        return self.get()

    def put(self, **question: Any) -> None:
        """Asks, without waiting for the answer, which `get` gives."""
        self._input.write(f"{json.dumps(question)}\n")
        self._input.flush()

    def get(self) -> Any:
        """The answer to what was `put`. Raises `Void` if the helper fails."""
        line = self._output.readline()
        if not line:
            words = self._log.read_text(errors="replace").strip().splitlines() or ["it left no word"]
            raise Void(f"{self._module} failed: {words[-1]}")
        return json.loads(line)

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._input: IO[str] = self._process.stdin
        self._output: IO[str] = self._process.stdout
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._input.close()
        self._process.wait()
        self._output.close()


def serve(answer: Callable[..., Mapping[str, Any]]) -> None:
    """The answering side: calls `answer` with each question, until there are no more."""
    tune_garbage_collection()
    for line in sys.stdin:
        print(json.dumps(answer(**json.loads(line))), flush=True)


def tune_garbage_collection() -> None:
    """As a web process of ours does at its start; done for whatever it is compared with, too."""
    look_seldom()
