"""Why there is an alert now, or none: all that decides it, in one answer."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notify.domain import (
    LADDER,
    ROLES,
    SCHEMAS,
    Answer,
    Counted,
    Desk,
    DeskHolders,
    Figures,
    InForce,
    Level,
    NotifyFact,
    Proposal,
    Relief,
    Shortage,
    StockLevel,
    WaitKind,
    evolve,
    region_of,
    shortage_of,
)
from services.notify.views.around import (
    DeskNow,
    HeldNotices,
    OnDuty,
    Sent,
    SilenceNow,
    Vacancy,
    channels_of,
    held_of,
    sent_of,
    silences_at,
    vacancy,
)
from services.notify.views.helping import Shelf, helpers, short_at, still
from services.notify.views.outbox import holders_of
from services.notify.views.questions import calendar_of
from services.notify.views.rules import policy_on
from services.notify.views.watching import listening
from shared.decider import fold
from shared.news import known_up_to
from shared.offices import Office
from shared.workdays import silent_since

SILENT_AFTER = 2
"""Working days without any news of an office, after which nothing is known of it."""
OLD = timedelta(minutes=15)
LATE = timedelta(minutes=30)
"""How long after its moment an escalation stands still, whatever is awaited."""

# In one reading: between two, the wait might be over, and would look as if it were forgotten.
_STATE = text("""
select state_schema, state::text, (select min(due) from deadlines d where d.stream = s.stream) as timer
  from streams s where stream = :stream
""")
_FACTS = text("select data::text from events where stream = :stream order by version")
_HEARD = text("select day, at from offices_heard where office = :office")
_PARKED = text("select count(*), min(parked_at) from dead_letters where office = :office")

_state = msgspec.json.Decoder(Shortage).decode
_fact = msgspec.json.Decoder(NotifyFact).decode


class Because(StrEnum):
    """A reason for an alert, or for none, or for one that somebody did not hear of."""

    ANSWER_AWAITED = "ANSWER_AWAITED"
    PROMISE_AWAITED = "PROMISE_AWAITED"
    REPEATED_UNTIL_OVER = "REPEATED_UNTIL_OVER"
    CLOSED_BY_HAND = "CLOSED_BY_HAND"
    RECOVERED = "RECOVERED"
    NO_SHORTAGE_HEARD_OF = "NO_SHORTAGE_HEARD_OF"
    OFFICE_NEVER_HEARD_OF = "OFFICE_NEVER_HEARD_OF"
    OFFICE_SILENT = "OFFICE_SILENT"
    NEWS_OLD = "NEWS_OLD"
    NEWS_PARKED = "NEWS_PARKED"
    NOT_CAUGHT_UP = "NOT_CAUGHT_UP"
    STANDS_STILL = "STANDS_STILL"
    DEADLINE_AWAITS_NEWS = "DEADLINE_AWAITS_NEWS"
    SILENCED = "SILENCED"
    FLAPPING = "FLAPPING"
    GATHERING = "GATHERING"
    NOBODY_ON_DUTY = "NOBODY_ON_DUTY"
    NEVER_KEPT = "NEVER_KEPT"
    INBOX_ONLY = "INBOX_ONLY"
    NOT_REACHED = "NOT_REACHED"


class Stock(msgspec.Struct, frozen=True):
    """What was heard of the item: LOW, CRITICAL or EMPTY, OK after a recovery, or nothing yet; and the figures."""

    level: str | None
    figures: Figures | None


class OfficeNews(msgspec.Struct, frozen=True):
    """HEARD of, SILENT for two working days, or NEVER heard of: an office that is not on board, or a wire that is cut.

    `up_to`: whatever stock had recorded by then of the office's province is known here. `parked` messages of
    the office wait for an engineer since `parked_since`, and all that came after them.
    """

    status: str
    day: date | None
    at: datetime | None
    up_to: datetime | None
    age_seconds: int | None
    parked: int
    parked_since: datetime | None


class Rules(msgspec.Struct, frozen=True):
    """The policy that is gone by, by name (`17/3`, `00/1`, `default`, `settings/1`), and the term that runs.

    `within` is seconds; no term runs where nobody's answer is awaited.
    """

    name: str
    last_level: Level
    within: int | None = None
    counted: Counted | None = None
    repeats: int | None = None


class Next(msgspec.Struct, frozen=True):
    """What happens at `at` unless something else does: `then` it will CLIMB `to` a level, or REPEAT to it.

    `passed_over` are levels in between at which nobody is on duty. `nobody_above`: this item climbs no higher.
    """

    at: datetime
    waiting_for: WaitKind
    then: str
    to: Level
    passed_over: tuple[Level, ...]
    nobody_above: bool
    stands_still: bool


class Episode(msgspec.Struct, frozen=True):
    """The latest episode of shortage. `repeat` counts repetitions in this term, `flaps` episodes that came too soon.

    `proposal` is who could help while it is open, without those who are short by now.
    """

    episode: int
    open: bool
    opened_at: datetime | None
    ended_at: datetime | None
    level: Level
    awaited: Level | None
    answer_by: datetime | None
    answered_at: datetime | None
    answer: Answer | None
    declined: str | None
    forwarded: str | None
    handed_back: str | None
    closed: str | None
    relief: Relief | None
    proposal: Proposal | None
    repeat: int
    flaps: int


class Why(msgspec.Struct, frozen=True):
    """The answer. `alert`: an escalation is open. `because` has the decisive reason first."""

    office: str
    item: str
    at: datetime
    alert: bool
    because: tuple[Because, ...]
    stock: Stock
    news: OfficeNews
    caught_up: bool
    episode: Episode | None
    rules: Rules
    next: Next | None
    desks: tuple[DeskNow, ...]
    silences: tuple[SilenceNow, ...]
    held: tuple[HeldNotices, ...]
    sent: tuple[Sent, ...]


async def why(connection: AsyncConnection, office: Office, item: str, topic: str, now: datetime) -> Why:
    """Why there is an alert of the item at this office now, or none; `topic` is where stock speaks of the office."""
    shortage, timer = await _shortage(connection, shortage_of(office.id, item))
    day, province = office.day_at(now), office.province(now)
    rules = await policy_on(connection, province, day)
    if not shortage.ended:
        rules = InForce(shortage.policy, shortage.rules)
    news = await _news(connection, office, topic, now)
    watch = await listening(connection)
    desks = await _desks(connection, office.id, province, rules, item, day)
    short = None if shortage.ended else shortage.stock_level
    helpless = await short_at(connection, helpers([(item, shortage.proposal)]), now)
    answer = Why(
        office=office.id,
        item=item,
        at=now,
        alert=shortage.open,
        because=(),
        stock=_stock(shortage),
        news=news,
        caught_up=watch is not None and watch.caught_up,
        episode=_episode(shortage, helpless),
        rules=_rules(shortage, rules, item),
        next=_next(shortage, desks, timer, now),
        desks=desks,
        silences=await silences_at(connection, office.id, item, short, now),
        held=await held_of(connection, office.id, item, shortage.episode),
        sent=await sent_of(connection, office.id, item, shortage.episode),
    )
    because = (_outcome(answer), *_unheard(answer), *_untold(answer))
    return msgspec.structs.replace(answer, because=because)


async def _shortage(connection: AsyncConnection, stream: str) -> tuple[Shortage, datetime | None]:
    """The state of a shortage's stream, as the ledger has it, and when the clock looks at it next."""
    row = (await connection.execute(_STATE, {"stream": stream})).one_or_none()
    if row is None:
        return Shortage(), None
    if row.state_schema == SCHEMAS["shortage"]:
        return _state(row.state), row.timer
    facts = (await connection.execute(_FACTS, {"stream": stream})).scalars()
    return fold(evolve, Shortage(), map(_fact, facts)), row.timer


