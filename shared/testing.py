"""Given what happened, when a command comes, then these facts follow: the tests of every domain speak like this."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from shared.decider import Command, Decision, Domain, Fact, Refused


@dataclass(frozen=True)
class Scenario:
    """What has happened in a domain so far. Each step gives a new scenario; this one stays as it is."""

    domain: Domain
    states: Mapping[str, Any] = field(default_factory=dict)

    def state(self, stream: str) -> Any:
        """The state of this stream now."""
        return self.states[stream] if stream in self.states else self.domain.start(stream)

    def given(self, facts: Iterable[tuple[str, Fact]]) -> Self:
        """These facts have happened as well, each in its stream."""
        states = dict(self.states)
        for stream, fact in facts:
            states[stream] = self.domain.evolve(states.get(stream, self.domain.start(stream)), fact)
        return type(self)(self.domain, states)

    def when(self, command: Command) -> Decision:
        """The facts, each with its stream, that this command leads to. Raises `Refused`."""
        return self.domain.decide(command, {stream: self.state(stream) for stream in command.streams})

    def after(self, *commands: Command) -> Self:
        """These commands were carried out one after the other. Raises `Refused`."""
        scenario = self
        for command in commands:
            scenario = scenario.given(scenario.when(command))
        return scenario

    def refused(self, command: Command) -> Refused:
        """The refusal of this command; an assertion fails if it is not refused."""
        try:
            facts = self.when(command)
        except Refused as refusal:
            return refusal
        raise AssertionError(f"not refused, but {facts}")
