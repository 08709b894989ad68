"""What holds after every append, what holds whenever time passes, and what holds once all has come to rest."""

from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec
from msgspec.structs import replace

from services.notify.domain import (
    CALENDAR,
    LISTENING,
    BundleClosed,
    Cause,
    Counted,
    Desk,
    DeskHolders,
    EscalationAcknowledged,
    EscalationClimbed,
    EscalationClosed,
    EscalationCommented,
    EscalationHandedBack,
    EscalationOpened,
    EscalationRepeated,
    EscalationResolved,
    Held,
    HelpProposed,
    LetterIssued,
    Level,
    NoticeKind,
    NoticePosted,
    NoticeSent,
    PromiseTakenBack,
    ReliefNoted,
    Result,
    SendBegun,
    SendEnded,
    Shortage,
    SilenceLifted,
    SilenceSet,
    StockLevel,
    WaitKind,
    desk,
    directory_of,
    id_of,
    up_to,
)
from services.notify.domain.words import SEVERITY, region_of
from services.notify.domain.worktime import Calendar, worked
from services.notify.reactions import place_of
from tests.notify.simulation.ledger import Written, encode
from tests.notify.simulation.world import World

STATE_BYTES = 4_096
LONGEST = timedelta(days=15)
"""Two weeks is the longest promise; every term of a plan is shorter, with all days off."""
CLOCKS_APART = timedelta(minutes=10)
HEIGHTS = {"head": 0, "storekeeper": 0, "province": 1, "national": 2}
ROLE_OF = {Level.CITY: "head", Level.PROVINCE: "province", Level.NATIONAL: "national"}
ASKS = (EscalationOpened, EscalationClimbed, EscalationRepeated, EscalationHandedBack)
CHANGES_NO_WAIT = (NoticeSent, EscalationCommented, HelpProposed)
MOVES_THE_WAIT = (*ASKS, EscalationAcknowledged, EscalationClosed, EscalationResolved)


def after_an_append(world: World, written: list[Written]) -> None:
    """All that can be seen at once. Raises `AssertionError`."""
    for stream in dict.fromkeys(each.stream for each in written):
        size = world.store.sizes[stream]
        assert size <= STATE_BYTES, f"the state of {stream} has {size} bytes"
        if stream.startswith("shortage/"):
            facts = [each for each in written if each.stream == stream]
            an_open_shortage_has_one_next_moment(world, stream, facts[-1].now)
            all_levels_are_told(world, facts)
            somebody_is_asked_or_it_climbs(world, facts)
            everyone_told_is_told_of_the_end(world, stream, facts)
            for each in facts:
                if isinstance(each.fact, NoticeSent):
                    a_notice_is_held_when_it_must_be(world, each)
    for each in written:
        if isinstance(each.fact, PromiseTakenBack):
            what_is_taken_back_buys_nothing(world, each)
        if isinstance(each.fact, ASKS) or (isinstance(each.fact, ReliefNoted) and each.fact.answer_by is not None):
            time_passes_as_the_policy_says(world, each)


def an_open_shortage_has_one_next_moment(world: World, stream: str, now: datetime) -> None:
    shortage: Shortage = world.store.state(stream)
    rows = [row for row in world.store.rows("deadlines").values() if row["stream"] == stream]
    expected = [(shortage.due, str(shortage.waits))] if shortage.open else []
    assert [(row["due"], row["data"]) for row in rows] == expected, f"{stream} has other deadlines than its state"
    assert shortage.due is None or shortage.due <= now + LONGEST, f"{stream} waits longer than any term"
    assert shortage.open or shortage.ended or shortage.closed, f"{stream} is neither open nor over"


def nothing_waits_too_long(world: World, grace: timedelta) -> None:
    """With time running, whatever was due has happened."""
    for key, row in world.store.rows("escalations").items():
        if row["open"]:
            assert row["due"] is not None and world.now - row["due"] <= grace, f"{key} stands still since {row['due']}"


def nobody_who_left_is_waited_for(world: World, within: timedelta) -> None:
    """A desk at which nobody sits any more is passed over when the watchman looks next."""
    for key, since in world.left_since().items():
        assert world.now - since <= within, f"{key} waits for nobody since {since}"


