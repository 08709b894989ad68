"""Callers of the `eventsourcing` library within one process, a thread each.

Its best settings: a connection for each thread, kept for good and not pinged, prepared by psycopg; and the callers
hold their aggregates, so that nothing is ever loaded. An event is an office's receipt, with the fields ours has.
"""

import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from bench.helper import serve

AGGREGATES = 500
WARM_UP = 0.5


class Book(Aggregate):
    """An office's book of one item."""

    def __init__(self, office: str, item: str) -> None:
        self.office = office
        self.item = item
        self.on_hand = 0

    @event("BlanksReceived")
    def receive(self, quantity: int, location: str, source: str, bast: str, on_hand: int, available: int) -> None:
        self.on_hand = on_hand


class Bookkeeping(Application[UUID]):
    """The library's application: a repository and a way to save."""


def answer(url: str, database: str, callers: int, seconds: float) -> Mapping[str, Any]:
    """Saves a second in the window, and all events saved."""
    server = urlsplit(url)
    bookkeeping = Bookkeeping(
        {
            "PERSISTENCE_MODULE": "eventsourcing.postgres",
            "POSTGRES_DBNAME": database,
            "POSTGRES_HOST": server.hostname or "",
            "POSTGRES_PORT": str(server.port),
            "POSTGRES_USER": server.username or "",
            "POSTGRES_PASSWORD": unquote(server.password or ""),
            "POSTGRES_POOL_SIZE": str(callers),
            "POSTGRES_MAX_OVERFLOW": "0",
            "POSTGRES_MAX_WAITING": str(callers),
            "POSTGRES_PRE_PING": "n",
        }
    )
    books = [Book(f"{10_001 + n}", "KTP_WNI") for n in range(AGGREGATES)]
    bookkeeping.save(*books)
    saved = [0] * callers
    began = time.perf_counter() + WARM_UP
    until = began + seconds

    def call(number: int) -> None:
        own = books[number::callers]
        while time.perf_counter() < until:
            book = own[saved[number] % len(own)]
            on_hand = book.on_hand + 100
            book.receive(100, "gudang", "PROCUREMENT", "BAST-470-2024", on_hand, on_hand)
            bookkeeping.save(book)
            saved[number] += 1

    threads = [threading.Thread(target=call, args=(number,)) for number in range(callers)]
    for thread in threads:
        thread.start()
    time.sleep(max(began - time.perf_counter(), 0))
    before = sum(saved)
    time.sleep(until - time.perf_counter())
    during = sum(saved) - before
    for thread in threads:
        thread.join()
    bookkeeping.close()
    return {"rate": during / seconds, "saved": AGGREGATES + sum(saved)}


if __name__ == "__main__":
    serve(answer)
