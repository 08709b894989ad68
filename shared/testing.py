"""Given what happened, when a command comes, then these facts follow: the tests of every domain speak like this."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from shared.decider import Command, Decision, Domain, Fact, Recalled, Refused

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
"""When what is given happened, unless a test says when."""


@dataclass(frozen=True)
class Scenario:
    """What has happened in a domain so far. Each step gives a new scenario; this one stays as it is."""

    domain: Domain
    states: Mapping[str, Any] = field(default_factory=dict)
    past: Mapping[str, tuple[Recalled, ...]] = field(default_factory=dict)

    def state(self, stream: str) -> Any:
        """The state of this stream now."""
        return self.states[stream] if stream in self.states else self.domain.start(stream)

    def given(self, facts: Iterable[tuple[str, Fact]], at: datetime = LONG_AGO) -> Self:
        """These facts have happened as well, each in its stream, and were recorded at that moment."""
        return self._with(facts, at, at)

    def when(self, command: Command) -> Decision:
        """The facts, each with its stream, that this command leads to. Raises `Refused`."""
        states: dict[Any, Any] = {stream: self.state(stream) for stream in command.streams}
        for recall in command.recalls:
            assert recall.stream in states, f"{recall.stream} is recalled, but not a stream of {command}"
            states[recall] = tuple(recall.among(self.past.get(recall.stream, ())))
        return self.domain.decide(command, states)

    def after(self, *commands: Command) -> Self:
        """These commands were carried out one after the other, each at its `now`. Raises `Refused`."""
        scenario = self
        for command in commands:
            scenario = scenario._with(scenario.when(command), command.occurred_at, command.now)
        return scenario

    def _with(self, facts: Iterable[tuple[str, Fact]], occurred_at: datetime, now: datetime) -> Self:
        states, past = dict(self.states), dict(self.past)
        for stream, fact in facts:
            states[stream] = self.domain.evolve(states.get(stream, self.domain.start(stream)), fact)
            before = past.get(stream, ())
            # As in the ledger, what is recorded later is never recorded earlier.
            recorded_at = max(now, before[-1].recorded_at) if before else now
            past[stream] = (*before, Recalled(len(before) + 1, occurred_at, recorded_at, fact))
        return type(self)(self.domain, states, past)

    def refused(self, command: Command) -> Refused:
        """The refusal of this command; an assertion fails if it is not refused."""
        try:
            facts = self.when(command)
        except Refused as refusal:
            return refusal
        raise AssertionError(f"not refused, but {facts}")
