"""A simulated month: what the journal says was done is what the services say, and nothing else; falsified, it shows."""

import asyncio
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.local.paths import ROOT
from deploy.local.stack import Ports
from examples.simulator.journal import read
from examples.simulator.play import Wish, of_provinces
from examples.simulator.stage import SimulatedStack, begin_of, staged

LONG = os.environ.get("BLANKO_LONG") == "1"
PAPUA_SELATAN = "93"
"""Four offices, 223 cards on an ordinary day: the fewest of a province that has a city's whole life."""
MONTH = Wish(of_provinces([PAPUA_SELATAN]), date(2024, 4, 1), 30, seed=7)
"""With Lebaran in its middle, and the rush after it."""

Lines = list[dict[str, Any]]


@dataclass(frozen=True)
class Played:
    """A play that is over: its journal, its stack, and what the checker is told of that."""

    journal: Path
    stack: SimulatedStack

    def verdict(self, journal: Path) -> tuple[int, str]:
        """The checker's exit code, and what it printed."""
        command = [sys.executable, "-m", "examples.simulator.check", str(journal)]
        environment = {**os.environ, **self.stack.environment_of_checks()}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr


def play(folder: Path, wish: Wish) -> Iterator[Played]:
    with SimulatedStack(folder, Ports.free(), begin_of(wish), lambda _: None) as stack:

        async def run() -> None:
            async with staged(stack, folder / "journal", wish, lambda _: None) as play:
                await play.run()

        asyncio.run(run())
        yield Played(folder / "journal", stack)


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    yield from play(tmp_path_factory.mktemp("month"), MONTH)


def falsified(month: Played, folder: Path, change: Callable[[Lines], None]) -> tuple[int, str]:
    lines = list(read(month.journal))
    change(lines)
    file = folder / "falsified"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return month.verdict(file)


def first(lines: Lines, kind: str) -> dict[str, Any]:
    return next(line for line in lines if line["kind"] == kind)


def test_a_months_journal_is_what_the_services_say_and_the_books_balance(month: Played) -> None:
    code, said = month.verdict(month.journal)
    assert (code, said.splitlines()[-1].endswith(" 0 differences.")) == (0, True), said


def test_a_months_journal_has_all_that_an_office_does(month: Played) -> None:
    kinds = Counter(line["kind"] for line in read(month.journal))
    done = {"ASKED", "PRINTED", "SPOILED", "RIBBON", "HANDED_OVER", "DROPPED", "DESTROYED", "OLD_CARDS_DESTROYED"}
    moved = {"REQUESTED", "VERIFIED", "FORWARDED", "APPROVED", "DISPATCHED", "RECEIVED", "PROCURED", "CLOSED"}
    assert done | moved | {"COUNTED", "VISIT", "RECORDED"} <= kinds.keys()
    assert kinds["DAY"] == MONTH.days
    assert kinds["PRINTED"] > 3_000


def test_a_card_more_in_the_journal_is_named(month: Played, tmp_path: Path) -> None:
    def one_more(lines: Lines) -> None:
        at = lines.index(first(lines, "PRINTED"))
        lines.insert(at + 1, {**lines[at], "job": "9d2f4f0a-0000-4000-8000-000000000001"})

    code, said = falsified(month, tmp_path, one_more)
    assert code == 1
    assert "card(s) in the journal and not in CardPrinted" in said
    assert "9d2f4f0a-0000-4000-8000-000000000001" in said
    assert "waiting 93." in said


def test_a_blank_less_in_the_journal_is_named(month: Played, tmp_path: Path) -> None:
    def one_less(lines: Lines) -> None:
        first(lines, "RECEIVED")["quantity"] -= 1

    code, said = falsified(month, tmp_path, one_less)
    assert code == 1
    assert "consignment " in said
    assert "request " in said


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("SPOILED", "CardSpoiled and not in the journal"),
        ("HANDED_OVER", "CardHandedOver and not in the journal"),
        ("RIBBON", "RibbonChanged and not in the journal"),
        ("OLD_CARDS_DESTROYED", "old cards 93."),
        ("DESTROYED", "destroyed 93."),
    ],
)
def test_a_line_that_is_left_out_is_named(kind: str, named: str, month: Played, tmp_path: Path) -> None:
    code, said = falsified(month, tmp_path, lambda lines: lines.remove(first(lines, kind)))
    assert (code, named in said) == (1, True), said


def test_a_journal_without_its_end_is_no_verdict(month: Played, tmp_path: Path) -> None:
    code, said = falsified(month, tmp_path, lambda lines: lines.remove(first(lines, "ENDED")))
    assert (code, "no end" in said) == (2, True)


def test_time_is_virtual_in_every_log_from_the_first_fact_on(month: Played) -> None:
    """Recorded in order, between the first morning and the last evening, and not after what it is about by a day."""
    before, after = begin_of(MONTH), begin_of(MONTH) + timedelta(days=MONTH.days)

    async def ask(url: str) -> tuple[datetime, datetime, int]:
        connection = await asyncpg.connect(url)
        try:
            row = await connection.fetchrow("select min(recorded_at), max(recorded_at) from events")
            ahead = await connection.fetchval(
                "select count(*) from events where occurred_at > recorded_at + interval '2 minutes'"
            )
        finally:
            await connection.close()
        assert row is not None
        return row[0], row[1], ahead

    for service, url in month.stack.superusers().items():
        earliest, latest, ahead = asyncio.run(ask(url))
        assert before <= earliest <= latest <= after, service
        assert ahead == 0, service


@pytest.mark.skipif(not LONG, reason="a long run: BLANKO_LONG=1")
def test_the_nations_days_are_what_the_services_say(tmp_path: Path) -> None:
    """514 offices at a hundredth of their load: each opens its books, asks, prints, and is compared."""
    wish = Wish(of_provinces([]), date(2024, 11, 4), 2, seed=5, scale=0.01)
    for played in play(tmp_path, wish):
        code, said = played.verdict(played.journal)
        assert code == 0, said
