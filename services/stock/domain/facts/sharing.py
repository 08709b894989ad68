"""What can happen when what is not enough for all is divided: it is simulated, and somebody else approves it."""

from datetime import date

import msgspec

from services.stock.domain.facts.words import Item
from shared.decider import Fact


class ShareLine(msgspec.Struct, frozen=True):
    """What was known of one office when it was simulated, and what it would be given: all in pieces but for times.

    `daily_use` is in thousandths of a piece. `in_transit` is on its way to the office, or promised;
    `backlog` are cards it owes; `floor` is its critical threshold. `quantity` = `for_floor` +
    `for_backlog` + `for_cover`. Cover is in tenths of a day, None if no use is known. `last_move` is
    the entry of its book's last movement that was not printing's.
    """

    office: str
    onboard: bool
    last_move: int
    on_hand: int
    available: int
    in_transit: int
    backlog: int
    daily_use: int
    floor: int
    quantity: int
    for_floor: int
    for_backlog: int
    for_cover: int
    cover_before: int | None
    cover_after: int | None


class SharesSimulated(Fact, frozen=True, kw_only=True):
    """So `office` would divide what it has. `last_move` and `set_aside` are of its own book then."""

    office: str
    item: Item
    simulation: str
    quantity: int
    last_move: int
    available: int
    set_aside: int
    lines: tuple[ShareLine, ...]
    simulated_by: str


class SharesApproved(Fact, frozen=True, kw_only=True):
    """What was simulated is promised, under one allocation for each office that is given anything."""

    office: str
    item: Item
    simulation: str
    batch: str
    quantity: int
    allocations: int
    promised_on: date
    reason: str
    approved_by: str


SharingFact = SharesSimulated | SharesApproved
