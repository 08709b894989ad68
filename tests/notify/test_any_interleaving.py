"""Whatever comes, in whatever order: nobody is skipped, nobody is forgotten, nothing stops silently."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notify.domain import (
    DeadlinePassed,
    Desk,
    EscalationClimbed,
    EscalationOpened,
    EscalationResolved,
    Level,
    NoticeKind,
    NoticeSent,
    NotifyFact,
    Shortage,
    StockLevel,
    desk,
    up_to,
)
from services.notify.service import NOTIFY
from shared.decider import Command, Refused, fold
from shared.testing import Scenario
from tests.notify.situations import (
    BENGKULU,
    DAY,
    EMPTY_ON,
    EVERYBODY,
    HOUR,
    NOON,
    STREAM,
    answer,
    deadline,
    decline,
    low,
    over,
    promised,
    quiet,
    received,
)

LADDER = list(Level)
Step = Callable[[Shortage, datetime], Command]


def timer(back: int, stale: bool) -> Step:
    """The clock speaks of the present wait, or, late, of one that is gone."""
    return lambda shortage, now: deadline(shortage.waits - back, max(now, shortage.due or now), stale)


raises: st.SearchStrategy[Step] = st.builds(
    lambda level, ahead: lambda shortage, now: low(level, shortage.episode + ahead, now),
    st.sampled_from(StockLevel),
    st.sampled_from([0, 0, 0, 0, 0, 1, -1]),
)
ends: st.SearchStrategy[Step] = st.builds(
    lambda ahead: lambda shortage, now: over(shortage.episode + ahead, now), st.sampled_from([0, 0, -1, 1])
)
timers = st.builds(timer, st.sampled_from([0, 0, 0, 1, 2]), st.booleans())
answers: st.SearchStrategy[Step] = st.builds(
    lambda who, days: lambda _, now: answer(who, now + days * DAY, now),
    st.sampled_from([*EVERYBODY, Desk("head", "17.01")]),
    st.integers(0, 3),
)
declines: st.SearchStrategy[Step] = st.just(lambda _, now: decline(now=now))
promises: st.SearchStrategy[Step] = st.builds(
    lambda days: lambda _, now: promised(EMPTY_ON + days * DAY, now=now), st.integers(-8, 2)
)
receipts: st.SearchStrategy[Step] = st.just(lambda _, now: received(50, now))
steps = st.one_of(raises, raises, raises, timers, timers, timers, ends, answers, declines, promises, receipts)


class Log:
    """Everything that has happened, with the deadlines as the database would hold them."""

    def __init__(self) -> None:
        self.scenario: Scenario = quiet
        self.facts: list[Any] = []
        self.deadlines: dict[tuple[Any, ...], Any] = {}
        self.keys: dict[int, tuple[Any, ...]] = {}
        self.now = NOON

    @property
    def shortage(self) -> Shortage:
        state: Shortage = self.scenario.state(STREAM)
        return state

    def take(self, step: Step) -> None:
        self.now += HOUR
        command = step(self.shortage, self.now)
        self.now = command.now
        try:
            decision = self.scenario.when(command)
        except Refused:
            return
        # The clock takes away the row that fired before the facts' own rows are stored.
        if isinstance(command, DeadlinePassed) and command.wait in self.keys:
            self.deadlines.pop(self.keys[command.wait], None)
        for stream, fact in decision:
            self.scenario = self.scenario.given([(stream, fact)])
            for row in NOTIFY.project(stream, fact, self.scenario.state(stream)):
                if row.table == "deadlines":
                    self.deadlines.pop(row.key, None)
                    if row.values is not None:
                        self.deadlines[row.key] = row.values
                        self.keys[self.shortage.waits] = row.key
        self.facts += [fact for stream, fact in decision if stream == STREAM]

    def of(self, kind: type[Any]) -> list[Any]:
        return [fact for fact in self.facts if isinstance(fact, kind)]


@settings(max_examples=1_000, deadline=None)
@given(st.lists(steps, min_size=1, max_size=40))
def test_nobody_is_skipped_nobody_is_forgotten_and_nothing_stops_silently(taken: list[Step]) -> None:
    log = Log()
    for step in taken:
        log.take(step)
        each_level_up_to_the_present_one_was_told(log)
        an_open_escalation_has_exactly_one_next_moment(log)
    each_episode_has_one_escalation_and_one_is_open_at_most(log)
    levels_only_climb_within_an_episode(log)
    everyone_told_is_told_of_the_end_exactly_once(log)
    no_notice_is_sent_twice(log)
    what_is_stored_adds_up_to_the_same_state(log)


def each_level_up_to_the_present_one_was_told(log: Log) -> None:
    if log.shortage.open:
        assert {desk(level, BENGKULU, "17") for level in up_to(log.shortage.level)} <= set(log.shortage.told)


def an_open_escalation_has_exactly_one_next_moment(log: Log) -> None:
    expected = [(log.shortage.due, str(log.shortage.waits))] if log.shortage.open else []
    assert [(row["due"], row["data"]) for row in log.deadlines.values()] == expected


def each_episode_has_one_escalation_and_one_is_open_at_most(log: Log) -> None:
    episodes = [fact.episode for fact in log.of(EscalationOpened)]
    assert episodes == sorted(set(episodes))
    open_now: list[int] = []
    for fact in log.facts:
        if isinstance(fact, EscalationOpened):
            open_now.append(fact.episode)
        if isinstance(fact, EscalationResolved):
            open_now.remove(fact.episode)
        assert len(open_now) <= 1


def levels_only_climb_within_an_episode(log: Log) -> None:
    for climbed in log.of(EscalationClimbed):
        assert LADDER.index(climbed.from_level) < LADDER.index(climbed.level)
    reached: dict[int, int] = {}
    for fact in log.of(NoticeSent):
        assert reached.get(fact.episode, 0) <= LADDER.index(fact.level)
        reached[fact.episode] = LADDER.index(fact.level)


def everyone_told_is_told_of_the_end_exactly_once(log: Log) -> None:
    for resolved in log.of(EscalationResolved):
        sent = [notice for notice in log.of(NoticeSent) if notice.episode == resolved.episode]
        desks = {(notice.recipient_role, notice.recipient_region) for notice in sent}
        ends = Counter(
            (notice.recipient_role, notice.recipient_region) for notice in sent if notice.kind is NoticeKind.RESOLVED
        )
        assert ends == dict.fromkeys(desks, 1)


def no_notice_is_sent_twice(log: Log) -> None:
    ids = Counter((n.episode, n.step, n.recipient_role, n.recipient_region) for n in log.of(NoticeSent))
    assert set(ids.values()) <= {1}


def what_is_stored_adds_up_to_the_same_state(log: Log) -> None:
    stored = [msgspec.json.encode(fact) for fact in log.facts]
    read = [msgspec.json.decode(data, type=NotifyFact) for data in stored]
    assert fold(NOTIFY.evolve, Shortage(), read) == log.shortage
    assert msgspec.json.decode(msgspec.json.encode(log.shortage), type=Shortage) == log.shortage
