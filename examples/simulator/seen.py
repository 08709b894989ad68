"""What the services say, to an auditor over HTTP and to everybody on Kafka."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx2
from aiokafka import AIOKafkaConsumer, TopicPartition

from examples.simulator.reckoned import Books

SERVICES = ("stock", "printing", "outreach", "notify")
AT_ONCE = 16


class Message(NamedTuple):
    """Who told what of whom. `body` is the fact."""

    topic: str
    sequence: int
    type: str
    office: str
    body: dict[str, Any]


@dataclass
class Seen:
    """The answers, by what they are of."""

    balances: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    queues: dict[str, dict[str, Any]] = field(default_factory=dict)
    debts: dict[str, dict[str, Any]] = field(default_factory=dict)
    old_cards: dict[str, dict[str, Any]] = field(default_factory=dict)
    consignments: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: dict[str, dict[str, Any]] = field(default_factory=dict)
    visits: dict[str, dict[str, Any]] = field(default_factory=dict)
    escalations: list[dict[str, Any]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


async def look(books: Books, addresses: Mapping[str, str], token: str, bootstrap_servers: str) -> Seen:
    """Asks for everything that the books know of. Raises what the wire raises."""
    seen, turn = Seen(), asyncio.Semaphore(AT_ONCE)
    provinces = sorted({office.partition(".")[0] for office in books.offices})
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}, timeout=60.0) as http:

        async def ask(service: str, path: str, **query: str) -> dict[str, Any]:
            async with turn:
                response = await http.get(addresses[service] + path, params=query)
            response.raise_for_status()
            answer: dict[str, Any] = response.json()
            return answer

        async def pages(service: str, path: str, name: str, **query: str) -> list[dict[str, Any]]:
            page = await ask(service, path, limit="200", **query)
            found: list[dict[str, Any]] = page[name]
            while page["next"]:
                page = await ask(service, path, limit="200", cursor=page["next"], **query)
                found += page[name]
            return found

        for office in await pages("stock", "/balances", "balances"):
            seen.balances |= {(office["office"], item["item"]): item for item in office["items"]}
        seen.escalations = await pages("notify", "/escalations", "escalations")

        async def of_office(office: str) -> None:
            seen.queues[office] = await ask("printing", f"/offices/{office}/queue")
            seen.debts[office] = await ask("printing", f"/offices/{office}/debt")
            seen.old_cards[office] = await ask("stock", f"/offices/{office}/old-cards")

        async def of_consignment(name: str) -> None:
            seen.consignments[name] = await ask("stock", f"/consignments/{name}")

        async def of_request(name: str) -> None:
            office = books.requests[name].office
            seen.requests[name] = await ask("stock", f"/offices/{office}/replenishments/{name}")

        async def of_visit(name: str) -> None:
            office, _ = books.visits[name]
            seen.visits[name] = await ask("outreach", f"/offices/{office}/visits/{name}")

        await asyncio.gather(*map(of_office, books.offices))
        await asyncio.gather(*map(of_visit, books.visits))
        await asyncio.gather(*map(of_consignment, books.consignments))
        await asyncio.gather(*map(of_request, books.requests))
    seen.messages = await _messages(bootstrap_servers, ["00", *provinces])
    return seen


async def _messages(bootstrap_servers: str, provinces: list[str]) -> list[Message]:
    """All that lies on the topics of these provinces, topic by topic."""
    topics = [TopicPartition(f"blanko.{province}.{service}", 0) for province in provinces for service in SERVICES]
    # Not by seeking: that races with the consumer's own first look at where it stands.
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap_servers, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        consumer.assign(topics)
        ends = {topic: end for topic, end in (await consumer.end_offsets(topics)).items() if end}
        found: list[Message] = []
        while ends:
            for topic, records in (await consumer.getmany(timeout_ms=500)).items():
                found += [_message(topic.topic, record) for record in records]
            ends = {topic: end for topic, end in ends.items() if await consumer.position(topic) < end}
        return found
    finally:
        await consumer.stop()


def _message(topic: str, record: Any) -> Message:
    headers = {name: value.decode() for name, value in record.headers}
    kind = headers["ce_type"].split(".")[-2]
    return Message(topic, int(headers["ce_sequence"]), kind, headers["ce_subject"], json.loads(record.value))
