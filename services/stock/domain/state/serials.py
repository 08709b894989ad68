"""A block of an item's numbers: who holds which, the stream `serials/<item>/<letters and digits>/<block>`."""

from collections.abc import Iterator

import msgspec

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
        for run in self.runs:
            if run.last >= first and run.first <= last:
                yield msgspec.structs.replace(run, first=max(run.first, first), last=min(run.last, last))


def evolve_serials(block: SerialBlock, fact: CustodyChanged) -> SerialBlock:
    """The block after this fact: what it says of its numbers replaces what was known of them."""
    first, last = fact.serials.numbers
    changed = Run(first, last, fact.condition, fact.office, fact.place, fact.rivals)
    runs: list[Run] = []
    for run in sorted((*_around(block, first, last), changed), key=lambda run: run.first):
        if runs and runs[-1].last + 1 == run.first and runs[-1].same(run):
            runs[-1] = msgspec.structs.replace(runs[-1], last=run.last)
        else:
            runs.append(run)
    return SerialBlock(tuple(runs))


def _around(block: SerialBlock, first: int, last: int) -> Iterator[Run]:
    for run in block.runs:
        if run.first < first:
            yield msgspec.structs.replace(run, last=min(run.last, first - 1))
        if run.last > last:
            yield msgspec.structs.replace(run, first=max(run.first, last + 1))
