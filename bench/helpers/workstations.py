"""Printing programs: each connection claims jobs, reports a card for each, and goes on to the next office."""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from bench.helper import serve
from bench.helpers.load import Connection, Parts, Tally, measure, new_key, request

JOB = "<job>"
"""Stands for the job in the path of a report."""


class _Claimed(msgspec.Struct):
    job: str | None = None


class _Answer(msgspec.Struct):
    facts: list[_Claimed]


_answer = msgspec.json.Decoder(_Answer).decode


class Workstation(Connection):
    """Takes the plan's requests in pairs: the claim of an office, and the report of a card there."""

    def __init__(self, tally: Tally) -> None:
        super().__init__(tally)
        self._report: Parts = ()
        self._jobs: deque[bytes] = deque()
        self._claims = False

    def following_request(self) -> bytes:
        if self._jobs:
            self._claims = False
            return new_key().join(self._report).replace(JOB.encode(), self._jobs.popleft(), 1)
        office = next(self._tally.sent) % (len(self._tally.plan) // 2)
        claim, self._report = self._tally.plan[2 * office : 2 * office + 2]
        self._claims = True
        return new_key().join(claim)

    def heard(self, answer: bytes) -> None:
        if self._claims:
            facts = _answer(answer[answer.index(b"\r\n\r\n") + 4 :]).facts
            self._jobs.extend(fact.job.encode() for fact in facts if fact.job is not None)


def answer(plan: str, **options: Any) -> Mapping[str, Any]:
    """`plan` is a file: a JSON list of requests, a claim and a report for each office in turn."""
    requests: Sequence[Parts] = [request(**wish) for wish in json.loads(Path(plan).read_text())]
    return uvloop.run(measure(requests, **options, kind=Workstation))


if __name__ == "__main__":
    serve(answer)