async def _news(connection: AsyncConnection, office: Office, topic: str, now: datetime) -> OfficeNews:
    heard = (await connection.execute(_HEARD, {"office": office.id})).one_or_none()
    parked, parked_since = (await connection.execute(_PARKED, {"office": office.id})).one()
    up_to = await known_up_to(connection, topic)
    status = "NEVER"
    if heard is not None:
        works = await calendar_of(connection)
        silent = heard.day < silent_since(now, office.timezone, SILENT_AFTER, works).date()
        status = "SILENT" if silent else "HEARD"
    return OfficeNews(
        status=status,
        day=None if heard is None else heard.day,
        at=None if heard is None else heard.at,
        up_to=up_to,
        age_seconds=None if up_to is None else max(int((now - up_to).total_seconds()), 0),
        parked=parked,
        parked_since=parked_since,
    )


async def _desks(
    connection: AsyncConnection, office: str, province: str, rules: InForce, item: str, day: date
) -> tuple[DeskNow, ...]:
    """The desks up to the item's last level, their copies, and the one above a last level of its own."""
    last = LADDER.index(rules.policy.last_level(item))
    levels = LADDER[: last + 2]
    around = {
        Desk(role, region_of(level, office, province)): level
        for level in levels
        for role in (ROLES[level], *(rules.policy.copies.get(level, ()) if level in LADDER[: last + 1] else ()))
    }
    known = await holders_of(connection, around)
    holders = {desk: known.get(desk, DeskHolders()) for desk in around}
    people = [person for each in holders.values() for person in each.on_duty(day)]
    channels = await channels_of(connection, people)
    return tuple(
        DeskNow(
            level=level,
            role=desk.role,
            region=desk.region,
            asked=desk.role == ROLES[level] and LADDER.index(level) <= last,
            on_duty=tuple(OnDuty(person, channels.get(person, 0)) for person in holders[desk].on_duty(day)),
            nobody=vacancy(holders[desk], day),
        )
        for desk, level in around.items()
    )


def _stock(shortage: Shortage) -> Stock:
    if not shortage.episode:
        return Stock(None, None)
    return Stock("OK" if shortage.ended else shortage.stock_level, shortage.figures)