def somebody_is_asked_or_it_climbs(world: World, facts: list[Written]) -> None:
    """Whoever climbs, or opens, to a desk that is kept and at which nobody sits climbs on, and that alone is said so.

    What somebody has promised is waited for though they have left.
    """
    asked: Written | None = None
    for each in facts:
        fact = each.fact
        if isinstance(fact, EscalationClimbed) and fact.cause is Cause.NOBODY_THERE:
            assert _nobody_at(world, each, fact.from_level), f"{fact}: and somebody sits there"
            assert asked or each.before.waiting_for is not WaitKind.PROMISE, f"{fact}: and somebody has promised"
            asked = None
        assert asked is None, f"{asked}: and nobody sits there"
        if isinstance(fact, EscalationOpened | EscalationClimbed) and each.after.above is not None:
            asked = each if _nobody_at(world, each, fact.level) else None
    assert asked is None, f"{asked}: and nobody sits there"


def all_levels_are_told(world: World, facts: list[Written]) -> None:
    """Who climbs to a level tells all up to it; who asks again, the one that is asked."""
    asked = [n for n, each in enumerate(facts) if isinstance(each.fact, ASKS)]
    for n, following in zip(asked, [*asked, len(facts)][1:], strict=True):
        fact = facts[n].fact
        after = [each.fact for each in facts[n + 1 : following]]
        goes_on = following < len(facts) and getattr(facts[following].fact, "cause", None) is Cause.NOBODY_THERE
        if goes_on and not after:
            continue
        jumps = isinstance(fact, EscalationOpened | EscalationClimbed)
        level = fact.to if isinstance(fact, EscalationHandedBack) else fact.level
        province = place_of(fact.office, facts[n].now).province
        levels = up_to(level) if jumps else [] if isinstance(fact, EscalationHandedBack) else [level]
        expected = {Desk(ROLE_OF[each], region_of(each, fact.office, province)) for each in levels}
        cause = getattr(fact, "cause", None)
        told = {_recipient(each) for each in after if isinstance(each, NoticeSent) and each.cause is cause}
        assert expected <= told, f"{type(fact).__name__} at {fact.office}: not told are {expected - told}"


def everyone_told_is_told_of_the_end(world: World, stream: str, facts: list[Written]) -> None:
    for resolved in (each.fact for each in facts if isinstance(each.fact, EscalationResolved)):
        history = [each.fact for each in world.store.by_stream[stream] if isinstance(each.fact, NoticeSent)]
        notices = [each for each in history if each.episode == resolved.episode]
        ends = Counter(_recipient(each) for each in notices if each.kind is NoticeKind.RESOLVED)
        told = {_recipient(each) for each in notices if each.kind is not NoticeKind.RESOLVED}
        assert ends == dict.fromkeys(told, 1), f"{stream}: told {told}, told of the end {ends}"


def a_notice_is_held_when_it_must_be(world: World, written: Written) -> None:
    notice: NoticeSent = written.fact
    if not world.store.state(LISTENING).caught_up:
        expected: Held | None = Held.CATCHING_UP
    else:
        expected = Held.SILENCED if _silenced(world, notice, written.now) else None
    assert notice.held is expected, f"{id_of(notice)} is held: {notice.held}, and should be: {expected}"


def time_passes_as_the_policy_says(world: World, written: Written) -> None:
    """An empty shelf knows no office hours; all else ends when the office is open, after just as much working time."""
    fact: Any = written.fact
    shortage, before = written.after, written.before
    term = shortage.policy.term(shortage.stock_level, shortage.awaited)
    place = place_of(fact.office, written.now)
    calendar = Calendar(days=world.store.state(CALENDAR).days, official=place.official)

    def passed(moment: datetime) -> timedelta:
        if shortage.stock_level is StockLevel.EMPTY:
            return moment - written.now
        assert term.counted is Counted.WORKING
        there = moment.astimezone(place.zone)
        minutes = there.hour * 60 + there.minute
        hours = shortage.policy.hours
        assert calendar.works(there.date()) and hours.opens <= minutes <= hours.closes, f"{moment}: nobody works"
        return worked(written.now, moment, place.zone, hours, calendar.works)

    promised = [each.relief.until for each in shortage.promises]
    assert fact.answer_by > written.now, f"{fact} asks for an answer by a moment that is past"
    if isinstance(fact, EscalationRepeated) and fact.repeat and before.answer_by == fact.answer_by:
        assert before.due != before.answer_by, "a term that is over begins anew"
    elif fact.answer_by not in promised:
        assert passed(fact.answer_by) == timedelta(seconds=term.within), f"{fact} ends at another time"
    if fact.next_at is not None:
        assert written.now < fact.next_at < fact.answer_by, f"{fact} is repeated outside its term"
        if fact.next_at not in promised:
            assert passed(fact.next_at) == term.span, f"{fact} is repeated at another time"


