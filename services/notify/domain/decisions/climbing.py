"""How a shortage is raised, how it climbs, and how it ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from services.notify.domain.commands import CALENDAR, TellingCommand, policies_of
from services.notify.domain.decisions.telling import desks_of, nobody_at, posted, tell
from services.notify.domain.facts import (
    EscalationClimbed,
    EscalationOpened,
    EscalationRepeated,
    EscalationResolved,
    ShortageEased,
    ShortageFact,
    ShortageRestated,
)
from services.notify.domain.policy import Counted, InForce, in_force
from services.notify.domain.state import DeclaredDays, Shortage
from services.notify.domain.state.shortage import evolve_shortage
from services.notify.domain.words import (
    LADDER,
    MINISTRY,
    SEVERITY,
    Asked,
    Cause,
    Figures,
    Level,
    NoticeKind,
    Patience,
    Relief,
    StockLevel,
    WaitKind,
    desk,
    up_to,
)
from services.notify.domain.worktime import Calendar, after
from shared.decider import Decision, States

DAY = timedelta(days=1)
DAYS_IN_VAIN = DAY


@dataclass(frozen=True, kw_only=True, slots=True)
class RaiseShortage(TellingCommand):
    """News: stock has come to another level of shortage."""

    episode: int
    stock_level: StockLevel
    figures: Figures


@dataclass(frozen=True, kw_only=True, slots=True)
class ShortageOver(TellingCommand):
    """News: stock has recovered from this episode."""

    episode: int
    figures: Figures


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadlinePassed(TellingCommand):
    """The time of this wait is over. `stale` says that news under way could not be awaited."""

    wait: int
    stale: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportUnreached(TellingCommand):
    """What was sent to the desk of this level at that step has reached nobody there, over no channel."""

    episode: int
    step: int
    level: Level


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportNobody(TellingCommand):
    """By now nobody sits at the desk whose answer is awaited."""

    episode: int


def raise_shortage(command: RaiseShortage, states: States) -> Decision:
    shortage: Shortage = states[command.stream]
    if command.episode < shortage.episode:
        return []
    if command.episode == shortage.episode:
        return posted(command, _change(command, shortage, states), states)
    # A later episode says that the one before it is over, whatever became of the news.
    ended = [] if shortage.ended else _end(command, shortage)
    before = _after(shortage, ended)
    return posted(command, [*ended, *_open(command, before, states)], states)


def shortage_over(command: ShortageOver, states: States) -> Decision:
    shortage: Shortage = states[command.stream]
    if shortage.ended or command.episode != shortage.episode:
        return []
    return posted(command, _end(command, shortage), states)


def deadline_passed(command: DeadlinePassed, states: States) -> Decision:
    shortage: Shortage = states[command.stream]
    if not shortage.open or command.wait != shortage.waits:
        return []
    waited_for = shortage.waiting_for
    cause = Cause.PROMISE_BROKEN if waited_for is WaitKind.PROMISE else Cause.NO_ANSWER
    # A clock that was away longer than the term finds no time left in which to ask again.
    term_over = shortage.answer_by is not None and command.now >= shortage.answer_by
    if shortage.above is not None and (term_over or waited_for is not WaitKind.REPEAT):
        facts = climb(command, shortage, shortage.above, cause, states, stale=command.stale)
    else:
        facts = ask_again(command, shortage, cause, states, stale=command.stale)
    return posted(command, facts, states)


def report_unreached(command: ReportUnreached, states: States) -> Decision:
    """Climbs, if the answer of just those who cannot be reached is still awaited."""
    shortage: Shortage = states[command.stream]
    still = shortage.open and (shortage.episode, shortage.awaited) == (command.episode, command.level)
    if not still or shortage.waiting_for is WaitKind.PROMISE or shortage.above is None:
        return []
    return posted(command, climb(command, shortage, shortage.above, Cause.UNREACHED, states), states)


def report_nobody(command: ReportNobody, states: States) -> Decision:
    """Climbs at once. What somebody has promised is waited for, though they have left."""
    shortage: Shortage = states[command.stream]
    if not shortage.open or shortage.episode != command.episode or shortage.waiting_for is WaitKind.PROMISE:
        return []
    if shortage.above is None or not nobody_at(command, shortage.awaited, states):
        return []
    return posted(command, climb(command, shortage, shortage.above, Cause.NOBODY_THERE, states), states)


def climb(
    command: TellingCommand,
    shortage: Shortage,
    level: Level,
    cause: Cause,
    states: States,
    *,
    reason: str | None = None,
    by: str | None = None,
    stale: bool = False,
) -> list[ShortageFact]:
    """The answer of a higher level is awaited; where nobody sits at its desk, of the next one at once."""
    assert shortage.figures is not None
    answer_by, next_at = term_of(command, shortage, level, states)
    climbed = EscalationClimbed(
        office=command.office,
        item=command.item,
        episode=shortage.episode,
        from_level=shortage.awaited,
        level=level,
        cause=cause,
        stock_level=shortage.stock_level,
        figures=shortage.figures,
        answer_by=answer_by,
        at=command.now,
        reason=reason,
        figures_may_be_old=stale,
        next_at=next_at,
        by=by,
    )
    return _reached(command, shortage, [climbed], NoticeKind.CLIMBED, cause, states, stale)


def ask_again(
    command: TellingCommand, shortage: Shortage, cause: Cause, states: States, *, stale: bool = False
) -> list[ShortageFact]:
    """Who is awaited is told again: within the term, or, if nobody is above, as the next term begins."""
    assert shortage.figures is not None
    within = shortage.due != shortage.answer_by and cause is Cause.NO_ANSWER and shortage.above is not None
    repeat = shortage.repeat + 1 if cause is Cause.NO_ANSWER else 0
    answer_by, next_at = term_of(command, shortage, shortage.awaited, states, repeat=repeat if within else 0)
    if within and shortage.answer_by is not None:
        answer_by = shortage.answer_by
        next_at = next_at if next_at is not None and next_at < answer_by else None
    repeated = EscalationRepeated(
        office=command.office,
        item=command.item,
        episode=shortage.episode,
        level=shortage.awaited,
        cause=cause,
        stock_level=shortage.stock_level,
        figures=shortage.figures,
        answer_by=answer_by,
        at=command.now,
        figures_may_be_old=stale,
        next_at=next_at,
        repeat=repeat,
    )
    awaited = [desk(shortage.awaited, command.office, command.place.province)]
    told = tell(command, evolve_shortage(shortage, repeated), NoticeKind.SHORTAGE, awaited, cause, stale)
    if cause is Cause.NO_ANSWER and _told_today(command, shortage, states):
        told = [replace(notice, reminder=True) for notice in told]
    return [repeated, *told]


def _told_today(command: TellingCommand, shortage: Shortage, states: States) -> bool:
    """Whether it was told before on this working day, which goes on until the next one begins."""
    if shortage.asked is None:
        return False
    calendar = _calendar(command, states)
    before, day = command.place.day_at(shortage.asked.at), command.place.day_at(command.now)
    return not any(calendar.works(before + n * DAY) for n in range(1, (day - before).days + 1))


def _calendar(command: TellingCommand, states: States) -> Calendar:
    days: DeclaredDays = states[CALENDAR]
    return Calendar(days=days.days, official=command.place.official)


def term_of(
    command: TellingCommand,
    shortage: Shortage,
    level: Level,
    states: States,
    *,
    repeat: int = 0,
    asked: Asked | None = None,
) -> tuple[datetime, datetime | None]:
    """Until when this level may answer, and when it is told again before that, if it is.

    It is asked now, unless it was `asked` before. Blanks that are promised before the last one goes put both off
    until the day they are promised for is over.
    """
    policy = shortage.policy
    asked = asked or Asked(command.now, command.now, shortage.stock_level, shortage.step)
    term = policy.term(asked.stock_level, level)
    calendar = _calendar(command, states)

    def passes(since: datetime, span: timedelta) -> datetime:
        if term.counted is Counted.ABSOLUTE:
            return since + span
        try:
            return after(since, span, command.place.zone, policy.hours, calendar.works)
        except ValueError:
            # A calendar without working days is somebody's mistake, and no reason to wait for ever.
            return since + span + DAYS_IN_VAIN

    answer_by = passes(asked.began, timedelta(seconds=term.within))
    again = repeat < term.repeats and level is not policy.last_level(command.item)
    next_at = passes(asked.at, term.span) if again else None
    for relief in (each.relief for each in shortage.promises if buys_time(each.relief, shortage)):
        answer_by = max(answer_by, relief.until)
        next_at = next_at and max(next_at, relief.until)
    return answer_by, next_at if next_at is not None and next_at < answer_by else None


def buys_time(relief: Relief, shortage: Shortage) -> bool:
    """Only a promise that comes before the last blank goes, of a day's blanks at least, and there are blanks still."""
    figures = shortage.figures
    if figures is None or figures.projected_empty_on is None or shortage.stock_level is StockLevel.EMPTY:
        return False
    return relief.promised_on < figures.projected_empty_on and relief.quantity >= (figures.daily_use or 1)


