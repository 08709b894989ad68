"""The books as a journal has them, reckoned line by line."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

QUEUED = ("QUEUED", "OWED")

Card = tuple[str, str, str]
"""Office, item, job."""


@dataclass
class Consignment:
    """Sent = accepted + rejected + missing + still in transit; `back` of the rejected ones are with their sender."""

    sender: str
    receiver: str
    item: str
    sent: int
    accepted: int = 0
    rejected: int = 0
    missing: int = 0
    back: int = 0

    @property
    def in_transit(self) -> int:
        return self.sent - self.accepted - self.rejected - self.missing


@dataclass
class Request:
    """Asked for, promised and received, which are three things."""

    office: str
    item: str
    asked: int
    promised: int = 0
    received: int = 0
    status: str = "REQUESTED"


@dataclass
class Books:
    """Everything by office and item; pieces."""

    on_hand: Counter[tuple[str, str]] = field(default_factory=Counter)
    opened: Counter[tuple[str, str]] = field(default_factory=Counter)
    procured: Counter[tuple[str, str]] = field(default_factory=Counter)
    lost: Counter[tuple[str, str]] = field(default_factory=Counter)
    variance: Counter[tuple[str, str]] = field(default_factory=Counter)
    spoiled: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    destroyed: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    waiting: Counter[tuple[str, str]] = field(default_factory=Counter)
    old_cards: Counter[tuple[str, str]] = field(default_factory=Counter)
    old_cards_destroyed: Counter[tuple[str, str]] = field(default_factory=Counter)
    printed: list[Card] = field(default_factory=list)
    spoilt: list[tuple[str, str, str, str]] = field(default_factory=list)
    handed_over: list[Card] = field(default_factory=list)
    withdrawn: list[Card] = field(default_factory=list)
    ribbons: list[tuple[str, str]] = field(default_factory=list)
    recordings: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    visits: dict[str, tuple[str, str]] = field(default_factory=dict)
    consignments: dict[str, Consignment] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)
    of_request: dict[str, str] = field(default_factory=dict)
    """By consignment."""
    offices: list[str] = field(default_factory=list)
    days: int = 0
    lines: int | None = None
    """As the last line says; None while there is none."""

    def told(self) -> str:
        """The journal in a sentence."""
        return (
            f"{self.days} days of {len(self.offices)} offices: {len(self.printed):,} cards,"
            f" {sum(self.spoiled.values()):,} blanks spoiled, {len(self.consignments)} consignments,"
            f" {len(self.requests)} requests, {len(self.visits)} visits, {len(self.recordings):,} recordings."
        )


def reckon(lines: Iterable[dict[str, Any]]) -> Books:
    """What the lines add up to. Raises KeyError for a line that is not as the format says."""
    books = Books()
    for line in lines:
        _add(books, line)
    return books


def _add(books: Books, line: dict[str, Any]) -> None:
    kind, office, item = line["kind"], line.get("office", ""), line.get("item", "")
    book, pieces = (office, item), line.get("quantity", 0)
    match kind:
        case "BEGAN":
            books.offices = line["offices"]
        case "OPENED":
            books.on_hand[book] += pieces
            books.opened[book] += pieces
        case "PROCURED":
            books.on_hand[book] += pieces
            books.procured[book] += pieces
        case "ASKED":
            books.waiting[book] += sum(outcome in QUEUED for outcome in line["jobs"].values())
        case "PRINTED":
            books.on_hand[book] -= 1
            books.waiting[book] -= 1
            books.printed.append((*book, line["job"]))
        case "SPOILED":
            books.on_hand[book] -= 1
            books.spoiled[*book, line["cause"]] += 1
            books.spoilt.append((*book, line["job"], line["cause"]))
        case "RIBBON":
            books.on_hand[office, "RIBBON"] -= 1
            books.ribbons.append((office, line["ribbon"]))
        case "HANDED_OVER":
            books.handed_over.append((*book, line["job"]))
            if line["old_card"]:
                books.withdrawn.append((*book, line["job"]))
                books.old_cards[book] += 1
        case "DROPPED":
            books.on_hand[book] -= pieces
            books.spoiled[*book, line["cause"]] += pieces
        case "LOST":
            books.on_hand[book] -= pieces
            books.lost[book] += pieces
        case "COUNTED":
            books.variance[book] += line["counted"] - books.on_hand[book]
            books.on_hand[book] = line["counted"]
        case "DESTROYED":
            for cause, burned in line["by_cause"].items():
                books.destroyed[*book, cause] += burned
        case "OLD_CARDS_DESTROYED":
            books.old_cards[book] -= pieces
            books.old_cards_destroyed[book] += pieces
        case "RECORDED":
            for recording, outcome in line["recordings"].items():
                if recording not in books.recordings:
                    books.recordings[recording] = (office, line["visit"], outcome)
                    books.waiting[book] += outcome == "PRINT_READY"
        case "VISIT":
            books.visits[line["visit"]] = (office, line["step"])
        case "DAY":
            books.days += 1
        case "ENDED":
            books.lines = line["lines"]
        case "REFUSED":
            pass
        case _:
            _on_the_road(books, kind, line)


def _on_the_road(books: Books, kind: str, line: dict[str, Any]) -> None:
    match kind:
        case "REQUESTED":
            books.requests[line["request"]] = Request(line["office"], line["item"], line["quantity"])
        case "VERIFIED" | "FORWARDED" | "DECLINED" | "CLOSED":
            books.requests[line["request"]].status = kind
        case "FILLED" | "APPROVED":
            request = books.requests[line["request"]]
            request.status, request.promised = kind, request.promised + line["quantity"]
        case "DISPATCHED":
            sender, receiver, item, sent = line["sender"], line["receiver"], line["item"], line["quantity"]
            books.on_hand[sender, item] -= sent
            books.consignments[line["consignment"]] = Consignment(sender, receiver, item, sent)
            books.of_request[line["consignment"]] = line["request"]
        case "RECEIVED":
            box = books.consignments[line["consignment"]]
            box.accepted, box.rejected, box.missing = line["quantity"], line["rejected"], line["missing"]
            books.on_hand[line["office"], line["item"]] += line["quantity"]
            books.requests[books.of_request[line["consignment"]]].received += line["quantity"]
        case "RETURNED":
            books.consignments[line["consignment"]].back += line["quantity"]
            books.on_hand[line["office"], line["item"]] += line["quantity"]
        case _:
            raise KeyError(f"no kind of line is named {kind}")