def _rules(shortage: Shortage, rules: InForce, item: str) -> Rules:
    last = rules.policy.last_level(item)
    if not shortage.open:
        return Rules(rules.name, last)
    term = rules.policy.term(shortage.stock_level, shortage.awaited)
    return Rules(rules.name, last, term.within, term.counted, term.repeats)


def _episode(shortage: Shortage, short: frozenset[Shelf]) -> Episode | None:
    if not shortage.episode:
        return None
    return Episode(
        episode=shortage.episode,
        open=shortage.open,
        opened_at=shortage.opened_at,
        ended_at=shortage.ended_at if shortage.ended else None,
        level=shortage.level,
        awaited=shortage.awaited if shortage.open else None,
        answer_by=shortage.answer_by if shortage.open else None,
        answered_at=shortage.answered_at,
        answer=shortage.answer,
        declined=shortage.declined,
        forwarded=shortage.forwarded,
        handed_back=shortage.why_handed_back,
        closed=shortage.closed,
        relief=shortage.relief,
        proposal=still(shortage.proposal, shortage.item, short) if shortage.open else None,
        repeat=shortage.repeat,
        flaps=shortage.flaps,
    )


def _next(shortage: Shortage, desks: tuple[DeskNow, ...], timer: datetime | None, now: datetime) -> Next | None:
    """As `domain/decisions/climbing.py` decides at that moment, if the desks are then as they are now."""
    if shortage.due is None:
        return None
    level, last = shortage.above, shortage.policy.last_level(shortage.item)
    climbs = level is not None and shortage.waiting_for is not WaitKind.REPEAT
    passed_over: list[Level] = []
    if climbs:
        empty = {each.level for each in desks if each.asked and each.nobody not in (None, Vacancy.NEVER_KEPT)}
        while level is not last and level in empty:
            passed_over.append(level)
            level = LADDER[LADDER.index(level) + 1]
    return Next(
        at=shortage.due,
        waiting_for=shortage.waiting_for,
        then="CLIMB" if climbs else "REPEAT",
        to=level if climbs and level is not None else shortage.awaited,
        passed_over=tuple(passed_over),
        nobody_above=shortage.above is None,
        stands_still=timer is None or shortage.due < now - LATE,
    )


def _outcome(answer: Why) -> Because:
    """What decides whether there is an alert."""
    episode = answer.episode
    if answer.next is not None:
        match answer.next.waiting_for:
            case WaitKind.PROMISE:
                return Because.PROMISE_AWAITED
            case WaitKind.REPEAT if answer.next.nobody_above:
                return Because.REPEATED_UNTIL_OVER
            case _:
                return Because.ANSWER_AWAITED
    if episode is None:
        return Because.NO_SHORTAGE_HEARD_OF
    return Because.CLOSED_BY_HAND if episode.closed is not None else Because.RECOVERED


def _unheard(answer: Why) -> Iterator[Because]:
    """What may have kept news from here."""
    news = answer.news
    if news.status == "NEVER":
        yield Because.OFFICE_NEVER_HEARD_OF
    if news.status == "SILENT":
        yield Because.OFFICE_SILENT
    if news.up_to is None or answer.at - news.up_to > OLD:
        yield Because.NEWS_OLD
    if news.parked:
        yield Because.NEWS_PARKED
    if answer.next is not None and answer.next.stands_still:
        yield Because.STANDS_STILL
    elif (
        answer.next is not None and answer.next.at <= answer.at and (news.up_to is None or news.up_to < answer.next.at)
    ):
        yield Because.DEADLINE_AWAITS_NEWS


def _untold(answer: Why) -> Iterator[Because]:
    """What keeps an alert from somebody."""
    if not answer.caught_up:
        yield Because.NOT_CAUGHT_UP
    if answer.silences and (not answer.alert or any(silence.covers for silence in answer.silences)):
        yield Because.SILENCED
    if not answer.alert or answer.episode is None:
        return
    if answer.episode.flaps and answer.stock.level != StockLevel.EMPTY:
        yield Because.FLAPPING
    if any(sent.closes_at is not None for sent in answer.sent):
        yield Because.GATHERING
    asked = [desk for desk in answer.desks if desk.asked and desk.level is answer.episode.awaited]
    if any(desk.nobody is Vacancy.NEVER_KEPT for desk in asked):
        yield Because.NEVER_KEPT
    elif any(desk.nobody is not None for desk in asked):
        yield Because.NOBODY_ON_DUTY
    elif not any(person.channels for desk in asked for person in desk.on_duty):
        yield Because.INBOX_ONLY
    if any(_not_reached(answer, desk) for desk in asked):
        yield Because.NOT_REACHED


def _not_reached(answer: Why, desk: DeskNow) -> bool:
    """What was sent to the desk last has reached nobody there over any channel, and will not but by a later try."""
    to_desk = [sent for sent in answer.sent if (sent.role, sent.region) == (desk.role, desk.region) and sent.person]
    last = [sent for sent in to_desk if sent.bundle == max(each.bundle for each in to_desk)]
    return bool(last) and all(sent.unreached and sent.state != "DELIVERED" for sent in last)
