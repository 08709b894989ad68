"""What stock wants to be woken for, and what it does then: nothing that no longer matters."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from deploy.local.postgres import ServiceDatabase
from services.stock.domain import (
    BlanksReceived,
    CheckConsignment,
    CheckDestruction,
    CheckLoan,
    CloseDay,
    DestroyBlanks,
    GrantLoan,
    ReleaseReservation,
    ReserveBlanks,
    ReverseMovement,
    StockCommand,
)
from services.stock.reactions import KINDS, due
from services.stock.service import STOCK
from services.stock.views import project
from shared.clock import Clock, Deadline
from shared.ledger import Context, Ledger
from shared.news import News
from shared.offices import offices
from shared.testing import Scenario
from tests.stock.bengkulu import (
    BENGKULU,
    BOOK,
    HERE,
    MONDAY,
    NOON,
    WHEN,
    card,
    centre_holding,
    consignment,
    count,
    holding,
    nothing,
    quiet,
    receipt,
    spoiled,
)

TUESDAY = date(2024, 11, 5)
MIDNIGHT = datetime(2024, 11, 4, 17, tzinfo=UTC)
"""Monday is over in Bengkulu, where it is seven hours later than in UTC."""


def waits(scenario: Scenario, command: StockCommand) -> list[Deadline]:
    """The deadlines that this command leaves."""

    def left() -> Iterator[Deadline]:
        after = scenario
        happened: list[tuple[str, Any]] = list(scenario.when(command))
        for stream, fact in happened:
            after = after.given([(stream, fact)])
            for row in project(stream, fact, after.state(stream)):
                if row.table == "deadlines" and row.values is not None:
                    yield Deadline(**row.values)

    return list(left())


def of_kind(found: Sequence[Deadline], kind: str) -> list[tuple[str, datetime]]:
    return [(wait.office, wait.due.astimezone(UTC)) for wait in found if wait.kind == kind]


def wish(until: datetime, visit: str = "v-1") -> ReserveBlanks:
    return ReserveBlanks(**WHEN, office=BENGKULU, visit=visit, quantity=100, until=until)


def loan(return_by: date) -> GrantLoan:
    said = {"office": BENGKULU, "lender": "17.01", "loan": "l-1", "quantity": 100, "return_by": return_by}
    return GrantLoan(**WHEN | said | {"requested_by": "p:dedi", "granted_by": "p:prov"})


lent = (
    count(500, office="17.01", daily_use_default=0),
    consignment(100, office="17.01", to=BENGKULU, loan="l-1"),
)


def test_the_first_card_of_a_day_waits_for_its_midnight_at_the_office_and_the_others_do_not() -> None:
    assert of_kind(waits(holding(5_000), card()), "day") == [(BENGKULU, MIDNIGHT)]
    assert waits(holding(5_000).after(card()), card()) == []
    assert of_kind(waits(holding(5_000), card(office="91.71")), "day") == [("91.71", MIDNIGHT - timedelta(hours=2))]
    assert of_kind(waits(holding(5_000).after(card()), card(day=TUESDAY)), "day") == [
        (BENGKULU, MIDNIGHT + timedelta(days=1))
    ]


def test_a_card_told_after_its_day_was_closed_waits_for_nothing_and_hides_no_later_day() -> None:
    closed = holding(5_000).after(card(), CloseDay(**WHEN, office=BENGKULU))
    assert waits(closed, card()) == []
    assert of_kind(waits(closed.after(card()), card(day=TUESDAY)), "day") == [(BENGKULU, MIDNIGHT + timedelta(days=1))]


def test_a_consignment_waits_for_the_end_of_its_promised_day_where_it_is_awaited() -> None:
    found = waits(centre_holding(10_000), consignment(100, to="91.71"))
    assert of_kind(found, "consignment") == [("91.71", datetime(2024, 11, 8, 15, tzinfo=UTC))]


def test_a_loan_waits_for_the_end_of_its_day_of_return() -> None:
    assert of_kind(waits(quiet(0), loan(TUESDAY)), "loan") == [(BENGKULU, MIDNIGHT + timedelta(days=1))]


def test_a_reservation_waits_for_its_own_moment_and_a_new_one_for_the_same_visit_replaces_it() -> None:
    evening = NOON + timedelta(hours=6)
    [first] = waits(quiet(500), wish(evening))
    assert (first.kind, first.due) == ("reservation", evening)
    again = quiet(500).after(wish(evening), ReleaseReservation(**WHEN, office=BENGKULU, visit="v-1", reason="CLOSED"))
    [second] = waits(again, wish(evening + timedelta(days=1)))
    assert second.key == first.key
    assert waits(quiet(500), wish(evening, "v-2"))[0].key != first.key


def burned(quantity: int) -> DestroyBlanks:
    said = {"minutes": "BAP-7/2024", "witnesses": ("p:a", "p:b"), "document_sha256": "ab" * 32, "recorded_by": "p:c"}
    return DestroyBlanks(**HERE | said | {"day": TUESDAY, "by_cause": {"MISPRINT": quantity}})


def test_the_first_spoiled_blank_waits_two_weeks_and_the_rest_after_a_destruction_again() -> None:
    after_two_weeks = MIDNIGHT + timedelta(days=14)
    assert of_kind(waits(quiet(500), spoiled()), "destruction") == [(BENGKULU, after_two_weeks)]
    one = quiet(500).after(spoiled())
    assert waits(one, spoiled()) == []
    two = one.after(spoiled())
    assert of_kind(waits(two, burned(1)), "destruction") == [(BENGKULU, after_two_weeks + timedelta(days=1))]
    assert waits(two, burned(2)) == []


@pytest.mark.parametrize(
    ("scenario", "command", "leads_to"),
    [
        (holding(5_000), card(), CloseDay),
        (quiet(500), spoiled(), CheckDestruction),
        (quiet(500), wish(NOON + timedelta(hours=6)), ReleaseReservation),
        (centre_holding(500), consignment(100), CheckConsignment),
        (quiet(500), loan(TUESDAY), CheckLoan),
    ],
)
def test_each_wait_leads_to_a_command_about_what_left_it(
    scenario: Scenario, command: StockCommand, leads_to: type[StockCommand]
) -> None:
    [wait] = [found for found in waits(scenario, command) if found.kind != "relief"]
    told = due(wait, wait.due, False)
    assert type(told) is leads_to
    assert (told.office, told.item, told.occurred_at) == (BENGKULU, "KTP_WNI", wait.due)
    assert wait.stream in told.streams
    happened = scenario.after(command, *(lent if leads_to is CheckLoan else ()))
    assert happened.when(told) != [], "at its moment it still matters"
    assert happened.after(told).when(told) == [], "and once is enough"


def test_the_night_closes_the_day_that_is_over_not_the_one_that_begins() -> None:
    [wait] = waits(holding(5_000), card())
    told = due(wait, wait.due, False)
    assert told.day == MONDAY
    assert holding(5_000).after(card(), card(day=TUESDAY)).when(told) == [], "Tuesday is not over"


def test_a_kind_that_nobody_looks_at_is_not_left() -> None:
    assert KINDS.keys() == {"day", "destruction", "reservation", "consignment", "loan", "relief", "canary"}


@pytest.fixture
async def engine(database: ServiceDatabase) -> Any:
    engine = create_async_engine(database.app_url)
    yield engine
    await engine.dispose()


@pytest.fixture
async def ledger(engine: AsyncEngine) -> Any:
    async with Ledger(STOCK, engine, lambda office, at: offices().topic("stock", office, at)) as ledger:
        yield ledger


def nothing_to_await(office: str, moment: datetime) -> Sequence[str]:
    return ()


@pytest.mark.anyio
async def test_what_is_due_is_looked_at_by_the_clock_and_then_gone(ledger: Ledger, engine: AsyncEngine) -> None:
    who = Context(subject="u", route="test")

    async def spoken(now: datetime) -> list[str]:
        before = await kinds()
        await Clock("stock", ledger, engine, due, News(), nothing_to_await, lambda: now).look()
        return (await kinds())[len(before) :]

    async def kinds() -> list[str]:
        async with engine.connect() as connection:
            return list((await connection.exec_driver_sql("select type from events order by position")).scalars())

    for command in (
        count(5_000, daily_use_default=0),
        count(9_000, office="00", daily_use_default=0),
        card(),
        spoiled(),
        wish(NOON + timedelta(hours=6)),
        consignment(100),
    ):
        await ledger.execute(command, who)
    assert await spoken(NOON + timedelta(hours=5)) == []
    assert await spoken(NOON + timedelta(hours=6)) == ["ReservationReleased"]
    assert await spoken(MIDNIGHT) == ["DailyUseEstimated"]
    assert await spoken(MIDNIGHT) == []
    assert await spoken(NOON + timedelta(days=5)) == ["ConsignmentOverdue", "ConsignmentOverdue"]
    await ledger.execute(receipt(100, consignment="c-1"), who)
    assert await spoken(MIDNIGHT + timedelta(days=14)) == ["DestructionOverdue"]
    async with engine.connect() as connection:
        left = (await connection.exec_driver_sql("select kind from deadlines")).scalars().all()
    assert left == []


def test_what_is_lent_after_its_day_of_return_is_looked_for_at_once() -> None:
    granted = nothing.after(count(500, office="17.01", daily_use_default=0), loan(MONDAY))
    late = consignment(100, office="17.01", to=BENGKULU, loan="l-1", now=NOON + timedelta(days=2))
    assert of_kind(waits(granted, late), "loan") == [(BENGKULU, MIDNIGHT)]


def test_a_consignment_of_which_something_is_on_its_way_again_is_waited_for_again() -> None:
    sent = centre_holding(500).after(consignment(100))
    friday = [(BENGKULU, MIDNIGHT + timedelta(days=4))]
    assert of_kind(waits(sent, receipt(100, consignment="c-1")), "consignment") == []
    assert of_kind(waits(sent, receipt(90, consignment="c-1", rejected=10, reason="basah")), "consignment") == friday
    arrived = sent.after(receipt(100, consignment="c-1"))
    [entry] = [r.version for r in arrived.past[BOOK] if isinstance(r.fact, BlanksReceived)]
    said = {"office": BENGKULU, "reverses": entry, "reason": "keliru", "reversed_by": "p:a", "consignment": "c-1"}
    assert of_kind(waits(arrived, ReverseMovement(**WHEN | said)), "consignment") == friday
