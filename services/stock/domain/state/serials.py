"""A block of an item's numbers: who holds which, the stream `serials/<item>/<letters and digits>/<block>`."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from services.stock.domain.facts import Condition, CustodyChanged
from shared.decider import State


class Run(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Consecutive numbers, both ends included, of which the same is known."""

    first: int
    last: int
    condition: Condition
    office: str
    place: str
    rivals: tuple[str, ...] = ()

    @property
    def holder(self) -> str:
        """The office and the place, as a person would name them."""
        return f"{self.office}/{self.place}"

    def same(self, other: "Run") -> bool:
        """Whether the same is known of both."""
        return (self.condition, self.office, self.place, self.rivals) == (
            other.condition,
            other.office,
            other.place,
            other.rivals,
        )


class SerialBlock(State, frozen=True):
    """Numbers that were heard of, in order; of those between them nothing is known."""

    runs: tuple[Run, ...] = ()

    def within(self, first: int, last: int) -> Iterator[Run]:
        """The known runs between these numbers, cut at both ends."""
        start = bisect_left(self.runs, first, key=lambda run: run.last)
        for run in self.runs[start:]:
            if run.first > last:
                return
            yield replace(run, first=max(run.first, first), last=min(run.last, last))


def evolve_serials(block: SerialBlock, fact: CustodyChanged) -> SerialBlock:
    """The block after this fact: what it says of its numbers replaces what was known of them."""
    first, last = fact.serials.numbers
    runs = block.runs
    # The runs that it touches, and those at its very ends, which may be of the same kind.
    start = bisect_left(runs, first - 1, key=lambda run: run.last)
    end = bisect_right(runs, last + 1, key=lambda run: run.first)
    merged: list[Run] = []
    for run in (
        *_before(runs[start:end], first),
        Run(first, last, fact.condition, fact.office, fact.place, fact.rivals),
        *_after(runs[start:end], last),
    ):
        if merged and merged[-1].last + 1 == run.first and merged[-1].same(run):
            merged[-1] = replace(merged[-1], last=run.last)
        else:
            merged.append(run)
    return SerialBlock((*runs[:start], *merged, *runs[end:]))


def _before(runs: tuple[Run, ...], first: int) -> Iterator[Run]:
    for run in runs:
        if run.first < first:
            yield replace(run, last=min(run.last, first - 1))


def _after(runs: tuple[Run, ...], last: int) -> Iterator[Run]:
    for run in runs:
        if run.last > last:
            yield replace(run, first=max(run.first, last + 1))
