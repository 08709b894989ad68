"""Where a journal and the services differ, a line each."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from examples.simulator.reckoned import Books
from examples.simulator.seen import Message, Seen

CARDS = ("KTP_WNI", "KTP_WNA", "KIA")
ARRIVED, OVER = ("PRINT_READY", "WAITING"), ("CLOSED", "CANCELLED", "NO_SHOW")
STAGES = {"ASKED_FOR_BLANKS": ("CONFIRMED", "EQUIPPED"), "STARTED": ("RUNNING",)}
"""What outreach may call it, where that is another word."""
NAMED = 5
"""Of each kind of difference so many are named."""


def differences(books: Books, seen: Seen) -> Iterator[str]:
    """Every difference, in an order that begins with what a reader would look at first."""
    told = defaultdict[str, list[Message]](list)
    for message in seen.messages:
        told[message.type].append(message)
    yield from _in_order(seen.messages)
    yield from _cards(books, told)
    yield from _blanks(books, told)
    yield from _balances(books, seen, told)
    yield from _roads(books, seen)
    yield from _visits(books, seen, told)
    yield from _queues(books, seen, told)
    yield from _escalations(seen, told)
    yield from _nation(books, seen)


def _in_order(messages: Iterable[Message]) -> Iterator[str]:
    last: dict[str, int] = {}
    for message in messages:
        if message.sequence != last.get(message.topic, 0) + 1:
            yield f"{message.topic}: message {message.sequence} follows {last.get(message.topic, 0)}"
        last[message.topic] = message.sequence


def _cards(books: Books, told: Mapping[str, list[Message]]) -> Iterator[str]:
    """Each card and each spoiled blank: once at the printer, once in printing's facts, once in stock's."""

    def of(kind: str, *names: str) -> Counter[tuple[str, ...]]:
        return Counter((each.office, *(each.body[name] for name in names)) for each in told[kind])

    used = [each for each in told["BlankUsed"] if each.body["item"] in CARDS]
    rolls = [each for each in told["BlankUsed"] if each.body["item"] == "RIBBON"]
    by_job = Counter((each.office, each.body["item"], each.body["job"]) for each in used)
    yield from _unlike("card", Counter(books.printed), "CardPrinted", of("CardPrinted", "item", "job"))
    yield from _unlike("card", Counter(books.printed), "BlankUsed", by_job)
    spoilt = of("CardSpoiled", "item", "job", "cause")
    yield from _unlike("spoiled blank", Counter(books.spoilt), "CardSpoiled", spoilt)
    yield from _unlike("ribbon", Counter(books.ribbons), "RibbonChanged", of("RibbonChanged", "ribbon"))
    rolls_used = Counter((each.office, each.body["job"]) for each in rolls)
    yield from _unlike("ribbon", Counter(books.ribbons), "BlankUsed", rolls_used)
    handed = of("CardHandedOver", "item", "job")
    yield from _unlike("hand-over", Counter(books.handed_over), "CardHandedOver", handed)
    withdrawn = of("OldCardWithdrawn", "item", "job")
    yield from _unlike("withdrawn card", Counter(books.withdrawn), "OldCardWithdrawn", withdrawn)


def _blanks(books: Books, told: Mapping[str, list[Message]]) -> Iterator[str]:
    """Blanks by cause, in sums."""
    spoiled, burned = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    for each in told["BlankSpoiled"]:
        spoiled[each.office, each.body["item"], each.body["cause"]] += each.body["quantity"]
    for each in told["BlanksDestroyed"]:
        for cause, pieces in each.body["by_cause"].items():
            burned[each.office, each.body["item"], cause] += pieces
    yield from _sums("spoiled", books.spoiled, "BlankSpoiled", spoiled)
    yield from _sums("destroyed", books.destroyed, "BlanksDestroyed", burned)
    yield from _sums("lost", books.lost, "BlanksReportedLost", _pieces(told["BlanksReportedLost"]))
    opening = [each for each in told["BlanksReceived"] if each.body["source"] == "OPENING"]
    procured = [each for each in told["BlanksReceived"] if each.body["source"] == "PROCUREMENT"]
    yield from _sums("opened with", books.opened, "BlanksReceived", _pieces(opening))
    yield from _sums("procured", books.procured, "BlanksReceived", _pieces(procured))
    counted = [each for each in told["VarianceRecorded"] if each.body["consignment"] is None]
    yield from _sums("variance", books.variance, "VarianceRecorded", _pieces(counted))


def _balances(books: Books, seen: Seen, told: Mapping[str, list[Message]]) -> Iterator[str]:
    """On hand, what waits for the fire, and the last balance that was told on Kafka."""
    on_hand = Counter({book: balance["on_hand"] for book, balance in seen.balances.items()})
    yield from _sums("on hand", books.on_hand, "stock", on_hand)
    awaiting = Counter[tuple[str, str]]()
    for (office, item, _), pieces in (books.spoiled - books.destroyed).items():
        awaiting[office, item] += pieces
    waits = Counter[tuple[str, str]]()
    for book, balance in seen.balances.items():
        waits[book] = sum(place["spoiled"] for place in balance["locations"])
    yield from _sums("awaiting destruction", awaiting, "stock", waits)
    for office, answer in seen.old_cards.items():
        for row in answer["items"]:
            book = (office, row["item"])
            here, burned = books.old_cards[book], books.old_cards_destroyed[book]
            if (here, burned) != (row["awaiting"], row["destroyed"]):
                there = f"{row['awaiting']} + {row['destroyed']}"
                yield f"old cards {_name(book)}: journal {here} + {burned}, stock {there} (waiting + destroyed)"


def _roads(books: Books, seen: Seen) -> Iterator[str]:
    """Sent = accepted + rejected + missing + in transit; asked, promised and received."""
    for name, box in books.consignments.items():
        row = seen.consignments[name]
        ours = (box.sent, box.accepted, box.rejected - box.back, box.missing, box.in_transit)
        theirs = tuple(row[part] for part in ("sent", "accepted", "rejected", "missing", "in_transit"))
        if ours != theirs:
            yield f"consignment {name}: journal {ours}, stock {theirs} (sent, accepted, rejected, missing, in transit)"
    for name, request in books.requests.items():
        row = seen.requests[name]
        here = (request.asked, request.promised, request.received)
        there = (row["asked"], row["promised"], row["received"])
        if here != there:
            yield f"request {name}: journal {here}, stock {there} (asked, promised, received)"
        if request.status == "CLOSED" != row["status"]:
            yield f"request {name}: journal CLOSED, stock {row['status']}"


def _visits(books: Books, seen: Seen, told: Mapping[str, list[Message]]) -> Iterator[str]:
    """Each visit as far as its team went, each recording once; what was kept for it is free, once, when it is over."""
    arrived = Counter(visit for _, visit, outcome in books.recordings.values() if outcome in ARRIVED)
    for name, (office, step) in books.visits.items():
        row = seen.visits[name]
        if row["stage"] not in STAGES.get(step, (step,)):
            yield f"visit {office} {name}: journal {step}, outreach {row['stage']}"
        if row["recorded"] != arrived[name]:
            yield f"visit {office} {name}: journal {arrived[name]} recorded, outreach {row['recorded']}"
    ready = Counter(name for name, (_, _, outcome) in books.recordings.items() if outcome == "PRINT_READY")
    heard = Counter(each.body["recording"] for each in told["RecordingPrintReady"])
    yield from _unlike("print ready recording", ready, "RecordingPrintReady", heard)
    over = Counter(name for name, (_, step) in books.visits.items() if step in OVER)
    yield from _unlike("visit that is over", over, "VisitClosed", Counter(e.body["visit"] for e in told["VisitClosed"]))
    kept = Counter[tuple[str, str, str]]()
    for kind, sign in (("BlanksReserved", 1), ("ReservationReleased", -1)):
        for each in told[kind]:
            kept[each.office, each.body["item"], each.body["visit"]] += sign * each.body["quantity"]
    reserved = Counter[tuple[str, str]]()
    for (office, item, visit), pieces in kept.items():
        reserved[office, item] += pieces
        if pieces < 0 or (pieces and visit in over):
            yield f"reservation {office} {item} {visit}: {pieces} are kept for a visit that is over, or freed twice"
    known = Counter({book: balance["reserved"] for book, balance in seen.balances.items()})
    yield from _sums("reserved", reserved, "stock", known)


def _queues(books: Books, seen: Seen, told: Mapping[str, list[Message]]) -> Iterator[str]:
    """Whoever asked and has no card is waiting; what printing owes is what stock believes it owes."""
    waiting = Counter[tuple[str, str]]()
    for office, answer in seen.queues.items():
        for item in answer["items"]:
            waiting[office, item["item"]] = sum(item["queued"].values())
    yield from _sums("waiting", books.waiting, "printing", waiting)
    owed: dict[tuple[str, str], int] = {}
    for each in told["PrintDebtChanged"]:
        owed[each.office, each.body["item"]] = each.body["owed"]
    for office, answer in seen.debts.items():
        for item in answer["items"]:
            book = (office, item["item"])
            known = seen.balances.get(book, {}).get("print_debt") or 0
            figures = (item["told"]["owed"], owed.get(book, 0), known)
            if len(set(figures)) > 1:
                yield f"debt {_name(book)}: printing told {figures[0]}, Kafka has {figures[1]}, stock {figures[2]}"


def _escalations(seen: Seen, told: Mapping[str, list[Message]]) -> Iterator[str]:
    """One for each episode that stock published: opened at its first level, resolved when it recovered, open else."""

    def episodes(kind: str) -> Counter[tuple[str, ...]]:
        return Counter({(each.office, each.body["item"], str(each.body["episode"])): 1 for each in told[kind]})

    low, recovered = episodes("StockLow"), episodes("StockRecovered")
    yield from _unlike("shortage", low, "EscalationOpened", episodes("EscalationOpened"), where="StockLow")
    resolved = episodes("EscalationResolved")
    yield from _unlike("recovery", recovered, "EscalationResolved", resolved, where="StockRecovered")
    for kind in ("EscalationOpened", "EscalationResolved"):
        counted = Counter((each.office, each.body["item"], str(each.body["episode"])) for each in told[kind])
        yield from (f"{kind} {_name(key)}: {number} times" for key, number in counted.items() if number > 1)
    open_here = Counter((row["office"], row["item"], str(row["episode"])) for row in seen.escalations)
    yield from _unlike("shortage", low - recovered, "open escalations", open_here, where="StockLow")
    levels: dict[tuple[str, str], str] = {}
    for each in sorted(told["StockLow"] + told["StockRecovered"], key=lambda each: (each.topic, each.sequence)):
        levels[each.office, each.body["item"]] = each.body.get("level", "OK")
    for book, balance in seen.balances.items():
        if balance["onboard"] and book[0] in _offices(low) and levels.get(book, "OK") != balance["level"]:
            yield f"level {_name(book)}: Kafka {levels.get(book, 'OK')}, stock {balance['level']}"


def _nation(books: Books, seen: Seen) -> Iterator[str]:
    """What the centre procured and the offices opened with is on hand, on the road, used, spoiled or explained."""
    for item in (*CARDS, "RIBBON"):
        there = _of(item, books.opened) + _of(item, books.procured)
        on_hand = sum(balance["on_hand"] for (_, of), balance in seen.balances.items() if of == item)
        boxes = [row for name, row in seen.consignments.items() if books.consignments[name].item == item]
        road = sum(row["in_transit"] + row["rejected"] for row in boxes)
        missing = sum(row["missing"] for row in boxes)
        used = sum(of == item for _, of, _ in books.printed) + (len(books.ribbons) if item == "RIBBON" else 0)
        spoiled = sum(pieces for (_, of, _), pieces in books.spoiled.items() if of == item)
        gone = _of(item, books.lost) - _of(item, books.variance) + missing
        if there != on_hand + road + used + spoiled + gone:
            parts = f"{on_hand} on hand + {road} on the road + {used} used + {spoiled} spoiled + {gone} gone"
            yield f"nation {item}: {there} opened with and procured, but {parts}"


def _unlike(
    what: str, ours: Counter[Any], whose: str, theirs: Counter[Any], where: str = "the journal"
) -> Iterator[str]:
    """Each thing that is here and not there, or more often."""
    for more, here, there in ((ours - theirs, where, whose), (theirs - ours, whose, where)):
        named = [_name(key) for key in list(more)[:NAMED]]
        named += ["…"] if len(more) > NAMED else []
        if more:
            yield f"{more.total()} {what}(s) in {here} and not in {there}: {', '.join(named)}"


def _sums(what: str, ours: Mapping[Any, int], whose: str, theirs: Mapping[Any, int]) -> Iterator[str]:
    for key in sorted(ours.keys() | theirs.keys()):
        if ours.get(key, 0) != theirs.get(key, 0):
            yield f"{what} {_name(key)}: journal {ours.get(key, 0)}, {whose} {theirs.get(key, 0)}"


def _pieces(messages: Iterable[Message]) -> Counter[tuple[str, str]]:
    sums = Counter[tuple[str, str]]()
    for each in messages:
        sums[each.office, each.body["item"]] += each.body["quantity"]
    return sums


def _of(item: str, sums: Mapping[tuple[str, str], int]) -> int:
    return sum(pieces for (_, of), pieces in sums.items() if of == item)


def _offices(keys: Iterable[tuple[str, ...]]) -> Collection[str]:
    return {key[0] for key in keys}


def _name(key: Any) -> str:
    return " ".join(key) if isinstance(key, tuple) else str(key)
