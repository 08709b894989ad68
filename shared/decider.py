"""The shape every domain has: a command is decided into facts, and facts evolve a state.

Facts and states are made by the million in a replay. What is frozen when it is made cannot be part of
a cycle, so the collector need not look at them (`gc=False`).

A domain does no I/O and reads no clock: the time arrives with the command, the states of the
streams it touches arrive as arguments, and what it answers with are facts. Everything else
(storing, publishing, views, deadlines) follows from the facts.
"""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec


class Fact(msgspec.Struct, frozen=True, tag_field="type", gc=False):
    """Something that happened. One definition for disk, replay and wire.

    A subclass says `frozen=True` again (the type checker asks for it) and is tagged with its own
    name. Facts carry no business constraints, for yesterday's must load under tomorrow's rules,
    and opaque references only, never a person's name or number.
    """


class State(msgspec.Struct, frozen=True, gc=False):
    """What a stream's facts have added up to. At most 4 kB when encoded."""


AHEAD = timedelta(minutes=2)
"""How much later than its recording something may be said to have happened: a client's clock may be ahead of ours."""


class Recalled(msgspec.Struct, frozen=True, gc=False):
    """A fact of a stream's past, and when."""

    version: int
    occurred_at: datetime
    recorded_at: datetime
    fact: Any


class Recall(msgspec.Struct, frozen=True):
    """Asks for the facts of one of the command's streams that were recorded since `since` less `AHEAD`.

    What happened at or after `since` was not recorded earlier, so it is among them. So is some that
    happened before: the domain picks.
    """

    stream: str
    since: datetime

    def among(self, facts: Sequence[Recalled]) -> Sequence[Recalled]:
        """Those asked for of the stream's facts, which are in order of version."""
        return facts[bisect_left(facts, self.since, key=lambda recalled: recalled.recorded_at + AHEAD) :]


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """A request, or a fact reported to us, on its way to a decision."""

    now: datetime
    occurred_at: datetime

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams whose states `decide` needs and to which it may add facts."""
        raise NotImplementedError

    @property
    def recalls(self) -> tuple[Recall, ...]:
        """What `decide` needs of these streams' past besides their states."""
        return ()


class Refused(Exception):
    """The domain says no to a request: `code` for programs, `detail` for people, the figures behind it.

    Becomes a 409 at the HTTP edge. Facts reported to us are never refused.
    """

    def __init__(self, code: str, detail: str, **figures: Any) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.figures = figures


States = Mapping[Any, Any]
"""Each of a command's streams with its state, each of its recalls with a tuple of `Recalled` in order of version."""
Decision = list[tuple[str, Fact]]


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row of a keyed read table, stored in the same append as the facts behind it.

    `values` holds every column, or is None to delete the row with this key.
    """

    table: str
    key: tuple[Any, ...]
    values: Mapping[str, Any] | None


Project = Callable[[str, Any, Any], Iterable[Row]]
"""Turns a stream's fact into rows of read tables, given the stream's state after that fact."""


def category(stream: str) -> str:
    """The kind of a stream: what stands before its first slash (`office/17.71/KTP_WNI` → `office`)."""
    return stream.partition("/")[0]


@dataclass(frozen=True, kw_only=True)
class Domain:
    """All that the ledger needs to know of a service's business.

    `states` maps a stream's category to the state such a stream starts from, `schemas` to the
    version of that state's shape (a stored state of another version is folded again from its
    facts, never used). `promised` names the facts that are published, each with the version of
    its message; such a fact has an `office`, the id of the office it is about, whose topic it
    goes to. `apart` names keyed tables that hold what no fact says: a rebuild leaves them alone.
    """

    service: str
    facts: Sequence[type[Fact]]
    states: Mapping[str, State]
    decide: Callable[[Any, States], Decision]
    evolve: Callable[[Any, Any], Any]
    project: Project
    promised: Mapping[type[Fact], int]
    schemas: Mapping[str, int]
    apart: Collection[str] = ()

    def start(self, stream: str) -> State:
        """The state of a stream to which nothing has happened yet."""
        return self.states[category(stream)]


def fold(evolve: Callable[[Any, Any], Any], state: Any, facts: Iterable[Any]) -> Any:
    """The state after all these facts."""
    for fact in facts:
        state = evolve(state, fact)
    return state
