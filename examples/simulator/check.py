"""Compares a journal with the services that were played on: over HTTP, and with every message on Kafka.

    python -m examples.simulator.check play.jsonl

It believes neither side: what the journal adds up to is reckoned here, by the equations of the books, and shares no
code with the simulator but the journal's format. `STOCK_URL`, `PRINTING_URL`, `OUTREACH_URL`, `NOTIFY_URL`,
`KAFKA_BOOTSTRAP_SERVERS` and `TOKEN` (an auditor's of the nation) say where; left out, they are those of `make run`.
Exits with 1 and a line for each difference.
"""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from examples.simulator.compared import differences
from examples.simulator.journal import read
from examples.simulator.reckoned import reckon
from examples.simulator.seen import look

SHOWN = 200
USUAL = {"stock": 8001, "printing": 8002, "outreach": 8003, "notify": 8004}


def main() -> int:
    """The exit code: 0, the journal and the services say the same; 1, they do not; 2, the journal is none."""
    parser = argparse.ArgumentParser(prog="python -m examples.simulator.check")
    parser.add_argument("journal", type=Path)
    try:
        books = reckon(read(parser.parse_args().journal))
    except KeyError as missing:
        print(f"The journal tells of something that it did not begin with: {missing}", file=sys.stderr)
        return 2
    if books.lines is None:
        print("The journal has no end: whoever wrote it was interrupted.", file=sys.stderr)
        return 2
    addresses = {name: os.environ.get(f"{name.upper()}_URL", f"http://127.0.0.1:{p}") for name, p in USUAL.items()}
    bootstrap_servers = os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:19092")
    seen = asyncio.run(look(books, addresses, os.environ.get("TOKEN") or _own_token(), bootstrap_servers))
    found = list(differences(books, seen))
    for line in found[:SHOWN]:
        print(line)
    print(f"{books.told()}\n{len(seen.messages):,} messages. {len(found)} differences.")
    return 1 if found else 0


def _own_token() -> str:
    from deploy.local.paths import home
    from deploy.local.tokens import Issuer

    return Issuer(home() / "issuer").mint("simulator-check", "auditor", "00")


if __name__ == "__main__":
    sys.exit(main())
