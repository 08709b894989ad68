"""What a figure is: its name, its goal, and the rounds it was measured in.

An experiment measures one or more figures. It runs its modes side by side in every round, so that whatever else
the machine does meets all of them alike; a figure's value is the median of its rounds, unless it says otherwise.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from bench.site import Site

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure must reach."""

    sign: str
    value: float
    most: float | None = None

    def met(self, value: float) -> bool:
        if self.most is not None:
            return self.value <= value <= self.most
        return value >= self.value if self.sign == "≥" else value <= self.value

    def __str__(self) -> str:
        return f"{self.sign} {self.value:g}" if self.most is None else f"{self.value:g} – {self.most:g}"


def at_least(value: float) -> Goal:
    return Goal("≥", value)


def at_most(value: float) -> Goal:
    return Goal("≤", value)


def between(least: float, most: float) -> Goal:
    return Goal("–", least, most)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. A figure without a goal is reported beside those that have one."""

    name: str
    goal: Goal | None = None
    unit: str = "ratio"


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: `rounds` of every mode, `seconds` each; and the events of a long past."""

    rounds: int
    seconds: int
    events: int = 5_000_000


@dataclass(frozen=True, slots=True)
class Series:
    """A figure's rounds. `void` says why they do not count, if they do not."""

    rounds: Sequence[float]
    value: float
    void: str | None = None


class Void(Exception):
    """What was measured is not what should have been: the experiment's figures do not count."""


Findings = Mapping[str, Series]
Experiment = Callable[["Site", Effort], Findings]


def series(rounds: Sequence[float], void: str | None = None) -> Series:
    """Rounds of which the median counts."""
    return Series(rounds, median(rounds), void)


@dataclass(frozen=True, slots=True)
class Measurement:
    """An experiment and the figures it measures."""

    figures: tuple[Figure, ...]
    run: Experiment


MEASUREMENTS: list[Measurement] = []


def measures(*figures: Figure) -> Callable[[Experiment], Experiment]:
    """Names the figures that an experiment's findings are."""

    def register(experiment: Experiment) -> Experiment:
        MEASUREMENTS.append(Measurement(figures, experiment))
        return experiment

    return register


def interleaved(modes: Mapping[str, Callable[[], T]], rounds: int) -> list[dict[str, T]]:
    """Runs every mode once a round, each round beginning with another one."""
    names = list(modes)
    found = []
    for number in range(rounds):
        first = number % len(names)
        found.append({name: modes[name]() for name in names[first:] + names[:first]})
    return found
