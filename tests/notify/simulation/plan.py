"""What happens in the world, drawn from a seed: what stock says of each office, what people ask for, what is decreed.

Moments are on a grid, so that much of it happens at once. How it reaches notify is the scheduler's to say.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from random import Random
from typing import Any

import msgspec
from msgspec.structs import replace

from services.notify.domain import (
    DEFAULT,
    Acknowledge,
    Appoint,
    CancelLeave,
    Capacity,
    Channel,
    ChannelKind,
    Close,
    Comment,
    Counted,
    DeclareDay,
    Decline,
    Desk,
    EndAppointment,
    EscalationPolicy,
    Forward,
    HandBack,
    KeepContact,
    Level,
    LiftSilence,
    RecordLeave,
    SetPolicy,
    SetSilence,
    StockLevel,
    Term,
    desk,
)
from services.notify.domain.words import SEVERITY
from services.notify.reactions import place_of
from shared.decider import Command
from shared.offices import REGIONS, Offices, read_table

MONDAY = datetime(2024, 11, 18, tzinfo=UTC)
GRID = timedelta(minutes=30)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOVES = {"office": "17.02", "code": "16.99", "since": "2024-11-22"}
OFFICES = ("17.71", "17.02", "51.71", "91.71")
"""In WIB twice, WITA and WIT; the second gets another province on the fifth day."""
PROVINCES = ("17", "16", "51", "91")
RIBBON = "RIBBON"
CHANNELS = (
    Channel("surel", ChannelKind.EMAIL),
    Channel("kait", ChannelKind.WEBHOOK),
    Channel("gerbang", ChannelKind.GATEWAY),
)
AMOUNTS = (50, 2_000, 2_000)
GAPS = (GRID, HOUR, 2 * HOUR, 5 * HOUR, 9 * HOUR, DAY, 2 * DAY)


@dataclass(frozen=True)
class News:
    """What stock said of an office at `said_at`; on Kafka, on the topic of that day, it is from `at` on."""

    at: datetime
    said_at: datetime
    topic: str
    office: str
    type: str
    data: bytes


@dataclass(frozen=True)
class Asked:
    """What somebody asks for at a moment, by the clock of the process that is asked. `id` is the idempotency key."""

    at: datetime
    id: str
    ask: Callable[[datetime], Command]


@dataclass(frozen=True)
class Plan:
    """All that happens. Whom `unreachable` names answers over no channel; notify is started at `starts_at`."""

    seed: int
    starts_at: datetime
    news: tuple[News, ...]
    asked: tuple[Asked, ...]
    decreed: tuple[Asked, ...]
    unreachable: frozenset[str]


@cache
def with_a_move() -> Offices:
    """The offices, one of which moves to another province meanwhile."""
    provinces, regencies = (read_table(REGIONS / f"{name}.csv") for name in ("provinces", "regencies"))
    return Offices(provinces, regencies, [MOVES])


def plan_of(seed: int) -> Plan:
    """The plan of this seed: always the same."""
    dice = Random(f"plan/{seed}")
    outage = MONDAY + dice.randrange(4 * 48) * GRID if dice.random() < 0.4 else None
    news: list[News] = []
    items = {}
    for office in sorted(dice.sample(OFFICES, dice.choice((1, 2, 3, 3, 4)))):
        items[office] = ("KTP_WNI", RIBBON) if dice.random() < 0.4 else ("KTP_WNI",)
        said = [each for item in items[office] for each in _story(dice, item, outage)]
        delay = timedelta()
        for said_at, type, data in sorted(said, key=lambda each: each[0]):
            # What is delayed delays what stock says of the office after it.
            delay = dice.choice((timedelta(), timedelta(), delay, GRID))
            at = max([said_at + delay, *(each.at for each in news if each.office == office)])
            body = msgspec.json.encode({"type": type, "office": office, **data})
            news.append(News(at, said_at, with_a_move().topic("stock", office, said_at), office, type, body))
    asked = {}
    low = [each for each in news if each.type == "StockLow"]
    for n in range(dice.randint(6, 20)):
        after = dice.choice(low)
        office, at = after.office, after.at + dice.choice(GAPS)
        # At one moment one thing is asked about an office: which of two came first would be up to chance.
        asked[office, at] = Asked(at, f"asked-{n}", _question(dice, office, dice.choice(items[office])))
    people = [
        (each, f"p-{each.role}-{each.region}-{n}") for each in _desks() for n in range(dice.choice((0, 0, 1, 1, 2)))
    ]
    decreed = _decrees(dice, people)
    unreachable = frozenset(person for _, person in people if dice.random() < 0.15)
    decreed += _comings_and_goings(dice, people, [each.at for each in low])
    starts_at = MONDAY + dice.choice((0, 0, 0, 30, 60)) * HOUR
    return Plan(
        seed=seed,
        starts_at=starts_at,
        news=tuple(sorted(news, key=lambda each: each.at)),
        asked=tuple(sorted(asked.values(), key=lambda each: each.at)),
        decreed=tuple(
            Asked(at, f"decree-{n}", ask) for n, (at, ask) in enumerate(sorted(decreed, key=lambda each: each[0]))
        ),
        unreachable=unreachable,
    )


Decree = tuple[datetime, Callable[[datetime], Command]]
Said = tuple[datetime, str, dict[str, Any]]


def _story(dice: Random, item: str, outage: datetime | None) -> list[Said]:
    """What stock says of one item: episodes one after the other, each with its levels and what is done about it."""
    said: list[Said] = []
    now = outage if outage is not None and dice.random() < 0.8 else MONDAY + dice.randrange(5 * 48) * GRID
    episodes = dice.choice((1, 1, 1, 2, 2, 3))
    for episode in range(1, episodes + 1):
        level = dice.choice((0, 0, 0, 1, 2))
        said.append(_low(now, item, level, episode, dice))
        for _ in range(dice.randint(0, 5)):
            now += dice.choice(GAPS)
            match dice.randrange(8):
                case 0 | 1 | 2:
                    level = min(max(level + dice.choice((-1, 1, 1, 2)), 0), 2)
                    said.append(_low(now, item, level, episode, dice))
                case 3:
                    lines = [{"office": "17", "quantity": 500, "distance_km": 3}]
                    proposed = {"episode": episode, "wanted": 900, "covered": 500, "lines": lines}
                    said.append((now, "ReliefProposed", {"item": item, **proposed}))
                case 4 | 5 | 6:
                    said += _blanks(now, item, said, dice)
                case 7 if dice.random() < 0.5:
                    asks = {"forwarded": 900, "forwarded_by": "u-17", "reason": "Gudang provinsi kosong"}
                    said.append((now, "ReplenishmentForwarded", {"item": item, **asks}))
                case _:
                    said.append((now, "AllocationDeclined", {"item": item, "declined_by": "u-17", "reason": "Habis"}))
        now += dice.choice(GAPS)
        if episode == episodes or dice.random() < 0.9:
            recovered = {"item": item, "episode": episode, "on_hand": 9, "available": 9}
            said.append((now, "StockRecovered", recovered))
            if dice.random() < 0.1:
                said.append((now + GRID, "StockRecovered", recovered))
        now += dice.choice((GRID, HOUR, 7 * HOUR, DAY))
    return said


def _blanks(now: datetime, item: str, said: list[Said], dice: Random) -> list[Said]:
    """Blanks are promised, sent, received, or will not come after all: of what was promised before, or of nothing."""
    allocations = [body["allocation"] for _, type, body in said if type == "AllocationApproved"]
    consignments = [body["consignment"] for _, type, body in said if type == "ConsignmentAnnounced"]
    about = {"item": item, "quantity": dice.choice(AMOUNTS)}
    ahead = {"promised_on": now.date() + dice.randrange(7) * DAY}
    match dice.randrange(6):
        case 0 | 1 | 2:
            allocation = {"allocation": f"a-{item}-{len(said)}"}
            approved = (now, "AllocationApproved", {**about, **ahead, **allocation})
            taken_back = (now + dice.choice(GAPS), "AllocationReleased", {**about, **allocation})
            return [approved, taken_back] if dice.random() < 0.5 else [approved]
        case 3 | 4:
            sent = {"consignment": f"c-{item}-{len(said)}", "allocation": dice.choice((None, *allocations))}
            return [(now, "ConsignmentAnnounced", {**about, **ahead, **sent})]
        case _:
            return [(now, "BlanksReceived", {**about, "consignment": dice.choice((None, *consignments))})]


def _low(now: datetime, item: str, level: int, episode: int, dice: Random) -> Said:
    left = (1_200, 300, 0)[level]
    empty_on = None if level == 2 else now.date() + dice.randint(1, 8) * DAY
    figures = {"on_hand": left, "available": left, "daily_use": 150.0, "days_of_cover": left / 150}
    said = {"item": item, "level": SEVERITY[level], "episode": episode, "projected_empty_on": empty_on, **figures}
    return now, "StockLow", said


def _question(dice: Random, office: str, item: str) -> Callable[[datetime], Command]:
    level, promised_in = dice.choice(list(Level)), dice.choice((0, 1, 3, 8, 30, 70, 400)) * HOUR
    kind = dice.choice(("acknowledge", "acknowledge", "acknowledge", Decline, Forward, HandBack, Close, Comment))

    def ask(now: datetime) -> Command:
        place = place_of(office, now)
        about: dict[str, Any] = {"now": now, "occurred_at": now, "office": office, "item": item, "place": place}
        whose: dict[str, Any] = {"by": f"u-{level}", "answerer": desk(level, office, place.province)}
        if kind == "acknowledge":
            return Acknowledge(**about, **whose, action="Ambil 2.000 keping", promised_by=now + promised_in)
        if kind is Comment:
            return Comment(**about, by="u-1", role="head", text="Printer kedua rusak")
        answers: dict[Any, Callable[..., Command]] = {each: each for each in (Decline, Forward, HandBack, Close)}
        return answers[kind](**about, **whose, reason="Kami tidak sanggup")

    return ask


def _desks() -> list[Desk]:
    cities = [Desk(role, office) for office in OFFICES for role in ("head", "storekeeper")]
    return [*cities, *(Desk("province", province) for province in PROVINCES), Desk("national", "00")]


def _decrees(dice: Random, people: list[tuple[Desk, str]]) -> list[Decree]:
    """What an administrator, the ministry and heads decide about rules, people, days and silences."""
    decreed: list[Decree] = []
    for whose, person in people:
        since = MONDAY.date() - 30 * DAY
        names = dice.sample(CHANNELS, dice.choice((0, 1, 2, 2, 3)))
        decreed.append((MONDAY, partial(_appointed, whose, person, since, None)))
        decreed.append((MONDAY, partial(_reached_by, person, tuple(names))))
        away = MONDAY + dice.randrange(8 * 24) * HOUR
        if dice.random() < 0.25:
            decreed.append((away, partial(_away, whose, person, away.date(), dice.randint(0, 3) * DAY)))
        elif dice.random() < 0.1:
            decreed.append((away, partial(_ended, whose, person, away.date())))
    regions = dice.choice((("17", "00", "51"), ("00",)))
    for _ in range(dice.choice((0, 0, 1, 2, 3, 12))):
        at = MONDAY + dice.randrange(6 * 24) * HOUR
        decreed.append((at, partial(_ruled, dice.choice(regions), _policy(dice), dice.randint(0, 2) * DAY)))
    often = dice.random() < 0.1
    for n in range(160 if often else dice.randint(0, 3)):
        at = MONDAY + dice.randrange(8 * 24) * HOUR
        office, worst = OFFICES[0] if often else dice.choice(OFFICES), dice.choice(list(StockLevel))
        decreed.append((at, partial(_silenced, office, f"s-{n}", dice.choice((None, "KTP_WNI")), worst)))
        if dice.random() < 0.4:
            decreed.append((at + 3 * HOUR, partial(_lifted, office, f"s-{n}")))
    for _ in range(dice.randint(0, 2)):
        at = MONDAY + dice.randrange(6 * 24) * HOUR
        decreed.append((at, partial(_declared, at.date() + dice.randint(0, 4) * DAY, dice.choice((True, False)))))
    return decreed


def _comings_and_goings(dice: Random, people: list[tuple[Desk, str]], low: list[datetime]) -> list[Decree]:
    """Desks that all of their people leave for some days, or for good; some come back early, some have a deputy."""
    decreed: list[Decree] = []
    for whose in dict.fromkeys(each for each, _ in people):
        at = dice.choice(low) + dice.choice(GAPS)
        if dice.random() < 0.4:
            continue
        first, days = at.date() + dice.choice((0, 0, 1)) * DAY, dice.randint(0, 3) * DAY
        for person in (person for each, person in people if each == whose):
            if dice.random() < 0.25:
                decreed.append((at, partial(_ended, whose, person, first - DAY)))
                continue
            decreed.append((at, partial(_away, whose, person, first, days)))
            if dice.random() < 0.3:
                decreed.append((at + dice.choice(GAPS), partial(_back, whose, person, first)))
        if dice.random() < 0.4:
            deputy, since = f"p-{whose.role}-{whose.region}-plh", first + dice.choice((0, 0, 1)) * DAY
            decreed.append((at + dice.choice(GAPS), partial(_appointed, whose, deputy, since, since + days)))
    return decreed


def _appointed(whose: Desk, person: str, since: date, until: date | None, now: datetime) -> Command:
    return Appoint(now=now, occurred_at=now, role=whose.role, region=whose.region, person=person, by="admin",
                   capacity=_capacity(person), since=since, until=until)  # fmt: skip


def _capacity(person: str) -> Capacity:
    return Capacity.DEFINITIVE if person.endswith("-0") else Capacity.PLH


def _reached_by(person: str, channels: tuple[Channel, ...], now: datetime) -> Command:
    return KeepContact(now=now, occurred_at=now, person=person, channels=channels, by="admin")


def _away(whose: Desk, person: str, since: date, days: timedelta, now: datetime) -> Command:
    about = {"role": whose.role, "region": whose.region, "person": person, "by": "admin"}
    return RecordLeave(now=now, occurred_at=now, **about, since=since, until=since + days)


def _back(whose: Desk, person: str, since: date, now: datetime) -> Command:
    about = {"role": whose.role, "region": whose.region, "person": person, "by": "admin"}
    return CancelLeave(now=now, occurred_at=now, **about, since=since)


def _ended(whose: Desk, person: str, last_day: date, now: datetime) -> Command:
    about = {"role": whose.role, "region": whose.region, "person": person, "by": "admin"}
    return EndAppointment(now=now, occurred_at=now, **about, capacity=_capacity(person), last_day=last_day,
                          reason="Pensiun")  # fmt: skip


def _ruled(region: str, policy: EscalationPolicy, ahead: timedelta, now: datetime) -> Command:
    today = now.date()
    policy = replace(policy, starts_on=today + ahead)
    return SetPolicy(now=now, occurred_at=now, region=region, policy=policy, by="admin", today=today)


def _policy(dice: Random) -> EscalationPolicy:
    hour = int(HOUR.total_seconds())
    terms = {}
    for stock_level in StockLevel:
        counted = Counted.ABSOLUTE if stock_level is StockLevel.EMPTY else Counted.WORKING
        within = dice.choice((1, 2, 5, 12)) * hour
        terms[stock_level] = {level: Term(within, counted, dice.choice((0, 1, 2))) for level in Level}
    return replace(
        DEFAULT,
        terms=terms,
        copies={Level.CITY: ("storekeeper",)} if dice.random() < 0.5 else {},
        settle=dice.choice((0, 2 * hour)),
        promise_at_most=dice.choice((2, 14)) * 24 * hour,
    )


def _silenced(office: str, id: str, item: str | None, at_most: StockLevel, now: datetime) -> Command:
    return SetSilence(now=now, occurred_at=now, office=office, silence=id, item=item, at_most=at_most,
                      level=Level.CITY if item else Level.NATIONAL,
                      until=now + 20 * HOUR, reason="Kantor pindah", by="u-80")  # fmt: skip


def _lifted(office: str, id: str, now: datetime) -> Command:
    return LiftSilence(now=now, occurred_at=now, office=office, silence=id, by="u-80")


def _declared(day: date, works: bool, now: datetime) -> Command:
    return DeclareDay(now=now, occurred_at=now, day=day, works=works, note="SKB", by="admin", today=now.date())
