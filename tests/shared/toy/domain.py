from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, assert_never

import msgspec

from shared.decider import Command, Decision, Domain, Fact, Recall, Recalled, Refused, Row, State, States

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class MarblesPut(Fact, frozen=True):
    office: str
    jar: str
    count: int
    label: str = ""
    left: int = 0


class MarbleTaken(Fact, frozen=True):
    office: str
    jar: str
    left: int


class NoteKept(Fact, frozen=True):
    text: str


class Jar(State, frozen=True):
    count: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _AboutAJar(Command):
    jar: str
    office: str = "17.71"
    now: datetime = NOON
    occurred_at: datetime = NOON

    @property
    def streams(self) -> tuple[str, ...]:
        return (f"jar/{self.jar}",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Put(_AboutAJar):
    count: int = 1
    label: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Take(_AboutAJar):
    pass


@dataclass(frozen=True, kw_only=True, slots=True)
class Keep(_AboutAJar):
    """A fact of the service's own, never published."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Give(_AboutAJar):
    """From one jar to another: two streams, all or nothing."""

    to: str
    count: int = 1

    @property
    def streams(self) -> tuple[str, ...]:
        return f"jar/{self.jar}", f"jar/{self.to}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PutBack(_AboutAJar):
    """As many marbles as were taken at or after a moment."""

    since: datetime

    @property
    def recalls(self) -> tuple[Recall, ...]:
        return (Recall(self.streams[0], self.since),)


def decide(command: Put | Take | Keep | Give | PutBack, jars: States) -> Decision:
    stream = command.streams[0]
    jar: Jar = jars[stream]
    match command:
        case Put(count=count):
            put = MarblesPut(
                office=command.office, jar=command.jar, count=count, label=command.label, left=jar.count + count
            )
            return [(stream, put)]
        case Take():
            if jar.count < 1:
                raise Refused("jar_empty", "there is no marble in this jar", left=jar.count)
            return [(stream, MarbleTaken(office=command.office, jar=command.jar, left=jar.count - 1))]
        case Keep(text=text):
            return [(stream, NoteKept(text=text))]
        case Give(to=to, count=count):
            if jar.count < count:
                raise Refused("jar_empty", "there are not enough marbles in this jar", left=jar.count)
            other: Jar = jars[f"jar/{to}"]
            return [
                (stream, MarblesPut(office=command.office, jar=command.jar, count=-count, left=jar.count - count)),
                (f"jar/{to}", MarblesPut(office=command.office, jar=to, count=count, left=other.count + count)),
            ]
        case PutBack(since=since):
            past: tuple[Recalled, ...] = jars[command.recalls[0]]
            count = sum(isinstance(told.fact, MarbleTaken) and told.occurred_at >= since for told in past)
            if count == 0:
                raise Refused("none_taken", "no marble was taken since then")
            return [(stream, MarblesPut(office=command.office, jar=command.jar, count=count, left=jar.count + count))]
    assert_never(command)


def evolve(jar: Jar, fact: MarblesPut | MarbleTaken | NoteKept) -> Jar:
    match fact:
        case MarblesPut(count=count):
            return msgspec.structs.replace(jar, count=jar.count + count)
        case MarbleTaken():
            return msgspec.structs.replace(jar, count=jar.count - 1)
        case NoteKept():
            return jar
    assert_never(fact)


def project(stream: str, fact: Any, jar: Jar) -> Iterable[Row]:
    name = stream.partition("/")[2]
    yield Row("jars", (name,), {"name": name, "count": jar.count})
    if isinstance(fact, MarblesPut) and fact.label:
        told = {"count": fact.count, "left": fact.left}
        yield Row("labels", (fact.label, name), {"told": told, "label": fact.label, "jar": name})


TOY = Domain(
    service="toy",
    facts=(MarblesPut, MarbleTaken, NoteKept),
    states={"jar": Jar()},
    decide=decide,
    evolve=evolve,
    project=project,
    promised={MarblesPut: 1, MarbleTaken: 1},
    schemas={"jar": 1},
)