def rules_of(command: TellingCommand, states: States) -> InForce:
    """The policy of the day at the office's province."""
    province = command.place.province
    own, nations = (states[policies_of(region)].policies for region in (province, MINISTRY))
    return in_force(province, own, nations, command.place.day_at(command.now))


def _open(command: RaiseShortage, before: Shortage, states: States) -> list[ShortageFact]:
    rules = rules_of(command, states)
    policy = rules.policy
    level = policy.first_level(command.item, command.stock_level)
    raised = Shortage(item=command.item, policy=policy, stock_level=command.stock_level, figures=command.figures)
    answer_by, next_at = term_of(command, raised, level, states)
    opened = EscalationOpened(
        office=command.office,
        item=command.item,
        episode=command.episode,
        level=level,
        stock_level=command.stock_level,
        figures=command.figures,
        policy_version=policy.version,
        patience=Patience(*(policy.term(command.stock_level, each).within for each in LADDER)),
        answer_by=answer_by,
        told=tuple(up_to(level)),
        at=command.now,
        policy=policy,
        rules=rules.name,
        next_at=next_at,
    )
    return _reached(command, before, [opened], NoticeKind.SHORTAGE, None, states)


def _change(command: RaiseShortage, shortage: Shortage, states: States) -> list[ShortageFact]:
    """Another level of stock in the same episode. Worse stock opens again what somebody closed by hand."""
    if shortage.ended:
        return []
    change = SEVERITY.index(command.stock_level) - SEVERITY.index(shortage.stock_level)
    now_known = replace(shortage, stock_level=command.stock_level, figures=command.figures)
    if change == 0:
        return _restated(command, shortage, now_known, states)
    if change < 0:
        eased = ShortageEased(
            office=command.office,
            item=command.item,
            episode=shortage.episode,
            stock_level=command.stock_level,
            figures=command.figures,
        )
        return [eased]
    first = shortage.policy.first_level(command.item, command.stock_level)
    if LADDER.index(first) > LADDER.index(shortage.awaited):
        return climb(command, now_known, first, Cause.WORSE, states)
    return ask_again(command, now_known, Cause.WORSE, states)


