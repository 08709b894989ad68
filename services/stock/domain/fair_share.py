"""How blanks that are not enough for all are divided: by the centre among offices, by a province among its own.

What an office has (available and in transit) counts towards its floor first, and then towards the cards it owes.
What it lacks of them is given in three parts, each only when the one before it is complete:

1. Floors. No office stops while another has plenty: each is brought up to its floor. While that takes more than
   there is, days of cover are equalised, so a floor that was set high brings an office nothing before the others have
   as many days. Floors of offices without known use come after those, in proportion to what is lacking.
2. Backlog. A card owed is a citizen who waits today, cover is for those of the days to come: one blank for each card
   owed that the office cannot print without going below its floor, in proportion to these where it is short.
3. Levelling. The rest lengthens the shortest cover first, up to a cover that is equal for all it reaches. Blanks for
   cards owed are no cover, and an office without known use gets none of this part. If no office has a known use,
   the stocks themselves are levelled.

Nobody's share shrinks because there is more to divide, which rounding to the largest remainder cannot promise (the
Alabama paradox). Therefore each piece has its turn whatever the quantity is: floors and levelling give the next piece
to the shortest cover, and proportions are rounded as Sainte-Laguë does, which favours neither large nor small. Equal
turns go to the office that owes more cards, then the one with the higher floor, the one with less, the lower id; so
one that is worse off in every respect, with the same use, never gets less.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec


class Need(msgspec.Struct, frozen=True):
    """What is known of an office that might be given blanks; nothing is negative but what is available."""

    office: str
    available: int
    """Pieces. Below zero, the book is in question and the shelf is taken to be empty."""
    daily_use: int
    """Thousandths of a piece a day; 0 if not known."""
    backlog: int
    """Cards owed to citizens, one piece each."""
    in_transit: int
    """Pieces on their way to it, and pieces promised."""
    floor: int
    """Pieces it should not be without: its critical threshold, which is `CRITICAL_DAYS` of use unless set."""

    @property
    def stock(self) -> int:
        return max(self.available, 0) + self.in_transit

    @property
    def lacking(self) -> int:
        """Pieces up to its floor."""
        return max(self.floor - self.stock, 0)

    @property
    def unprintable(self) -> int:
        """Cards owed for which there is no blank above the floor."""
        return min(self.backlog, max(self.floor + self.backlog - self.stock, 0))


class Share(msgspec.Struct, frozen=True):
    """What an office is given, in pieces: `quantity` = `floor` + `backlog` + `levelling`.

    Cover is in tenths of a day, rounded down: how long its stock, with what is in transit, lasts once
    the cards owed are printed. It is 0 while more is owed than is there, and None if no use is known.
    """

    office: str
    quantity: int
    floor: int
    backlog: int
    levelling: int
    cover_before: int | None
    cover_after: int | None


class Claim(NamedTuple):
    """An office's place in one part: the turn of its k-th piece, from 0, is (start + 2k) ÷ weight; the lowest is next.

    The turn is twice the days of cover before the piece if `start` is twice the stock and `weight` the
    use; with 1 and the size of the claim it is that of Sainte-Laguë's method.
    """

    start: int
    weight: int
    most: int


def divide(quantity: int, needs: Sequence[Need]) -> tuple[Share, ...]:
    """The shares of all offices, in order of their ids; they add up to `quantity` exactly.

    The order of `needs` does not matter. Raises ValueError if there is less than nothing or nobody to
    divide, or an office comes twice.
    """
    if quantity < 0 or (quantity and not needs):
        raise ValueError(f"{quantity} pieces cannot be divided among {len(needs)} offices")
    if len({need.office for need in needs}) < len(needs):
        raise ValueError("an office has one share")
    ranked = sorted(needs, key=by_want)
    urgent = fill(quantity, [floor_in_use(need) for need in ranked])
    left = quantity - sum(urgent)
    other = fill(left, [floor_without_use(need) for need in ranked])
    left -= sum(other)
    owed = fill(left, [in_proportion(need.unprintable) for need in ranked])
    left -= sum(owed)
    anyone = any(need.daily_use for need in ranked)
    rest = fill(left, [levelling(need, left, need.daily_use if anyone else 1) for need in ranked])
    shares = [
        share(need, floor_used + floor_unused, backlog, levelled)
        for need, floor_used, floor_unused, backlog, levelled in zip(ranked, urgent, other, owed, rest, strict=True)
    ]
    return tuple(sorted(shares, key=lambda share: share.office))


def by_want(need: Need) -> tuple[int, int, int, str]:
    return -need.backlog, -need.floor, need.stock, need.office


def floor_in_use(need: Need) -> Claim:
    return Claim(2 * need.stock, need.daily_use, need.lacking if need.daily_use else 0)


def floor_without_use(need: Need) -> Claim:
    return in_proportion(0 if need.daily_use else need.lacking)


def in_proportion(claimed: int) -> Claim:
    return Claim(1, claimed, claimed)


def levelling(need: Need, left: int, weight: int) -> Claim:
    """From what it has when its floor and the cards it owes are provided for."""
    return Claim(2 * max(need.floor, need.stock - need.backlog), weight, left if weight else 0)


def fill(quantity: int, claims: Sequence[Claim]) -> list[int]:
    """Pieces for each claim, by their turns until `quantity` is gone, and no claim more than its most.

    Of claims whose turn is the same, the earlier in the sequence comes first. Takes as many steps as a
    turn has binary digits, however large the quantity.
    """
    if quantity >= sum(claim.most for claim in claims):
        return [claim.most for claim in claims]
    # Different fractions with denominators up to n are at least 1/n² apart, so whole numbers can tell them apart.
    scale = max(claim.weight for claim in claims if claim.most) ** 2
    reached, beyond = 0, 1 + max((start + 2 * most) * scale // weight for start, weight, most in claims if most)
    while beyond - reached > 1:
        turn = (reached + beyond) // 2
        if sum(before(turn, scale, claims)) <= quantity:
            reached = turn
        else:
            beyond = turn
    given, next_turn = before(reached, scale, claims), before(beyond, scale, claims)
    waiting = [place for place, pieces in enumerate(given) if next_turn[place] > pieces]
    for place in waiting[: quantity - sum(given)]:
        given[place] += 1
    return given


def before(turn: int, scale: int, claims: Sequence[Claim]) -> list[int]:
    """How many pieces of each claim come before turn ÷ scale."""
    return [
        max(0, min(most, (-(-turn * weight // scale) - start + 1) // 2)) if most else 0
        for start, weight, most in claims
    ]


def share(need: Need, floor: int, backlog: int, levelled: int) -> Share:
    quantity = floor + backlog + levelled
    return Share(
        office=need.office,
        quantity=quantity,
        floor=floor,
        backlog=backlog,
        levelling=levelled,
        cover_before=cover(need.stock - need.backlog, need.daily_use),
        cover_after=cover(need.stock - need.backlog + quantity, need.daily_use),
    )


def cover(pieces: int, daily_use: int) -> int | None:
    """In tenths of a day, rounded down; None when no use is known."""
    return max(pieces, 0) * 10_000 // daily_use if daily_use else None
