"""An office asks for more: asked, promised and received are three figures, and nobody answers their own request."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.stock.domain import (
    AllocationApproved,
    ApproveReplenishment,
    CloseReplenishment,
    DeclineReplenishment,
    FillReplenishment,
    FillWithLoan,
    ForwardReplenishment,
    GrantLoan,
    IssuePickUpLetter,
    NotePrintDebt,
    ReplenishmentClosed,
    ReplenishmentForwarded,
    ReplenishmentRequested,
    RequestReplenishment,
    Situation,
    VerifyReplenishment,
    book_of,
)
from services.stock.wording import pick_up_letter
from shared.offices import offices
from shared.testing import Scenario
from tests.stock.bengkulu import (
    BENGKULU,
    MONDAY,
    WHEN,
    allocation,
    card,
    centre_holding,
    count,
    facts,
    holding,
    names,
)

ABOUT: dict[str, Any] = WHEN | {"office": BENGKULU, "request": "r-1"}
FRIDAY = date(2024, 11, 8)


def ask(quantity: int = 30_000, **but: Any) -> RequestReplenishment:
    said: dict[str, Any] = {
        "asked": quantity,
        "reason": "Pilkada",
        "in_transit": 0,
        "used_before": 0,
        "requested_by": "p:ani",
    }
    return RequestReplenishment(**ABOUT | said | but)


def verify(**but: Any) -> VerifyReplenishment:
    return VerifyReplenishment(**ABOUT | {"note": "sesuai", "verified_by": "p:prov"} | but)


def fill(quantity: int, **but: Any) -> FillReplenishment:
    said = {"quantity": quantity, "allocation": "a-17", "from_office": "17", "promised_on": FRIDAY}
    return FillReplenishment(**ABOUT | said | {"filled_by": "p:prov"} | but)


def lend(**but: Any) -> FillWithLoan:
    return FillWithLoan(**ABOUT | {"loan": "l-1", "promised_on": FRIDAY, "filled_by": "p:prov"} | but)


def forward(**but: Any) -> ForwardReplenishment:
    return ForwardReplenishment(**ABOUT | {"reason": "buffer habis", "forwarded_by": "p:prov"} | but)


def approve(quantity: int, **but: Any) -> ApproveReplenishment:
    said = {"quantity": quantity, "allocation": "a-00", "promised_on": FRIDAY, "reason": "Pilkada"}
    return ApproveReplenishment(**ABOUT | said | {"approved_by": "p:pusat"} | but)


def decline(**but: Any) -> DeclineReplenishment:
    return DeclineReplenishment(**ABOUT | {"reason": "cukup", "declined_by": "p:pusat"} | but)


def letter(**but: Any) -> IssuePickUpLetter:
    return IssuePickUpLetter(**ABOUT | {"letter": "SP-1/2024", "collect_at": "Gudang", "issued_by": "p:pusat"} | but)


def close(**but: Any) -> CloseReplenishment:
    return CloseReplenishment(**ABOUT | {"received": 0, "in_transit": 0, "closed_by": "p:kepala"} | but)


def loan(quantity: int = 500, **but: Any) -> GrantLoan:
    said = {"loan": "l-1", "lender": "17.09", "quantity": quantity, "return_by": FRIDAY}
    return GrantLoan(**WHEN | {"office": BENGKULU} | said | {"requested_by": "p:ani", "granted_by": "p:prov"} | but)


def buffer(quantity: int) -> Any:
    return count(quantity, office="17", daily_use_default=1_000)


asked = centre_holding(50_000).after(buffer(1_000), ask())
verified = asked.after(verify())
forwarded = verified.after(fill(1_000), forward())


def test_the_figures_of_a_request_are_the_books() -> None:
    low = holding(700).after(NotePrintDebt(**WHEN, office=BENGKULU, owed=90), card(), card(job="job-2"))
    [requested] = facts(low.when(ask(in_transit=40, used_before=3_000)))
    assert isinstance(requested, ReplenishmentRequested)
    assert requested.situation == Situation(
        on_hand=698, available=698, in_transit=40, print_debt=90, use_30_days=3_002, days_left=4.9
    )
    assert (requested.asked, requested.requested_on) == (30_000, MONDAY)


def test_the_day_under_way_counts_if_it_is_one_of_the_thirty() -> None:
    low = holding(700).after(card())

    def use(days_later: int) -> int:
        [requested] = facts(low.when(ask(day=MONDAY + timedelta(days=days_later))))
        assert isinstance(requested, ReplenishmentRequested)
        return requested.situation.use_30_days

    assert (use(29), use(30)) == (1, 0)


def test_a_request_told_again_is_the_same_one_and_another_by_its_name_is_refused() -> None:
    assert asked.when(ask()) == []
    assert asked.refused(ask(20_000)).code == "request_exists"


def test_the_province_gives_what_it_has_and_asks_the_centre_for_the_rest() -> None:
    assert names(verified.when(fill(1_000))) == [
        "AllocationApproved",
        "BlanksSetAside",
        "ReplenishmentFilled",
    ]
    [rest] = facts(verified.after(fill(1_000)).when(forward()))
    assert isinstance(rest, ReplenishmentForwarded)
    assert (rest.asked, rest.filled, rest.forwarded) == (30_000, 1_000, 29_000)


def test_the_centre_gives_a_part_and_the_three_figures_are_kept() -> None:
    decision = forwarded.when(approve(10_000))
    assert names(decision) == ["AllocationApproved", "BlanksSetAside", "ReplenishmentApproved"]
    promised = facts(decision)[0]
    assert isinstance(promised, AllocationApproved)
    assert (promised.quantity, promised.asked, promised.request, promised.from_office) == (10_000, 30_000, "r-1", "00")
    given = forwarded.after(approve(10_000), letter())
    assert given.state(book_of("00", "KTP_WNI")).set_aside == 10_000
    [closed] = facts(given.when(close(received=10_990)))
    assert isinstance(closed, ReplenishmentClosed)
    assert (closed.asked, closed.approved, closed.received) == (30_000, 11_000, 10_990)


def test_what_is_promised_is_there_and_is_promised_once() -> None:
    assert verified.refused(fill(1_001)).code == "not_enough"
    assert forwarded.refused(approve(29_001)).code == "more_than_asked"
    assert verified.after(fill(900)).refused(fill(29_101, allocation="a-18")).code == "more_than_asked"
    taken = forwarded.after(allocation(5, allocation="a-00"))
    assert taken.refused(approve(10)).code == "allocation_exists"
    given = verified.after(fill(600))
    assert given.when(fill(600)) == [], "told again"
    assert given.refused(fill(401, allocation="a-18")).code == "not_enough"


def test_a_loan_answers_as_much_as_was_granted_to_this_office() -> None:
    assert verified.refused(lend()).code == "loan_unknown"
    assert verified.after(loan(office="17.01")).refused(lend()).code == "loan_unknown"
    assert verified.after(loan(item="KIA")).refused(lend()).code == "loan_unknown"
    assert verified.after(loan(30_001)).refused(lend()).code == "more_than_asked"
    lent = verified.after(loan(500), lend())
    assert (lent.state("request/r-1").filled, lent.state("request/r-1").answers) == (500, ("l-1",))
    assert lent.when(lend()) == [], "told again"


def test_a_request_that_is_filled_is_not_forwarded() -> None:
    assert verified.after(loan(30_000), lend()).refused(forward()).code == "nothing_left"


STEPS: list[tuple[str, Scenario, Any, str]] = [
    ("verify twice", verified, verify(), "already_verified"),
    ("fill before it is verified", asked, fill(10), "not_verified"),
    ("lend before it is verified", asked, lend(), "not_verified"),
    ("forward before it is verified", asked, forward(), "not_verified"),
    ("fill after it was forwarded", forwarded, fill(10, allocation="a-9"), "already_forwarded"),
    ("forward twice", forwarded, forward(), "already_forwarded"),
    ("approve before it is forwarded", verified, approve(10), "not_forwarded"),
    ("decline before it is forwarded", verified, decline(), "not_forwarded"),
    ("approve twice", forwarded.after(approve(10)), approve(10, allocation="a-9"), "already_answered"),
    ("decline after approving", forwarded.after(approve(10)), decline(), "already_answered"),
    ("a letter for nothing", asked, letter(), "nothing_promised"),
    ("a second letter", forwarded.after(letter()), letter(letter="SP-2"), "letter_issued"),
    ("close before an answer", forwarded, close(), "not_answered"),
    ("close while blanks are on their way", forwarded.after(approve(10)), close(in_transit=1), "still_in_transit"),
    ("go on after closing", forwarded.after(decline(), close()), letter(), "request_closed"),
    ("another office's", asked, verify(office="17.01"), "request_unknown"),
    ("another item's", asked, verify(item="KIA"), "request_unknown"),
]


@pytest.mark.parametrize(("scenario", "command", "code"), [step[1:] for step in STEPS], ids=[step[0] for step in STEPS])
def test_each_step_needs_the_one_before_it(scenario: Scenario, command: Any, code: str) -> None:
    assert scenario.refused(command).code == code


def test_a_letter_told_again_is_the_same_letter() -> None:
    assert forwarded.after(letter()).when(letter()) == []


@pytest.mark.parametrize(
    ("scenario", "command"),
    [
        (asked, verify(verified_by="p:ani")),
        (verified, fill(10, filled_by="p:ani")),
        (verified.after(loan()), lend(filled_by="p:ani")),
        (verified, forward(forwarded_by="p:ani")),
        (forwarded, approve(10, approved_by="p:ani")),
        (forwarded, approve(10, approved_by="p:prov")),
        (forwarded, decline(declined_by="p:ani")),
        (forwarded, letter(issued_by="p:ani")),
    ],
)
def test_whoever_asked_does_not_decide(scenario: Scenario, command: Any) -> None:
    assert scenario.refused(command).code == "requester_approves"


def test_what_is_promised_after_a_letter_has_a_letter_of_its_own_and_the_first_stays_as_it_was() -> None:
    here = offices().get(BENGKULU)
    assert here is not None
    lettered = forwarded.after(letter())
    told = [(r.occurred_at, r.fact) for r in lettered.past["request/r-1"]]
    first = pick_up_letter(told, here, offices())
    later = lettered.after(approve(2_500), letter(letter="SP-2/2024"))
    second = pick_up_letter([(r.occurred_at, r.fact) for r in later.past["request/r-1"]], here, offices())
    assert first is not None and second is not None
    assert "SP-2/2024" in second and "Jumlah  : 2.500 keping" in second
    assert "2.500" not in first
