"""What the rules of a receipt cost: one that all of them apply to, beside the same one as a plain ledger command.

The receipt is of a consignment that the centre announced for it, of 500 numbers that are in transit under its name and
that nobody else holds, of a known version, counted by two, at a place that is open. It leaves three facts in three
streams and two rows, and looks at a fourth stream.
"""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from bench.books import ITEM, LOCATION, Books, cities, opening
from bench.figures import Effort, Figure, Findings, Void, at_least, interleaved, measures, series
from bench.helper import Helper
from bench.log import Log, Record, connect
from bench.nation import common
from bench.server import Server
from bench.site import Site
from bench.web import CONNECTIONS, WARM_UP
from services.stock.domain import BLOCK, CENTRE, DispatchBlanks, OpenLocation, ReceiveBlanks, SerialRange
from shared.offices import offices

BOX = 500
"""Numbers of a consignment."""
A_SECOND = 5_000
"""More consignments than can be received in one."""
FACTS = 3
"""Of a receipt: it came, its numbers have another holder, its consignment is in."""
VERSION = "5.0"


@measures(
    Figure("stock_receipt_vs_ledger", at_least(0.7)),
    Figure("stock_receipt", unit="/s"),
    Figure("stock_plain_command", unit="/s"),
    Figure("stock_receipt_cpu", unit="µs"),
    Figure("stock_plain_command_cpu", unit="µs"),
)
def receipts(site: Site, effort: Effort) -> Findings:
    boxes = int((effort.seconds + WARM_UP) * A_SECOND)
    full, plain = Books(site, "receiving"), Books(site, "plain")
    asyncio.run(announce(full.owner_url, boxes))
    plan = site.folder / "full_receipts.json"
    plan.write_text(json.dumps(_receipts(site, boxes)))
    with Helper("bench.helpers.load", site.folder / "load.log") as generator:

        def mode(app: str, books: Books, facts: int, at_most: int | None) -> Any:
            books.kept()
            return partial(_fire, generator, site, app, books, plan, effort.seconds, facts, at_most)

        rounds = interleaved(
            {
                "receipt": mode("services.stock.main:app", full, FACTS, boxes),
                "plain": mode("bench.peers.plain:app", plain, 1, None),
            },
            effort.rounds,
        )
    return {
        "stock_receipt_vs_ledger": series([r["receipt"][0] / r["plain"][0] for r in rounds]),
        "stock_receipt": series([r["receipt"][0] for r in rounds]),
        "stock_plain_command": series([r["plain"][0] for r in rounds]),
        "stock_receipt_cpu": series([r["receipt"][1] for r in rounds]),
        "stock_plain_command_cpu": series([r["plain"][1] for r in rounds]),
    }


def _fire(
    generator: Helper,
    site: Site,
    app: str,
    books: Books,
    plan: Path,
    seconds: int,
    facts: int,
    at_most: int | None,
) -> tuple[float, float]:
    """Answers a second, and the server's CPU for each in µs.

    Each round is a new process: one that remembers the streams of the round before would decide every receipt twice.
    """
    books.reset()
    with Server(site, app, books.url) as server:
        cpu = server.cpu_seconds
        options = {"port": server.port, "connections": CONNECTIONS, "warm_up": WARM_UP, "seconds": seconds}
        said = generator.ask(plan=str(plan), **options)
        cpu = server.cpu_seconds - cpu
    answered = said["answered"]
    if said["failed"]:
        raise Void(f"{said['failed']} requests were not answered with 201; the first: {said['first_failure']}")
    if at_most is not None and answered > at_most:
        raise Void(f"{answered} receipts, and only {at_most} consignments: some were received twice")
    if books.facts() != answered * facts:
        raise Void(f"{answered} requests were answered, {books.facts()} facts are stored and not {facts} for each")
    return said["rate"], cpu / answered * 1e6


async def announce(url: str, boxes: int) -> None:
    """Every office is on board, with its store open, and the centre's boxes are on their way."""
    owner = await connect(url)
    log = Log(datetime.now(UTC))
    await log.write(owner, _announced(log, boxes))
    await owner.close()


def _announced(log: Log, boxes: int) -> Iterator[Record]:
    at, centre = log.at, offices().known(CENTRE)
    for office in (centre, *cities()):
        said = common(office.id, ITEM, at)
        place: Any = {"location": LOCATION, "kind": "STORE", "opened_on": at.date() - timedelta(days=1)}
        del said["item"]
        yield from log.carry_out(OpenLocation(**said, **place))
        yield from log.carry_out(opening(office, ITEM, at))
    here = common(CENTRE, ITEM, at) | {"location": LOCATION, "blank_version": VERSION}
    for first in range(0, boxes * BOX, BLOCK):
        serials, said = _serials(first, BLOCK), {"quantity": BLOCK, "source": "PROCUREMENT", "bast": "BAST-1"}
        yield from log.carry_out(ReceiveBlanks(**here, **said, serials=serials, counters=("p-1", "p-2")))
    for box in range(boxes):
        said = {"quantity": BOX, "serials": _serials(box * BOX, BOX), "promised_on": at.date() + timedelta(days=7)}
        yield from log.carry_out(DispatchBlanks(**here, **said, to=_office(box), consignment=_consignment(box)))


def _serials(first: int, count: int) -> SerialRange:
    return SerialRange(f"KTP{first:09}", f"KTP{first + count - 1:09}")


def _office(box: int) -> str:
    return cities()[box % len(cities())].id


def _consignment(box: int) -> str:
    return str(UUID(int=box))


def _receipts(site: Site, boxes: int) -> list[dict[str, Any]]:
    """Each consignment's, by the storekeeper of its office."""
    tokens = _tokens(site)
    asked = []
    for box in range(boxes):
        serials = _serials(box * BOX, BOX)
        body = {
            "item": ITEM,
            "location": LOCATION,
            "quantity": BOX,
            "source": "CENTRE",
            "bast": "BAST-470-2024",
            "counters": ["p-1", "p-2"],
            "serials": {"first": serials.first, "last": serials.last},
            "blank_version": VERSION,
            "consignment": _consignment(box),
        }
        asked.append({"path": f"/offices/{_office(box)}/receipts", "token": tokens[_office(box)], "body": body})
    return asked


def _tokens(site: Site) -> dict[str, str]:
    return {office.id: site.issuer.mint(f"storekeeper-{office.id}", "storekeeper", office.id) for office in cities()}