def _restated(command: RaiseShortage, before: Shortage, after: Shortage, states: States) -> list[ShortageFact]:
    """The same level, that is foreseen only, or no longer so: the policy goes on, by the figures of now.

    What somebody closed by hand while it was only foreseen is opened again when it has come.
    """
    foreseen = before.figures is not None and before.figures.foreseen
    if foreseen == command.figures.foreseen:
        return []
    if foreseen and not before.open:
        return ask_again(command, after, Cause.WORSE, states)
    restated = ShortageRestated(
        office=command.office,
        item=command.item,
        episode=before.episode,
        stock_level=command.stock_level,
        figures=command.figures,
    )
    return [restated]


def _end(command: RaiseShortage | ShortageOver, shortage: Shortage) -> list[ShortageFact]:
    resolved = EscalationResolved(
        office=command.office,
        item=command.item,
        episode=shortage.episode,
        figures=command.figures,
        told=tuple(up_to(shortage.level)),
        at=command.now,
    )
    return [resolved, *tell(command, evolve_shortage(shortage, resolved), NoticeKind.RESOLVED, shortage.told)]


def _reached(
    command: TellingCommand,
    before: Shortage,
    facts: list[ShortageFact],
    kind: NoticeKind,
    cause: Cause | None,
    states: States,
    stale: bool = False,
) -> list[ShortageFact]:
    """Everyone up to the level is told; if nobody sits there, the shortage climbs on first, and that is said."""
    shortage = _after(before, facts)
    if shortage.above is not None and nobody_at(command, shortage.awaited, states):
        nobody = climb(command, shortage, shortage.above, Cause.NOBODY_THERE, states, stale=stale)
        return [*facts, *nobody]
    return [*facts, *tell(command, shortage, kind, desks_of(command, shortage), cause, stale)]


def _after(shortage: Shortage, facts: list[ShortageFact]) -> Shortage:
    for fact in facts:
        shortage = evolve_shortage(shortage, fact)
    return shortage
