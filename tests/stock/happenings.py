"""What may happen in three offices and the centre, in any order; each command is told to the naive book-keeper."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from services.stock.domain import (
    ApproveConsignment,
    ApproveCount,
    CheckConsignment,
    CheckLoan,
    CloseBook,
    CloseDay,
    Consignment,
    DestroyBlanks,
    DiscrepancyFound,
    DispatchBlanks,
    ExplainDiscrepancy,
    GrantLoan,
    MoveBlanks,
    ReceiveBlanks,
    RecordOpeningCount,
    ReleaseReservation,
    RepeatCount,
    ReportLost,
    RequestConsignment,
    ReserveBlanks,
    ReturnRejected,
    ReverseMovement,
    SerialRange,
    SetThresholds,
    SpoilBlank,
    StartCount,
    StockCommand,
    SubmitCount,
    UseBlank,
)
from services.stock.domain.commands import JUST_NOW
from services.stock.domain.facts import StockLow, StockRecovered
from services.stock.domain.state import Count, Loan
from services.stock.service import STOCK
from shared.decider import Refused
from shared.testing import Scenario
from tests.stock.bengkulu import MONDAY, NOON
from tests.stock.naive import BookKeeper, columns

OFFICES, PLACES, NAMES = ("00", "17.71", "17.01"), ("store", "mall", "van"), tuple(f"n-{n}" for n in range(8))
REPORTS = (ReceiveBlanks, UseBlank, SpoilBlank, ReportLost, ReserveBlanks, ReleaseReservation)
"""Facts: never refused, but for the date on which somebody enters them."""
BAD_DATES = ("book_closed", "too_long_ago")
BOXES = tuple(SerialRange(f"A{n:04}", f"A{n + 9:04}") for n in range(0, 60, 5))

offices, places, names_ = st.sampled_from(OFFICES), st.sampled_from(PLACES), st.sampled_from(NAMES)
few, some = st.integers(0, 12), st.integers(1, 12)
# Within two minutes things happen in the order in which they are told: clocks differ by as much.
back = st.one_of(st.just(timedelta(0)), st.timedeltas(JUST_NOW + timedelta(seconds=1), timedelta(days=6)))
boxes = st.one_of(st.none(), st.none(), st.sampled_from(BOXES))


class Happenings(RuleBasedStateMachine):
    """Every step is a command, and what it led to is told to the naive book-keeper."""

    def __init__(self) -> None:
        super().__init__()
        self.stock: Scenario = Scenario(STOCK)
        self.naive = BookKeeper()
        self.now: datetime = NOON
        self.levels: dict[str, tuple[str, int]] = {}
        self.commands: list[StockCommand] = []
        self.refusals = 0

    # What is done in the offices.

    @initialize(there=st.integers(0, 200), here=st.integers(0, 90))
    def two_are_on_board(self, there: int, here: int) -> None:
        self.tell(self.opening("00", "store", there))
        self.tell(self.opening("17.71", "store", here))

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(office=offices, place=places, counted=few, at=back)
    def somebody_opens_a_place(self, office: str, place: str, counted: int, at: timedelta) -> None:
        self.tell(self.opening(office, place, counted, at))

    @rule(
        office=offices,
        place=places,
        n=few,
        consignment=st.one_of(st.none(), names_),
        short=st.tuples(few, few),
        box=boxes,
        at=back,
    )
    def blanks_arrive(
        self,
        office: str,
        place: str,
        n: int,
        consignment: str | None,
        short: tuple[int, int],
        box: SerialRange | None,
        at: timedelta,
    ) -> None:
        rejected, missing = short if consignment else (0, 0)
        said: dict[str, Any] = {
            "source": "CENTRE",
            "bast": "b",
            "consignment": consignment,
            "reason": "x",
            "rejected": rejected,
            "missing": missing,
        }
        self.tell(
            ReceiveBlanks(**self.when(office, at), location=place, quantity=10 if box else n, serials=box, **said)
        )

    @rule(office=offices, place=places, at=back, number=st.one_of(st.none(), st.integers(0, 69)))
    def a_card_is_printed(self, office: str, place: str, at: timedelta, number: int | None) -> None:
        serial = None if number is None else f"A{number:04}"
        self.tell(UseBlank(**self.when(office, at), location=place, job="j", daily_use_default=500, serial=serial))

    @rule(office=offices, place=places, at=back, job=st.sampled_from(("j", None)))
    def a_blank_is_spoiled(self, office: str, place: str, at: timedelta, job: str | None) -> None:
        self.tell(SpoilBlank(**self.when(office, at), location=place, job=job, cause="MISPRINT"))

    @rule(data=st.data(), n=some, box=boxes, at=back)
    def blanks_are_moved(self, data: st.DataObject, n: int, box: SerialRange | None, at: timedelta) -> None:
        held = sorted((of, at_) for (of, _, at_), there in self.naive.on_hand().items() if there > 0)
        office, place = data.draw(st.sampled_from(held or [("00", "store")]))
        to = data.draw(places)
        self.tell(MoveBlanks(**self.when(office, at), location=place, to=to, quantity=10 if box else n, serials=box))

    @rule(office=offices, sender=offices, consignment=names_, n=some)
    def an_office_asks_another_and_is_given(self, office: str, sender: str, consignment: str, n: int) -> None:
        asked: dict[str, Any] = {"sender": sender, "quantity": n, "reason": "x", "requested_by": "p:a"}
        self.tell(RequestConsignment(**self.when(office), consignment=consignment, **asked))
        self.tell(ApproveConsignment(**self.when(sender), consignment=consignment, quantity=n, approved_by="p:b"))

    @rule(borrower=offices, lender=offices, loan=names_, n=some)
    def a_loan_is_granted(self, borrower: str, lender: str, loan: str, n: int) -> None:
        said: dict[str, Any] = {
            "lender": lender,
            "return_by": date(2024, 12, 1),
            "requested_by": "p:a",
            "granted_by": "p:b",
        }
        self.tell(GrantLoan(**self.when(borrower), loan=loan, quantity=n, **said))

    @rule(data=st.data(), place=places, n=some, box=boxes, at=back)
    def blanks_leave(self, data: st.DataObject, place: str, n: int, box: SerialRange | None, at: timedelta) -> None:
        office, to, consignment, loan = data.draw(st.sampled_from(self.promises()))
        said: dict[str, Any] = {"location": place, "to": to, "consignment": consignment, "loan": loan, "serials": box}
        promised = date(2024, 11, 8)
        self.tell(DispatchBlanks(**self.when(office, at), **said, quantity=10 if box else n, promised_on=promised))

    def promises(self) -> list[tuple[str, str, str, str | None]]:
        """Who may send whom blanks, under which name: the centre, others as was approved or lent; and one lie."""
        fresh = next((f"n-{n}" for n in range(8) if f"consignment/n-{n}" not in self.stock.states), "n-0")
        found: list[tuple[str, str, str, str | None]] = [("00", "17.71", fresh, None), ("17.01", "17.71", fresh, None)]
        for stream, state in self.stock.states.items():
            match state:
                case Consignment(asked_of=str(sender), asked_for=str(receiver)) if not state.announced:
                    found.append((sender, receiver, stream.partition("/")[2], None))
                case Loan(lender=str(lender), borrower=str(borrower)):
                    name = stream.partition("/")[2]
                    found += [(lender, borrower, fresh, name), (borrower, lender, fresh, name)]
        return found

    @rule(office=offices, consignment=names_, loan=names_)
    def what_was_promised_is_late(self, office: str, consignment: str, loan: str) -> None:
        self.tell(CheckConsignment(**self.when(office), consignment=consignment))
        self.tell(CheckLoan(**self.when(office), loan=loan))

    @rule(office=offices, own=st.one_of(st.none(), st.tuples(few, few)), days=st.one_of(st.none(), few))
    def the_head_sets_thresholds(self, office: str, own: tuple[int, int] | None, days: int | None) -> None:
        low, critical = (None, None) if own is None else (sum(own), own[0])
        said: dict[str, Any] = {
            "recovery": None,
            "low_days": days,
            "critical_days": None if days is None else days // 2,
        }
        self.tell(SetThresholds(**self.when(office), low=low, critical=critical, **said))

    @precondition(lambda self: self.naive.log)
    @rule(data=st.data())
    def a_movement_is_reversed(self, data: st.DataObject) -> None:
        stream = data.draw(st.sampled_from([f"office/{office}/KTP_WNI" for office in OFFICES]))
        entries = [told for told in self.naive.log if told.stream == stream]
        if not entries:
            return
        movements = [n for n, told in enumerate(entries) if columns(told.fact)] or [0]
        n = data.draw(st.sampled_from(movements))
        said: dict[str, Any] = {"reverses": n + 1, "reason": "x", "reversed_by": "p:c"}
        consignment = getattr(entries[n].fact, "consignment", None)
        when = self.when(stream.split("/")[1]) | {"occurred_at": entries[n].happened}
        self.tell(ReverseMovement(**when, **said, consignment=consignment))

    @precondition(lambda self: self.commands)
    @rule(data=st.data())
    def something_is_told_again(self, data: st.DataObject) -> None:
        self.tell(replace(data.draw(st.sampled_from(self.commands)), now=self.now))

    @rule(data=st.data(), off=st.integers(-5, 5), told=st.booleans(), agrees=st.booleans())
    def a_place_is_counted(self, data: st.DataObject, off: int, told: bool, agrees: bool) -> None:
        """Begun, submitted at once or after whatever comes meanwhile, counted again, approved."""
        under_way = sorted(s for s, state in self.stock.states.items() if isinstance(state, Count))
        begun = [s for s in under_way if self.stock.states[s].status in ("STARTED", "SUBMITTED", "REPEATED")]
        if not begun or data.draw(st.integers(0, 2)) == 0:
            office, place, name = data.draw(offices), data.draw(places), f"o-{len(under_way)}"
            said: dict[str, Any] = {"location": place, "counter": "p:d", "started_by": "p:c"}
            self.tell(StartCount(**self.when(office), count=name, **said))
            return
        stream = data.draw(st.sampled_from(begun))
        count: Count = self.stock.states[stream]
        assert count.office is not None
        assert count.started_at is not None
        this = {**self.when(count.office), "count": stream.partition("/")[2]}
        began = {"occurred_at": count.started_at, "day": self.when(count.office, self.now - count.started_at)["day"]}
        there = max(self.naive.on_hand()[count.office, "KTP_WNI", count.location] + off, 0)
        if count.status == "STARTED":
            entry = self.stock.state(f"office/{count.office}/KTP_WNI").entry
            self.tell(
                SubmitCount(**this | began, counted=there, submitted_by="p:c", through_entry=entry if told else None)
            )
        elif count.status == "SUBMITTED":
            again = count.counted if agrees else there
            self.tell(RepeatCount(**this, counted=again, counter="p:e", entered_by="p:c"))
        else:
            self.tell(ApproveCount(**this | began, approved_by="p:f", counted=count.counted if told else None))

    @rule(data=st.data(), n=some, at=back)
    def spoiled_blanks_are_destroyed(self, data: st.DataObject, n: int, at: timedelta) -> None:
        waiting = sorted((of, at_) for (of, _, at_), left in self.naive.spoiled().items() if left > 0)
        office, place = data.draw(st.sampled_from(waiting or [("00", "store")]))
        said: dict[str, Any] = {"minutes": "m", "witnesses": ("p:g", "p:h"), "document_sha256": "0" * 64}
        said |= {"location": place, "by_cause": {"MISPRINT": min(n, 2)}, "recorded_by": "p:c"}
        self.tell(DestroyBlanks(**self.when(office, at), **said))

    @rule(office=offices, place=places, n=some, box=boxes, at=back)
    def blanks_are_lost(self, office: str, place: str, n: int, box: SerialRange | None, at: timedelta) -> None:
        said: dict[str, Any] = {"police_report": "LP/1", "reported_by": "p:c"}
        self.tell(ReportLost(**self.when(office, at), **said, location=place, quantity=10 if box else n, serials=box))

    @rule(office=offices, visit=names_, n=some, release=st.booleans())
    def a_visit_is_equipped_and_ends(self, office: str, visit: str, n: int, release: bool) -> None:
        self.tell(ReserveBlanks(**self.when(office), visit=visit, quantity=n, until=self.now + timedelta(days=1)))
        if release:
            self.tell(ReleaseReservation(**self.when(office), visit=visit, reason="CLOSED"))

    @rule(office=offices)
    def the_day_is_over(self, office: str) -> None:
        self.tell(CloseDay(**self.when(office, timedelta(days=1))))

    @rule(office=offices, days=st.integers(0, 5))
    def the_book_is_closed(self, office: str, days: int) -> None:
        when = self.when(office)
        through = when["day"] - timedelta(days=days)
        until = NOON - timedelta(hours=12) + (through - MONDAY) + timedelta(days=1)
        self.tell(CloseBook(**when, through=through, until=until, closed_by="p:f"))

    @rule(data=st.data(), place=places, n=some, spoiled=st.sampled_from((None, "MISPRINT")))
    def what_was_rejected_comes_back(self, data: st.DataObject, place: str, n: int, spoiled: Any) -> None:
        rejected = sorted(
            s for s, state in self.stock.states.items() if isinstance(state, Consignment) and state.rejected
        )
        if rejected:
            stream = data.draw(st.sampled_from(rejected))
            sent: Consignment = self.stock.states[stream]
            office = data.draw(st.sampled_from([sent.sender, sent.receiver]))
            said: dict[str, Any] = {
                "consignment": stream.partition("/")[2],
                "location": place,
                "quantity": n,
                "bast": "b",
            }
            self.tell(ReturnRejected(**self.when(office or "00"), **said, spoiled=spoiled))

    @rule(data=st.data(), here=st.sampled_from(("HERE", "ELSEWHERE")))
    def a_claim_is_explained(self, data: st.DataObject, here: Any) -> None:
        past = [r for stream, told in sorted(self.stock.past.items()) if stream.startswith("office/") for r in told]
        asked = [r for r in past if isinstance(r.fact, DiscrepancyFound) and r.fact.serials is not None]
        if asked:
            found = data.draw(st.sampled_from(asked))
            said: dict[str, Any] = {"rightful": here, "reason": "x", "explained_by": "p:f", "entry": found.version}
            numbers = {"serials": found.fact.serials, "found_at": found.recorded_at}
            self.tell(ExplainDiscrepancy(**self.when(found.fact.office), **said, **numbers))

    # How it is told.

    def when(self, office: str, back: timedelta = timedelta(0)) -> dict[str, Any]:
        happened = self.now - back
        day = MONDAY + (happened - NOON + timedelta(hours=12)) // timedelta(days=1) * timedelta(days=1)
        return {"now": self.now, "occurred_at": happened, "office": office, "item": "KTP_WNI", "day": day}

    def opening(self, office: str, place: str, counted: int, at: timedelta = timedelta(0)) -> StockCommand:
        said: dict[str, Any] = {
            "counters": ("p:a", "p:b"),
            "minutes": "m",
            "recorded_by": "p:c",
            "daily_use_default": 700,
        }
        return RecordOpeningCount(**self.when(office, at), location=place, counted=counted, **said)

    def tell(self, command: StockCommand) -> None:
        before, told = self.naive.on_hand(), len(self.naive.log)
        try:
            decision = self.stock.when(command)
        except Refused as refusal:
            self.refusals += 1
            if isinstance(command, REPORTS) and refusal.code not in BAD_DATES:
                raise AssertionError("facts are never refused") from refusal
            return
        self.commands.append(command)
        self.stock = self.stock.after(command)
        for stream, fact in decision:
            self.naive.tell(stream, fact, command.occurred_at, command.now)
            self.judge(stream, fact)
        if isinstance(command, MoveBlanks | DispatchBlanks | ReverseMovement):
            self.lowered_nothing_below_zero(command, before, told)

    def lowered_nothing_below_zero(self, command: StockCommand, before: Any, told: int) -> None:
        after = self.naive.on_hand()
        for place in after:
            if after[place] < before[place]:
                since = [left for *at, left in self.naive.timeline(place) if at >= [command.occurred_at, told]]
                assert min(since) >= 0, (command, place)

    def judge(self, stream: str, fact: Any) -> None:
        level, episode = self.levels.get(stream, ("OK", 0))
        match fact:
            case StockLow():
                assert fact.previous_level == level != fact.level
                assert fact.episode == (episode + 1 if level == "OK" else episode)
                self.levels[stream] = (fact.level, fact.episode)
            case StockRecovered():
                assert fact.previous_level == level != "OK" and fact.episode == episode
                self.levels[stream] = ("OK", episode)
