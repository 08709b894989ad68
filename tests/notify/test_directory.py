"""The directory: who answers at a desk on a day, and what an administrator may say of it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.domain.directory import (
    AT_MOST,
    Appoint,
    Appointment,
    AppointmentEnded,
    CancelLeave,
    Capacity,
    DeskHolders,
    DirectoryCommand,
    DirectoryFact,
    EndAppointment,
    Leave,
    LeaveCancelled,
    LeaveRecorded,
    PersonAppointed,
    RecordLeave,
    decide_directory,
    desk_of,
    evolve_directory,
)
from shared.decider import Decision, Domain, Refused, fold
from shared.testing import Scenario

DIRECTORY = Domain(
    service="notify",
    facts=get_args(DirectoryFact),
    states={"desk": DeskHolders()},
    decide=decide_directory,
    evolve=evolve_directory,
    project=lambda stream, fact, state: [],
    promised={},
    schemas={"desk": 1},
)
DEFINITIVE, PLT, PLH = Capacity
BENGKULU = "17.71"
HEAD, OFFICERS = desk_of("head", BENGKULU), desk_of("province", "17")
TODAY = date(2026, 11, 24)
FIRST = date(2026, 11, 1)
DAY = timedelta(days=1)

empty = Scenario(DIRECTORY)


def november(day: int) -> date:
    return date(2026, 11, day)


def _of(person: str, role: str, today: date) -> dict[str, Any]:
    now = datetime(today.year, today.month, today.day, 3, tzinfo=UTC)
    region = BENGKULU if role == "head" else "17"
    return {"now": now, "occurred_at": now, "role": role, "region": region, "person": person, "by": "u-admin"}


def appoint(
    person: str,
    capacity: Capacity = DEFINITIVE,
    since: date = FIRST,
    until: date | None = None,
    role: str = "head",
    today: date = TODAY,
) -> Appoint:
    return Appoint(**_of(person, role, today), capacity=capacity, since=since, until=until)


def end(
    person: str, last_day: date, capacity: Capacity = DEFINITIVE, role: str = "head", today: date = TODAY
) -> EndAppointment:
    return EndAppointment(**_of(person, role, today), capacity=capacity, last_day=last_day, reason="Mutasi")


def leave(person: str, since: date, until: date, role: str = "head", today: date = TODAY) -> RecordLeave:
    return RecordLeave(**_of(person, role, today), since=since, until=until)


def cancel(person: str, since: date, role: str = "head", today: date = TODAY) -> CancelLeave:
    return CancelLeave(**_of(person, role, today), since=since)


def holders(scenario: Scenario, stream: str = HEAD) -> DeskHolders:
    state: DeskHolders = scenario.state(stream)
    return state


def on_duty(scenario: Scenario, day: int, stream: str = HEAD) -> tuple[str, ...]:
    return holders(scenario, stream).on_duty(november(day))


def test_a_desk_is_kept_once_somebody_was_appointed_to_it() -> None:
    assert holders(empty) == DeskHolders() and not holders(empty).kept
    ended = empty.after(appoint("u-1"), end("u-1", november(20)))
    assert holders(ended).kept and ended.state(HEAD).on_duty(TODAY) == ()


def test_an_appointment_says_who_as_what_from_when_and_by_whom() -> None:
    (told,) = empty.when(appoint("u-1", PLT, november(3), november(30)))
    assert told == (
        HEAD,
        PersonAppointed(
            role="head",
            region=BENGKULU,
            person="u-1",
            capacity=PLT,
            since=november(3),
            until=november(30),
            by="u-admin",
            on=TODAY,
        ),
    )


def test_both_the_first_and_the_last_day_count() -> None:
    scenario = empty.after(appoint("u-1", DEFINITIVE, november(3), november(5)))
    assert [on_duty(scenario, day) for day in (2, 3, 5, 6)] == [(), ("u-1",), ("u-1",), ()]
    shorter = scenario.after(end("u-1", november(4)))
    assert [on_duty(shorter, day) for day in (3, 4, 5)] == [("u-1",), ("u-1",), ()]


def test_a_holder_on_leave_is_not_on_duty_and_the_plh_stands_in() -> None:
    away = empty.after(appoint("u-1"), leave("u-1", november(10), november(12)))
    assert [on_duty(away, day) for day in (9, 10, 12, 13)] == [("u-1",), (), (), ("u-1",)]
    stood_in_for = away.after(appoint("u-2", PLH, november(10), november(12)))
    assert [on_duty(stood_in_for, day) for day in (9, 10, 12, 13)] == [("u-1",), ("u-2",), ("u-2",), ("u-1",)]


def test_who_acts_comes_first_and_nobody_is_named_twice() -> None:
    scenario = empty.after(
        appoint("u-1"),
        appoint("u-3", PLH, november(9), november(20)),
        appoint("u-2", PLT, november(5), november(20)),
        appoint("u-1", PLT, november(10), november(11)),
    )
    assert on_duty(scenario, 4) == ("u-1",)
    assert on_duty(scenario, 9) == ("u-2", "u-3", "u-1")
    assert on_duty(scenario, 10) == ("u-2", "u-3", "u-1")
    assert on_duty(scenario.after(end("u-2", november(9), PLT)), 10) == ("u-3", "u-1")


def test_somebody_who_acts_and_goes_on_leave_is_not_on_duty_either() -> None:
    acting = empty.after(appoint("u-2", PLT), leave("u-2", november(10), november(12)))
    assert on_duty(acting, 9) == ("u-2",) and on_duty(acting, 10) == ()


def test_in_which_order_they_were_recorded_does_not_matter() -> None:
    requests = [appoint("u-3", role="province"), appoint("u-1", role="province"), appoint("u-2", PLH, role="province")]
    there, back = empty.after(*requests), empty.after(*reversed(requests))
    assert on_duty(there, 24, OFFICERS) == on_duty(back, 24, OFFICERS) == ("u-2", "u-1", "u-3")


def test_an_office_has_one_definitive_head_on_a_day() -> None:
    scenario = empty.after(appoint("u-1", until=november(10)))
    refusal = scenario.refused(appoint("u-2", since=november(10)))
    assert refusal.code == "second_definitive" and refusal.figures == {"since": november(1), "until": november(10)}
    assert scenario.when(appoint("u-2", since=november(11)))
    assert scenario.when(appoint("u-2", PLT, november(10)))


def test_a_province_has_as_many_officers_as_it_likes() -> None:
    officers = empty.after(appoint("u-1", role="province"), appoint("u-2", role="province"))
    assert on_duty(officers, 24, OFFICERS) == ("u-1", "u-2")


def test_a_person_has_an_appointment_once_in_a_capacity() -> None:
    scenario = empty.after(appoint("u-1", PLH, november(5), november(10)))
    for since, until in ((10, 12), (1, 5), (6, 7), (1, 30)):
        overlapping = appoint("u-1", PLH, november(since), november(until))
        assert scenario.refused(overlapping).code == "appointment_overlaps"
    assert scenario.refused(appoint("u-1", PLH, november(10))).code == "appointment_overlaps"
    assert scenario.when(appoint("u-1", PLH, november(11))) and scenario.when(appoint("u-1", PLT, november(5)))


def test_nothing_ends_before_it_begins() -> None:
    assert empty.refused(appoint("u-1", since=november(2), until=november(1))).code == "ends_before_it_begins"
    scenario = empty.after(appoint("u-1", since=november(10)))
    assert scenario.refused(leave("u-1", november(12), november(11))).code == "ends_before_it_begins"
    refusal = scenario.refused(end("u-1", november(9)))
    assert refusal.code == "ends_before_it_begins" and refusal.figures == {"since": november(10)}
    assert scenario.when(end("u-1", november(10)))


def test_only_who_is_appointed_can_be_dismissed_or_go_on_leave() -> None:
    scenario = empty.after(appoint("u-1", since=november(1), until=november(10)))
    assert scenario.refused(end("u-2", november(5))).code == "not_appointed"
    assert scenario.refused(end("u-1", november(5), PLT)).code == "not_appointed"
    assert scenario.refused(end("u-1", november(11))).code == "not_appointed", "no end makes an appointment longer"
    assert scenario.refused(leave("u-2", november(5), november(6))).code == "not_appointed"
    assert scenario.refused(leave("u-1", november(11), november(12))).code == "not_appointed"
    assert scenario.when(leave("u-1", november(10), november(12)))


def test_of_two_appointments_the_one_of_that_day_ends() -> None:
    twice = empty.after(
        appoint("u-1", PLH, november(1), november(5)), appoint("u-1", PLH, november(10)), end("u-1", november(12), PLH)
    )
    assert [on_duty(twice, day) for day in (5, 6, 12, 13)] == [("u-1",), (), ("u-1",), ()]


def test_a_leave_gets_another_last_day_or_is_cancelled() -> None:
    away = empty.after(appoint("u-1"), leave("u-1", november(10), november(12)))
    longer = away.after(leave("u-1", november(10), november(14)))
    assert holders(longer).leave == (Leave("u-1", november(10), november(14)),)
    assert [on_duty(longer, day) for day in (14, 15)] == [(), ("u-1",)]
    back = longer.after(cancel("u-1", november(10)))
    assert on_duty(back, 10) == ("u-1",) and holders(back).leave == ()
    assert back.refused(cancel("u-1", november(10))).code == "no_such_leave"
    assert longer.refused(cancel("u-1", november(11))).code == "no_such_leave"
    assert longer.refused(cancel("u-2", november(10))).code == "no_such_leave"


def test_asked_again_nothing_happens_again() -> None:
    scenario = empty
    for request in (
        appoint("u-1"),
        appoint("u-2", PLH, november(10), november(12)),
        leave("u-1", november(10), november(12)),
        end("u-1", november(29)),
    ):
        assert scenario.when(request)
        scenario = scenario.after(request)
        assert scenario.when(request) == []


def test_a_desk_has_at_most_so_many_that_are_not_over() -> None:
    full = empty.after(*(appoint(f"u-{n}", role="province", until=TODAY + n * DAY) for n in range(AT_MOST)))
    one_more = appoint("u-99", role="province")
    assert full.refused(one_more).code == "at_most_so_many"
    assert full.when(appoint("u-99", role="province", until=TODAY - DAY)), "over already"
    assert full.when(appoint("u-99", role="province", today=TODAY + DAY)), "the next day one is over"
    away = full.after(*(leave("u-11", TODAY + n * DAY, TODAY + 20 * DAY, "province") for n in range(AT_MOST)))
    assert away.refused(leave("u-10", TODAY, TODAY, "province")).code == "at_most_so_many"
    assert away.when(leave("u-11", TODAY, TODAY + 30 * DAY, "province")), "another last day of one of them"


def test_a_full_desk_takes_no_more_than_four_kilobytes() -> None:
    scenario = empty
    for n in range(3 * AT_MOST):
        # The reference is as long as one may be.
        person = f"{n:064}"
        scenario = scenario.after(
            appoint(person, since=TODAY + n * DAY, until=TODAY + n * DAY, today=TODAY + n * DAY),
            leave(person, TODAY + n * DAY, TODAY + n * DAY, today=TODAY + n * DAY),
        )
    state = holders(scenario)
    assert len(state.appointments) == len(state.leave) == AT_MOST
    assert 3_000 < len(msgspec.json.encode(state)) <= 4_096


def test_whoever_stood_in_many_times_does_not_push_out_the_head() -> None:
    scenario = empty.after(appoint("u-1", today=FIRST), leave("u-1", FIRST, november(30), today=FIRST))
    for n in range(2 * AT_MOST):
        day = FIRST + n * DAY
        scenario = scenario.after(appoint(f"u-2{n}", PLH, day, day, today=day))
    assert len(holders(scenario).appointments) == AT_MOST
    assert holders(scenario).on_duty(november(24)) == ("u-223",)
    assert holders(scenario).on_duty(november(30)) == () and holders(scenario).on_duty(date(2026, 12, 1)) == ("u-1",)


def test_what_ended_long_ago_is_forgotten_and_what_lasts_is_not() -> None:
    old, lasting = Appointment("u-1", PLT, november(1), november(5)), Appointment("u-2", DEFINITIVE, november(6))
    away = Leave("u-2", november(7), november(8))
    state = DeskHolders(appointments=(old, lasting), leave=(away,), kept=True)
    assert state.forgetting(november(5) + 400 * DAY) == state
    assert state.forgetting(november(5) + 401 * DAY) == DeskHolders((lasting,), (away,), True)
    assert state.forgetting(november(8) + 401 * DAY) == DeskHolders((lasting,), (), True)
    much_later = empty.after(appoint("u-1", PLT, november(1), november(5)), appoint("u-2", today=TODAY + 500 * DAY))
    assert [each.person for each in holders(much_later).appointments] == ["u-2"]


class Notes:
    """The same as a list of facts, each a set of days: what a clerk with a calendar on the wall would know."""

    def __init__(self) -> None:
        self.terms: list[tuple[str, Capacity, date, set[date]]] = []
        self.leaves: dict[tuple[str, date], set[date]] = {}

    def note(self, fact: DirectoryFact) -> None:
        match fact:
            case PersonAppointed():
                self.terms.append((fact.person, fact.capacity, fact.since, days(fact.since, fact.until)))
            case AppointmentEnded():
                for person, capacity, _, term in self.terms:
                    if (person, capacity) == (fact.person, fact.capacity) and fact.last_day in term:
                        term.difference_update({day for day in term if day > fact.last_day})
            case LeaveRecorded():
                self.leaves[fact.person, fact.since] = days(fact.since, fact.until)
            case LeaveCancelled():
                del self.leaves[fact.person, fact.since]

    def on_duty(self, day: date) -> tuple[str, ...]:
        away = {person for (person, _), leave in self.leaves.items() if day in leave}
        here = [term for term in self.terms if day in term[3] and term[0] not in away]
        acting = sorted((since, person) for person, capacity, since, _ in here if capacity is not DEFINITIVE)
        definitive = sorted((since, person) for person, capacity, since, _ in here if capacity is DEFINITIVE)
        return tuple(dict.fromkeys(person for _, person in [*acting, *definitive]))

    def so_already(self, command: DirectoryCommand) -> bool:
        match command:
            case Appoint():
                asked = days(command.since, command.until)
                return (command.person, command.capacity, command.since, asked) in self.terms
            case EndAppointment():
                ends = {term[:2]: max(term[3]) for term in self.terms if command.last_day in term[3]}
                return ends.get((command.person, command.capacity)) == command.last_day
            case RecordLeave():
                return self.leaves.get((command.person, command.since)) == days(command.since, command.until)
            case CancelLeave():
                return False

    def crowded(self, command: DirectoryCommand) -> bool:
        every = self.leaves.values() if isinstance(command, RecordLeave) else [term[3] for term in self.terms]
        return sum(max(period) >= command.today for period in every) >= AT_MOST

    def against(self, command: DirectoryCommand, lasting: date) -> set[str]:
        """Why this is to be refused, by what is not over on that day."""
        terms = [term for term in self.terms if max(term[3]) >= lasting]
        theirs = [term for term in terms if term[0] == command.person]
        match command:
            case Appoint():
                asked = days(command.since, command.until)
                same = [term for term in terms if term[1] is command.capacity and term[3] & asked]
                codes = {"appointment_overlaps" if term[0] == command.person else "second_definitive" for term in same}
                if command.role != "head" or command.capacity is not DEFINITIVE:
                    codes -= {"second_definitive"}
                return codes if asked else {"ends_before_it_begins"}
            case EndAppointment():
                own = [term for term in theirs if term[1] is command.capacity]
                if any(command.last_day in term[3] for term in own):
                    return set()
                later = any(term[2] > command.last_day for term in own)
                return {"ends_before_it_begins" if later else "not_appointed"}
            case RecordLeave():
                asked = days(command.since, command.until)
                if not asked:
                    return {"ends_before_it_begins"}
                return set() if any(term[3] & asked for term in theirs) else {"not_appointed"}
            case CancelLeave():
                kept = self.leaves.get((command.person, command.since), set())
                return set() if kept and max(kept) >= lasting else {"no_such_leave"}


END = TODAY + 200 * DAY
EVER = date(2000, 1, 1)


def days(since: date, until: date | None) -> set[date]:
    return {since + n * DAY for n in range(((until or END) - since).days + 1)}


class Request(msgspec.Struct, frozen=True):
    """What an administrator asks for, in days from the day on which it is asked."""

    kind: str
    person: str
    capacity: Capacity
    first: int
    length: int | None
    later: int


PEOPLE = [f"u-{n}" for n in range(5)]
requests = st.builds(
    Request,
    st.sampled_from(["appoint", "appoint", "end", "leave", "leave", "cancel"]),
    st.sampled_from(PEOPLE),
    st.sampled_from(Capacity),
    st.integers(-4, 5),
    st.one_of(st.none(), st.integers(-1, 8)),
    st.integers(0, 3),
)


def command_of(request: Request, role: str, today: date) -> DirectoryCommand:
    first = today + request.first * DAY
    last = None if request.length is None else first + request.length * DAY
    match request.kind:
        case "appoint":
            return appoint(request.person, request.capacity, first, last, role, today)
        case "end":
            return end(request.person, first, request.capacity, role, today)
        case "leave":
            return leave(request.person, first, last or first, role, today)
        case _:
            return cancel(request.person, first, role, today)


def answer(scenario: Scenario, command: DirectoryCommand) -> tuple[Decision, str | None]:
    """The facts, or the code of the refusal."""
    try:
        return scenario.when(command), None
    except Refused as refusal:
        return [], refusal.code


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["head", "province"]), st.lists(requests, min_size=1, max_size=30))
def test_whatever_is_asked_the_desk_is_as_the_clerks_notes(role: str, asked: list[Request]) -> None:
    stream = HEAD if role == "head" else OFFICERS
    scenario, notes, today, facts = empty, Notes(), TODAY, list[Any]()
    for request in asked:
        today += request.later * DAY
        command = command_of(request, role, today)
        # The desk may have forgotten what is over: it may refuse by one of these, and must if both say so.
        lasting, ever = notes.against(command, today), notes.against(command, EVER)
        decision, code = answer(scenario, command)
        if code == "at_most_so_many":
            assert notes.crowded(command)
        elif code is not None:
            assert code in lasting | ever
        elif decision:
            assert not (lasting and ever)
        else:
            assert notes.so_already(command)
        scenario = scenario.given(decision)
        told: list[Any] = [fact for _, fact in decision]
        facts += told
        for fact in told:
            notes.note(fact)
        state = holders(scenario, stream)
        # Of days that are over, the last twelve of each kind are known still.
        all_known = max(len(notes.terms), len(notes.leaves)) <= AT_MOST
        again, _ = answer(scenario, command)
        assert again == [] or not all_known
        for n in range(-40 if all_known else 0, 30):
            assert state.on_duty(today + n * DAY) == notes.on_duty(today + n * DAY)
        assert state.kept == any(isinstance(fact, PersonAppointed) for fact in facts)
        assert len(msgspec.json.encode(state)) <= 4_096
        read = msgspec.json.decode(msgspec.json.encode(facts), type=list[DirectoryFact])
        assert fold(evolve_directory, DeskHolders(), read) == state
        assert msgspec.json.decode(msgspec.json.encode(state), type=DeskHolders) == state