def what_is_taken_back_buys_nothing(world: World, written: Written) -> None:
    """If nothing else happened since it was promised, it is waited for what was waited for before, or for nothing.

    A day that was declared since the level was asked changes its term when that is counted again.
    """
    before, after = written.before, written.after
    [gone] = [each.relief.until for each in before.promises if each.name == written.fact.promise]
    others = {each.relief.until for each in after.promises}
    assert after.promises == tuple(each for each in before.promises if each.name != written.fact.promise)
    assert gone in {written.now, *others} or gone not in (after.due, after.answer_by), f"{written.fact}: still awaited"
    history = world.store.by_stream[written.stream]
    earlier = history[: history.index(written)]
    n = max(n for n, each in enumerate(earlier) if isinstance(each.fact, ReliefNoted))
    noted, since = earlier[n], earlier[n + 1 :]
    declared = world.store.by_stream.get(CALENDAR, [])
    alone = noted.fact.promise == written.fact.promise and all(isinstance(each.fact, CHANGES_NO_WAIT) for each in since)
    asked = before.asked.began - CLOCKS_APART
    if alone and not any(each.now >= asked for each in declared):
        # What it had not moved stays as it was, also if that is past and the clock has not looked yet.
        due = noted.before.due
        expected = due if written.fact.due is None else max(due, written.now)
        assert after.due == expected, f"{written.fact}: should wait for {expected}"


def at_the_end(world: World) -> None:
    """All that must be so once everything has come to rest. Raises `AssertionError`."""
    for stream, written in world.store.by_stream.items():
        facts = [each.fact for each in written]
        assert world.store.replayed(stream) == world.store.state(stream), f"{stream} adds up to something else"
        kind = stream.partition("/")[0]
        if kind == "shortage":
            nothing_is_told_twice(facts)
            promises_are_kept_or_it_climbs(stream, written)
        elif kind == "post":
            what_is_posted_goes_out_once(world, stream, facts)
        elif kind == "send":
            every_try_has_an_outcome(stream, facts)
    each_episode_has_one_escalation_and_one_end(world)
    nothing_arrives_twice_unmarked(world)
    assert not world.store.rows("deadlines"), "somebody is to be woken for nothing"


def each_episode_has_one_escalation_and_one_end(world: World) -> None:
    heard: dict[str, list[int]] = {}
    for news in world.plan.news:
        if news.type == "StockLow":
            said = msgspec.json.decode(news.data)
            heard.setdefault(f"shortage/{news.office}/{said['item']}", []).append(said["episode"])
    for stream, episodes in heard.items():
        facts = [each.fact for each in world.store.by_stream[stream]]
        opened = [fact.episode for fact in facts if isinstance(fact, EscalationOpened)]
        ended = [fact.episode for fact in facts if isinstance(fact, EscalationResolved)]
        assert opened == ended == sorted(set(episodes)), f"{stream}: heard {episodes}, opened {opened}, ended {ended}"
        over = 0
        for fact in facts:
            late = fact.episode <= over and not (isinstance(fact, NoticeSent) and fact.kind is NoticeKind.RESOLVED)
            assert not late, f"{stream}: {type(fact).__name__} after the end of episode {fact.episode}"
            over = fact.episode if isinstance(fact, EscalationResolved) else over


