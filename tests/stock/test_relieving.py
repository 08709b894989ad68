"""When stock is low, those who could help are named: the buffer, then neighbours, nearest first."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from services.stock.domain import NotePrintDebt, ProposeRelief, ReliefLine, ReliefProposed, StockLow
from services.stock.reactions import due
from services.stock.views import project
from shared.clock import Deadline
from shared.decider import Row
from shared.testing import Scenario
from tests.stock.bengkulu import BENGKULU, BOOK, WHEN, allocation, card, count, facts, holding, receipt

LOW: dict[str, Any] = WHEN | {"office": BENGKULU, "episode": 1, "level": "CRITICAL"}
TENGAH, SELUMA = "17.09", "17.05"
NOW = datetime(2024, 11, 4, 17, 30, tzinfo=UTC)


def relief(**but: Any) -> ProposeRelief:
    return ProposeRelief(**LOW | {"province": ("17", 3.2), "neighbours": ((TENGAH, 19.6), (SELUMA, 45.1))} | but)


def proposed(scenario: Scenario) -> ReliefProposed:
    [fact] = facts(scenario.when(relief()))
    assert isinstance(fact, ReliefProposed)
    return fact


low = holding(700)
helped = low.after(
    count(800, office="17", daily_use_default=1_000),
    allocation(300, office=TENGAH, from_office="17"),
    count(650, office=TENGAH, daily_use_default=45_000),
    count(2_000, office=SELUMA, daily_use_default=75_000),
)


def test_the_buffer_is_named_first_and_no_lender_runs_low() -> None:
    fact = proposed(helped)
    assert (fact.wanted, fact.covered, fact.available) == (981, 981, 700)
    assert fact.lines == (
        ReliefLine("17", 500, available=800, stays_with=300, threshold=None, distance_km=3),
        ReliefLine(TENGAH, 199, available=650, stays_with=451, threshold=450, distance_km=20),
        ReliefLine(SELUMA, 282, available=2_000, stays_with=1_718, threshold=750, distance_km=45),
    )


def test_that_nobody_can_help_is_said() -> None:
    fact = proposed(low)
    assert (fact.lines, fact.wanted, fact.covered) == ((), 981, 0)


def test_one_that_was_never_counted_or_is_in_question_is_not_named() -> None:
    uncounted = low.after(receipt(9_000, office="17"), receipt(9_000, office=TENGAH))
    assert proposed(uncounted).lines == ()
    counted = low.after(count(9_000, office=TENGAH, daily_use_default=45_000))
    assert [line.office for line in proposed(counted).lines] == [TENGAH]
    in_question = counted.after(card(office=TENGAH, location="mall"))
    assert proposed(in_question).lines == ()


def test_nothing_is_proposed_once_the_level_has_changed() -> None:
    assert helped.when(relief(level="LOW")) == []
    assert helped.when(relief(episode=2)) == []
    assert low.after(receipt(9_000)).when(relief()) == []


def deadlines(rows: Any) -> list[Row]:
    return [row for row in rows if row.table == "deadlines" and row.values["kind"] == "relief"]


def left(office: str) -> list[Row]:
    """What a shortage at this office leaves to be looked at."""
    scenario = Scenario(low.domain).after(count(1, office=office))
    fact = facts(Scenario(low.domain).when(count(1, office=office)))[-1]
    assert isinstance(fact, StockLow)
    stream = f"office/{office}/KTP_WNI"
    return deadlines(project(stream, fact, scenario.state(stream)))


def test_each_change_of_level_asks_once_and_at_once() -> None:
    [row] = left(BENGKULU)
    assert row.values is not None
    assert row.values["due"] < NOW
    assert (row.key, row.values["data"]) == ((f"{BOOK}/relief/1/CRITICAL",), "1/CRITICAL")
    assert left("17") == left("00") == [], "a buffer is filled by the centre"


def test_the_province_and_the_nearest_neighbours_are_asked_as_of_now() -> None:
    [row] = left(BENGKULU)
    assert row.values is not None
    command = due(Deadline(**row.values), NOW, False)
    assert isinstance(command, ProposeRelief)
    assert (command.occurred_at, command.day.isoformat()) == (NOW, "2024-11-05"), "00.30 WIB"
    assert (command.item, command.episode, command.level) == ("KTP_WNI", 1, "CRITICAL")
    assert command.province[0] == "17" and len(command.neighbours) == 8
    distances = [km for _, km in command.neighbours]
    assert distances == sorted(distances)
    assert BENGKULU not in dict(command.neighbours)


def test_a_proposal_is_the_newest_of_its_level() -> None:
    after = helped.after(NotePrintDebt(**WHEN, office=BENGKULU, owed=4))
    fact = proposed(after)
    rows = [row for row in project(BOOK, fact, after.after(relief()).state(BOOK)) if row.table == "relief_proposals"]
    [row] = rows
    assert row.key == (BENGKULU, "KTP_WNI", 1, "CRITICAL")
    assert row.values is not None and row.values["entry"] == after.state(BOOK).entry + 1
    assert msgspec.json.decode(msgspec.json.encode(row.values["lines"]))[0]["office"] == "17"
