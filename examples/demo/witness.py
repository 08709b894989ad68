"""An independent witness: reads topics of Blanko from their beginning, and holds them against what was done."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

MOVES = {
    "BlanksReceived": 1,
    "BlanksDispatched": -1,
    "BlankUsed": -1,
    "BlankSpoiled": -1,
    "BlanksReportedLost": -1,
    "VarianceRecorded": 1,
}
"""What each fact does with its quantity to the blanks on hand."""

PROMISED = {
    "stock": {
        *MOVES,
        "MovementReversed",
        "BlanksMoved",
        "BlanksDestroyed",
        "DestructionOverdue",
        "StockCounted",
        "DiscrepancyFound",
        "DiscrepancyExplained",
        "BookClosed",
        "BlanksReserved",
        "ReservationRefused",
        "ReservationReleased",
        "DailyUseEstimated",
        "StockLow",
        "StockRecovered",
        "ReliefProposed",
        "ReplenishmentRequested",
        "ReplenishmentForwarded",
        "AllocationApproved",
        "AllocationDeclined",
        "AllocationReleased",
        "ConsignmentAnnounced",
        "ConsignmentOverdue",
        "LoanGranted",
        "LoanReturned",
        "LoanOverdue",
        "CanarySung",
    },
    "printing": {
        "CardPrinted",
        "CardSpoiled",
        "CardHandedOver",
        "OldCardWithdrawn",
        "RibbonChanged",
        "PrintDebtChanged",
        "PrintDebtUnexplained",
    },
    "outreach": {
        "VisitEquipmentRequested",
        "VisitClosed",
        "VisitMonthsErased",
        "RecordingPrintReady",
        "DemandForecast",
    },
    "notify": {
        "EscalationOpened",
        "EscalationClimbed",
        "EscalationAcknowledged",
        "EscalationDeclined",
        "EscalationHandedBack",
        "EscalationClosed",
        "EscalationResolved",
        "NoticeSent",
    },
}
"""What is on the topics. Other facts that HTTP answers with are kept by their service."""


class NotAsItShouldBe(Exception):
    """Something that should have happened did not, or not once, or not in order."""


@dataclass(frozen=True, slots=True)
class Event:
    """A message, as anybody can read it."""

    topic: str
    id: str
    type: str
    office: str
    sequence: int
    position: int
    recorded_at: datetime
    body: dict[str, Any]


async def read(bootstrap_servers: str, topics: Iterable[str]) -> dict[str, list[Event]]:
    """Everything on these topics at this moment, by topic, in order."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, 0) for topic in topics]
        ends = await consumer.end_offsets(partitions)
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        events: dict[str, list[Event]] = {partition.topic: [] for partition in partitions}
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for partition, records in (await consumer.getmany(timeout_ms=250)).items():
                events[partition.topic] += map(_event, records)
        return events
    finally:
        await consumer.stop()


def _event(record: Any) -> Event:
    headers = {name: value.decode() for name, value in record.headers}
    return Event(
        topic=record.topic,
        id=headers["ce_id"],
        type=headers["ce_type"].split(".")[-2],
        office=headers["ce_subject"],
        sequence=int(headers["ce_sequence"]),
        position=int(headers["ce_position"]),
        recorded_at=datetime.fromisoformat(headers["ce_recordedtime"]),
        body=json.loads(record.value),
    )


def in_time(events: Mapping[str, Sequence[Event]]) -> list[Event]:
    """The events of several topics in the order in which they were recorded."""
    every = [event for on_topic in events.values() for event in on_topic]
    return sorted(every, key=lambda event: (event.recorded_at, event.position))


def check_order(events: Sequence[Event]) -> None:
    """A topic has each number once, from 1, without a gap. Raises `NotAsItShouldBe`, as all checks do."""
    for expected, event in enumerate(events, start=1):
        require(event.sequence == expected, f"{event.topic}: {event.sequence} where {expected} should be")


def check_answered(events: Iterable[Event], answered: Iterable[tuple[str, dict[str, Any]]]) -> None:
    """Each promised fact that HTTP answered with is on its topic exactly once, word for word."""
    found = Counter(_words(event.body) for event in events)
    for service, fact in answered:
        words = _words(fact)
        require(fact["type"] not in PROMISED[service] or found[words] == 1, f"{found[words]} times on Kafka: {words}")


def check_sums(events: Iterable[Event]) -> None:
    """The `on_hand` of a stock fact is the one before it, and what moved since, in the order of its topic."""
    on_hand: Counter[tuple[str, str]] = Counter()
    for event in events:
        if "on_hand" not in event.body:
            continue
        book = (event.office, event.body["item"])
        if event.type in MOVES and event.body["location"] is not None:
            on_hand[book] += MOVES[event.type] * event.body["quantity"]
        elif event.type == "MovementReversed":
            on_hand[book] += sum(quantity for _, _, quantity in event.body["changes"])
        says = event.body["on_hand"]
        require(says == on_hand[book], f"{event.id}: {says} on hand where {on_hand[book]} should be")


def check_cards(events: Sequence[Event], reported: Iterable[str], card: str, blank: str) -> None:
    """Each job reported is on Kafka once as `card`, and its blank once as `blank`, in the same order."""
    cards, blanks = ([event.body["job"] for event in events if event.type == name] for name in (card, blank))
    require(sorted(cards) == sorted(reported), f"{len(cards)} {card} are not those that were reported")
    require(blanks == cards, f"{blank} is not {card}, once each and in its order")


def require(held: bool, otherwise: str) -> None:
    """Raises `NotAsItShouldBe` with this sentence unless it held."""
    if not held:
        raise NotAsItShouldBe(otherwise)


def _words(body: dict[str, Any]) -> str:
    return json.dumps(body, sort_keys=True)
