"""Numbered blanks: who holds them, and what a receipt, a dispatch, a move or a card does to that.

Only a block's own facts say who holds its numbers; what happens to a range is told to each block
that it touches.
"""

from collections.abc import Iterable, Iterator

from services.stock.domain.facts import Condition, CustodyChanged, Item, SerialRange, serials_of
from services.stock.domain.state import Run, SerialBlock
from shared.decider import Decision, Refused, States


def known(states: States, item: Item, serials: SerialRange) -> Iterator[tuple[SerialRange, Run]]:
    """What is known of these numbers, in order; of a number that was never heard of, nothing."""
    for block, part in serials.blocks():
        numbers: SerialBlock = states[serials_of(item, serials, block)]
        for run in numbers.within(*part.numbers):
            yield serials.part(run.first, run.last), run


def changed(
    item: Item,
    serials: SerialRange,
    condition: Condition,
    office: str,
    place: str,
    *,
    because: str,
    reference: str,
    rivals: tuple[str, ...] = (),
) -> Decision:
    """From here on these numbers are in this condition: a fact for each block."""
    return [
        (
            serials_of(item, serials, block),
            CustodyChanged(
                office=office,
                item=item,
                serials=part,
                condition=condition,
                place=place,
                because=because,
                reference=reference,
                rivals=rivals,
            ),
        )
        for block, part in serials.blocks()
    ]


def require_held(states: States, item: Item, serials: SerialRange, office: str, location: str) -> None:
    """Raises `Refused` unless every one of these numbers is held here, free for use."""
    expected, last = serials.numbers
    for part, run in known(states, item, serials):
        first, end = part.numbers
        if first > expected:
            break
        if (run.condition, run.office, run.place) != ("HELD", office, location):
            raise Refused(
                "serials_not_held",
                "Not all of these numbers are held at this location.",
                serial=part.first,
                condition=run.condition,
                holder=run.holder,
            )
        expected = end + 1
    if expected <= last:
        missing = serials.part(expected, expected).first
        raise Refused("serials_not_held", "Not all of these numbers are held at this location.", serial=missing)


def claimed(
    states: States, item: Item, serials: SerialRange, *, expected: str | None
) -> dict[tuple[str, ...], list[SerialRange]]:
    """The parts of a range that arrived which somebody else holds, by that holder, who comes after older claims.

    What is in transit under the consignment `expected` is nobody else's.
    """
    rivals: dict[tuple[str, ...], list[SerialRange]] = {}
    for part, run in known(states, item, serials):
        if run.condition == "IN_TRANSIT" and run.place == expected:
            continue
        rivals.setdefault((*run.rivals, f"{run.holder} ({run.condition})"), []).append(part)
    return rivals


def pieces(ranges: Iterable[SerialRange]) -> int:
    """How many numbers these ranges hold together."""
    return sum(len(part) for part in ranges)
