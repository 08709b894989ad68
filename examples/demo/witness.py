"""An independent witness: reads topics of Blanko from their beginning, and holds them against what was done."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

MOVES = {"BlanksReceived": 1, "BlanksDispatched": -1, "BlankUsed": -1, "BlankSpoiled": -1, "VarianceRecorded": 1}
"""What each fact does to the blanks on hand."""


PROMISED = {
    "stock": {*MOVES, "ConsignmentAnnounced", "DiscrepancyFound", "StockLow", "StockRecovered", "AllocationApproved"},
    "printing": {"CardPrinted", "CardSpoiled"},
    "outreach": {"RecordingPrintReady"},
    "notify": {
        "EscalationOpened",
        "EscalationClimbed",
        "EscalationAcknowledged",
        "EscalationDeclined",
        "EscalationResolved",
        "NoticeSent",
    },
}
"""What is on the topics. Other facts that HTTP answers with are kept by their service."""


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


def out_of_order(events: Sequence[Event]) -> str | None:
    """What is wrong with the numbering of a topic: each number once, from 1, without a gap."""
    for expected, event in enumerate(events, start=1):
        if event.sequence != expected:
            return f"{event.topic}: {event.sequence} where {expected} should be"
    return None


def not_once(events: Iterable[Event], answered: Iterable[tuple[str, dict[str, Any]]]) -> str | None:
    """A promised fact that HTTP answered with and that is not on its topic exactly once, word for word."""
    found = Counter(_words(event.body) for event in events)
    for service, fact in answered:
        words = _words(fact)
        if fact["type"] in PROMISED[service] and found[words] != 1:
            return f"{found[words]} times on Kafka: {words}"
    return None


def _words(body: dict[str, Any]) -> str:
    return json.dumps(body, sort_keys=True)


def does_not_add_up(events: Iterable[Event]) -> str | None:
    """A stock fact whose `on_hand` is not the one before it, and what moved since; in the order of its topic."""
    on_hand: Counter[tuple[str, str]] = Counter()
    for event in events:
        if "on_hand" not in event.body:
            continue
        book = (event.office, event.body["item"])
        if event.type in MOVES and event.body.get("location") is not None:
            on_hand[book] += MOVES[event.type] * event.body["quantity"]
        if event.body["on_hand"] != on_hand[book]:
            return f"{event.id}: {event.body['on_hand']} on hand where {on_hand[book]} should be"
    return None