def nothing_is_told_twice(facts: list[Any]) -> None:
    """Once for each step, of which every repetition is one, and recipient."""
    ids = Counter(id_of(fact) for fact in facts if isinstance(fact, NoticeSent))
    repeats = Counter(
        (fact.episode, fact.step, fact.repeat, _recipient(fact)) for fact in facts if isinstance(fact, NoticeSent)
    )
    assert {*ids.values(), *repeats.values()} <= {1}, f"told twice: {ids.most_common(1)}"


def promises_are_kept_or_it_climbs(stream: str, written: list[Written]) -> None:
    """Whoever promised is waited for until then, and no longer."""
    moving = [each for each in written if isinstance(each.fact, MOVES_THE_WAIT) or _waits_otherwise(each.fact)]
    for each, following in pairwise(moving):
        if isinstance(each.fact, EscalationAcknowledged):
            passed = getattr(following.fact, "cause", None) is Cause.PROMISE_BROKEN
            late = following.now >= each.fact.promised_by
            by_itself = getattr(following.fact, "cause", None) in (Cause.NO_ANSWER, Cause.UNREACHED, Cause.NOBODY_THERE)
            assert not by_itself, f"{stream}: {following.fact} though somebody had answered"
            assert late or not passed, f"{stream}: the promise until {each.fact.promised_by} was not awaited"


def what_is_posted_goes_out_once(world: World, stream: str, facts: list[Any]) -> None:
    posted = [fact for fact in facts if isinstance(fact, NoticePosted)]
    closed = [fact for fact in facts if isinstance(fact, BundleClosed)]
    bundles = Counter(fact.bundle for fact in closed)
    assert [fact.number for fact in posted] == list(range(1, len(posted) + 1)), f"{stream}: numbers are missing"
    assert set(bundles.values()) <= {1} and {fact.bundle for fact in posted if fact.bundle} <= set(bundles), stream
    letters = Counter(fact.letter for fact in facts if isinstance(fact, LetterIssued))
    assert letters == Counter(fact.letter for fact in closed if fact.letter), f"{stream}: letters {letters}"
    for fact in posted:
        assert (fact.held is None) == (fact.bundle is not None), f"{fact.notice}: held, or gathered"
    held = {fact.notice: fact.held for fact in posted if fact.held is not None}
    for bundle in closed:
        gathered = [fact for fact in posted if fact.bundle == bundle.bundle]
        inside, moments = [fact.notice for fact in gathered], [fact.closes_at for fact in gathered if fact.closes_at]
        assert moments == sorted(moments, reverse=True), f"{stream}: bundle {bundle.bundle} makes what came before wait"
        beside = [notice for notice in bundle.notices if notice not in inside]
        allowed = {Held.CATCHING_UP} if bundle.digest else set()
        assert {held.get(notice) for notice in beside} <= allowed, f"{stream}: {beside} must not be sent"
        if not bundle.digest:
            # Whoever closed a digest may not have seen what came just then: it is sent with it, as all in the bundle.
            latest = {_about(world, notice): notice for notice in inside}
            assert set(latest.values()) == set(bundle.notices), f"{stream}: bundle {bundle.bundle} leaves something out"
            assert len(latest) + bundle.absorbed == len(inside), f"{stream}: bundle {bundle.bundle} counts otherwise"
    sent = Counter(notice for bundle in closed for notice in bundle.notices)
    assert set(sent.values()) <= {1}, f"{stream}: sent in two bundles: {sent.most_common(1)}"


def every_try_has_an_outcome(stream: str, facts: list[Any]) -> None:
    begun = [fact for fact in facts if isinstance(fact, SendBegun)]
    ended = [fact for fact in facts if isinstance(fact, SendEnded) and fact.result is not Result.NO_CHANNEL]
    assert [fact.attempt for fact in begun] == [fact.attempt for fact in ended], f"{stream}: a try has no outcome"
    may_have_arrived: Counter[str] = Counter()
    for fact, outcome in zip(begun, ended, strict=True):
        doubts = may_have_arrived[fact.channel.name]
        assert fact.again == (doubts == 1), (
            f"{stream}: try {fact.attempt} is marked {fact.again}, after {doubts} doubts"
        )
        assert outcome.result is not Result.DELIVERED or fact is begun[-1], f"{stream}: tried after it was delivered"
        may_have_arrived[fact.channel.name] += outcome.result is Result.UNKNOWN
    last = facts[-1]
    assert not (isinstance(last, SendEnded) and last.next_at), f"{stream}: the next try is missing"


def nothing_arrives_twice_unmarked(world: World) -> None:
    begun = [(each.stream, each.fact) for each in world.store.log if isinstance(each.fact, SendBegun)]
    tries = {(fact.message, fact.attempt): (stream, fact.again) for stream, fact in begun}
    arrived: dict[str, list[int]] = {}
    for sent in world.sent:
        arrived.setdefault(sent.message, []).append(sent.attempt)
    for message, attempts in arrived.items():
        for before, attempt in pairwise(sorted(attempts)):
            stream, again = tries[message, attempt]
            ended = [each.fact for each in world.store.by_stream[stream] if isinstance(each.fact, SendEnded)]
            known = [fact.result for fact in ended if fact.attempt == before]
            assert again and known == [Result.UNKNOWN], f"{message} arrived twice: {known}, marked {again}"


def the_same_was_decided(one: World, other: World) -> None:
    """Two schedules of a plan lead to the same facts of every stream, and to the same messages.

    What offices that share a desk have to say arrives there in either order. So a post's notices may have
    other numbers, and its bundle may have been said to close at another moment before the last of them came;
    which notices gather in which bundle, and when that goes out, is the same.
    """
    mine, theirs = _comparable(one), _comparable(other)
    assert mine.keys() == theirs.keys(), f"streams: {sorted(mine.keys() ^ theirs.keys())}"
    for stream, facts in mine.items():
        for this, that in zip(facts, theirs[stream], strict=False):
            assert this == that, f"{stream}: {this!r} and {that!r}"
        assert len(facts) == len(theirs[stream]), f"{stream}: {len(facts)} and {len(theirs[stream])} facts"
    assert sorted(map(repr, one.sent)) == sorted(map(repr, other.sent)), "other messages arrived"


def _comparable(world: World) -> dict[str, list[bytes]]:
    comparable = {}
    for stream, written in world.store.by_stream.items():
        facts = [each.fact for each in written]
        posted = [encode((f.notice, f.bundle, f.held)) for f in facts if isinstance(f, NoticePosted)]
        rest = [encode(_in_order(fact)) for fact in facts if not isinstance(fact, NoticePosted)]
        comparable[stream] = [*sorted(posted), *rest]
    return comparable


def _in_order(fact: Any) -> Any:
    return replace(fact, notices=tuple(sorted(fact.notices))) if isinstance(fact, BundleClosed) else fact


def _nobody_at(world: World, written: Written, level: Level) -> bool:
    """Whether the desk of this level is kept, and nobody sits there on the office's day."""
    place = place_of(written.fact.office, written.now)
    holders: DeskHolders = world.store.state(directory_of(desk(level, written.fact.office, place.province)))
    return holders.kept and not holders.on_duty(place.day_at(written.now))


def _silenced(world: World, notice: NoticeSent, now: datetime) -> bool:
    facts = [each.fact for each in world.store.by_stream.get(f"silence/{notice.office}", [])]
    lifted = {fact.silence for fact in facts if isinstance(fact, SilenceLifted)}
    return any(
        fact.until > now
        and fact.item in (None, notice.item)
        and SEVERITY.index(notice.stock_level) <= SEVERITY.index(fact.at_most)
        and HEIGHTS[notice.recipient_role] <= HEIGHTS[ROLE_OF[fact.level]]
        for fact in facts
        if isinstance(fact, SilenceSet) and fact.silence not in lifted
    )


def _waits_otherwise(fact: Any) -> bool:
    """Whether a promise of blanks begins to be waited for, or was kept, and the term begins anew."""
    return isinstance(fact, ReliefNoted) and (fact.paused_until, fact.answer_by) != (None, None)


def _recipient(notice: NoticeSent) -> Desk:
    return Desk(notice.recipient_role, notice.recipient_region)


def _about(world: World, id: str) -> tuple[str, str]:
    notice = world.store.rows("notices")[id,]["notice"]
    return notice.office, notice.item
