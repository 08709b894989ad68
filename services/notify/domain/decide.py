"""Start reading here: how a shortage is raised, climbs, is answered for, and ends."""

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from msgspec.structs import replace

from services.notify.domain.commands import (
    Acknowledge,
    DeadlinePassed,
    Decline,
    NoteRelief,
    NotifyCommand,
    RaiseShortage,
    ShortageCommand,
    ShortageOver,
)
from services.notify.domain.facts import (
    EscalationAcknowledged,
    EscalationClimbed,
    EscalationDeclined,
    EscalationOpened,
    EscalationRepeated,
    EscalationResolved,
    NoticeSent,
    NotifyFact,
    ReliefNoted,
    ShortageEased,
)
from services.notify.domain.shortage import Shortage, evolve
from services.notify.domain.words import (
    ABOVE,
    AT_LEAST,
    LADDER,
    SEVERITY,
    Cause,
    Desk,
    Level,
    NoticeKind,
    Relief,
    StockLevel,
    WaitKind,
    desk,
    up_to,
)
from shared.decider import Decision, Refused, States


def decide(command: NotifyCommand, states: States) -> Decision:
    """The facts a command leads to. Raises `Refused` for an answer that is not the caller's to give, or not open."""
    (stream,) = command.streams
    return [(stream, fact) for fact in _facts(command, states[stream])]


def _facts(command: NotifyCommand, shortage: Shortage) -> list[NotifyFact]:
    match command:
        case RaiseShortage():
            return _raise(command, shortage)
        case NoteRelief():
            return _note(command, shortage)
        case ShortageOver():
            return _end(command, shortage) if shortage.open and command.episode == shortage.episode else []
        case Acknowledge():
            return _acknowledge(command, shortage)
        case Decline():
            return _decline(command, shortage)
        case DeadlinePassed():
            return _deadline_passed(command, shortage)
    assert_never(command)


def _raise(command: RaiseShortage, shortage: Shortage) -> list[NotifyFact]:
    if command.episode < shortage.episode:
        return []
    if command.episode == shortage.episode:
        return _change(command, shortage) if shortage.open else []
    # A later episode says that the one before it is over, whatever became of the news.
    ended = _end(command, shortage) if shortage.open else []
    level = AT_LEAST[command.stock_level]
    opened = EscalationOpened(
        office=command.office,
        item=command.item,
        episode=command.episode,
        level=level,
        stock_level=command.stock_level,
        figures=command.figures,
        policy_version=command.policy.version,
        patience=command.policy.patience,
        answer_by=command.now + command.policy.patience.at(level),
        told=tuple(up_to(level)),
        at=command.now,
    )
    desks = _desks(command, command.province, level)
    return [*ended, opened, *_tell(command, evolve(shortage, opened), NoticeKind.SHORTAGE, desks)]


def _change(command: RaiseShortage, shortage: Shortage) -> list[NotifyFact]:
    change = SEVERITY.index(command.stock_level) - SEVERITY.index(shortage.stock_level)
    now_known = replace(shortage, stock_level=command.stock_level, figures=command.figures)
    if change == 0:
        return []
    if change < 0:
        return [
            ShortageEased(
                office=command.office,
                item=command.item,
                episode=shortage.episode,
                stock_level=command.stock_level,
                figures=command.figures,
            )
        ]
    level = max(shortage.level, AT_LEAST[command.stock_level], key=LADDER.index)
    if level is shortage.level:
        return _repeat(command, command.province, now_known, Cause.WORSE)
    return _climb(command, command.province, now_known, level, Cause.WORSE)


def _note(command: NoteRelief, shortage: Shortage) -> list[NotifyFact]:
    if shortage.due is None:
        return []
    relief = None
    if command.promised_on is not None and command.until is not None:
        relief = Relief(command.kind, command.quantity, command.promised_on, command.until)
    pauses = relief and relief.until > shortage.due and _buys_time(relief, shortage)
    return [
        ReliefNoted(
            office=command.office,
            item=command.item,
            episode=shortage.episode,
            kind=command.kind,
            quantity=command.quantity,
            relief=relief,
            paused_until=relief.until if relief and pauses else None,
        )
    ]


def _buys_time(relief: Relief, shortage: Shortage) -> bool:
    """Only a promise that comes before the last blank goes, and there are blanks still."""
    empty_on = shortage.figures.projected_empty_on if shortage.figures else None
    return shortage.stock_level is not StockLevel.EMPTY and empty_on is not None and relief.promised_on < empty_on


def _acknowledge(command: Acknowledge, shortage: Shortage) -> list[NotifyFact]:
    rung = _rung(command, shortage)
    if rung not in LADDER[LADDER.index(shortage.level) :]:
        raise Refused(
            "not_yours_to_answer",
            f"the answer of level {shortage.level} or above is awaited",
            level=shortage.level,
        )
    if command.promised_by <= command.now:
        raise Refused("promise_is_past", "what is promised must lie ahead", promised_by=command.promised_by)
    acknowledged = EscalationAcknowledged(
        office=command.office,
        item=command.item,
        episode=shortage.episode,
        level=shortage.level,
        by=command.by,
        role=command.answerer.role,
        action=command.action,
        promised_by=command.promised_by,
    )
    others = [told for told in shortage.told if told != command.answerer]
    return [acknowledged, *_tell(command, evolve(shortage, acknowledged), NoticeKind.ANSWERED, others)]


def _decline(command: Decline, shortage: Shortage) -> list[NotifyFact]:
    rung = _rung(command, shortage)
    if rung is not Level.PROVINCE:
        raise Refused("not_yours_to_answer", "only the office's province declines", level=shortage.level)
    if rung not in up_to(shortage.level):
        raise Refused("province_not_asked", "the city has not been without an answer yet", level=shortage.level)
    if shortage.declined is not None:
        raise Refused("already_declined", "the province has declined before", level=shortage.level)
    declined = EscalationDeclined(
        office=command.office,
        item=command.item,
        episode=shortage.episode,
        level=shortage.level,
        by=command.by,
        reason=command.reason,
    )
    after = evolve(shortage, declined)
    if shortage.level is Level.NATIONAL:
        others = [told for told in shortage.told if told != command.answerer]
        return [declined, *_tell(command, after, NoticeKind.ANSWERED, others, Cause.DECLINED)]
    return [declined, *_climb(command, command.province, after, Level.NATIONAL, Cause.DECLINED, command.reason)]


def _rung(command: Acknowledge | Decline, shortage: Shortage) -> Level | None:
    """The level at which the caller answers for this office. Raises `Refused` when there is nothing to answer."""
    if not shortage.open:
        raise Refused("nothing_open", "no shortage of this item is open at this office")
    return next((rung for rung in Level if desk(rung, command.office, command.province) == command.answerer), None)


def _deadline_passed(command: DeadlinePassed, shortage: Shortage) -> list[NotifyFact]:
    if not shortage.open or command.wait != shortage.waits:
        return []
    cause = Cause.PROMISE_BROKEN if shortage.waiting_for is WaitKind.PROMISE else Cause.NO_ANSWER
    if shortage.level in ABOVE:
        return _climb(command, command.province, shortage, ABOVE[shortage.level], cause, stale=command.stale)
    return _repeat(command, command.province, shortage, cause, stale=command.stale)


def _climb(
    command: ShortageCommand,
    province: str,
    shortage: Shortage,
    level: Level,
    cause: Cause,
    reason: str | None = None,
    stale: bool = False,
) -> list[NotifyFact]:
    assert shortage.figures is not None
    climbed = EscalationClimbed(
        office=command.office,
        item=command.item,
        episode=shortage.episode,
        from_level=shortage.level,
        level=level,
        cause=cause,
        stock_level=shortage.stock_level,
        figures=shortage.figures,
        answer_by=_answer_by(shortage, level, command.now),
        at=command.now,
        reason=reason,
        figures_may_be_old=stale,
    )
    desks = _desks(command, province, level)
    return [climbed, *_tell(command, evolve(shortage, climbed), NoticeKind.CLIMBED, desks, cause, stale)]


def _repeat(
    command: ShortageCommand, province: str, shortage: Shortage, cause: Cause, stale: bool = False
) -> list[NotifyFact]:
    """Nobody is above, or the level that answers for it has been told already: it is told again, alone."""
    assert shortage.figures is not None
    repeated = EscalationRepeated(
        office=command.office,
        item=command.item,
        episode=shortage.episode,
        level=shortage.level,
        cause=cause,
        stock_level=shortage.stock_level,
        figures=shortage.figures,
        answer_by=_answer_by(shortage, shortage.level, command.now),
        at=command.now,
        figures_may_be_old=stale,
    )
    awaited = [desk(shortage.level, command.office, province)]
    return [repeated, *_tell(command, evolve(shortage, repeated), NoticeKind.SHORTAGE, awaited, cause, stale)]


def _answer_by(shortage: Shortage, level: Level, now: datetime) -> datetime:
    answer_by = now + shortage.patience.at(level)
    relief = shortage.relief
    return max(answer_by, relief.until) if relief is not None and _buys_time(relief, shortage) else answer_by


def _end(command: RaiseShortage | ShortageOver, shortage: Shortage) -> list[NotifyFact]:
    resolved = EscalationResolved(
        office=command.office,
        item=command.item,
        episode=shortage.episode,
        figures=command.figures,
        told=tuple(up_to(shortage.level)),
        at=command.now,
    )
    return [resolved, *_tell(command, evolve(shortage, resolved), NoticeKind.RESOLVED, shortage.told)]


def _desks(command: ShortageCommand, province: str, level: Level) -> list[Desk]:
    return [desk(rung, command.office, province) for rung in up_to(level)]


def _tell(
    command: ShortageCommand,
    shortage: Shortage,
    kind: NoticeKind,
    desks: Iterable[Desk],
    cause: Cause | None = None,
    stale: bool = False,
) -> list[NoticeSent]:
    assert shortage.figures is not None
    return [
        NoticeSent(
            office=command.office,
            item=command.item,
            episode=shortage.episode,
            step=shortage.step,
            level=shortage.level,
            kind=kind,
            recipient_role=recipient.role,
            recipient_region=recipient.region,
            stock_level=shortage.stock_level,
            figures=shortage.figures,
            received=shortage.received,
            at=command.now,
            cause=cause,
            relief=shortage.relief,
            answer=shortage.answer,
            declined=shortage.declined,
            answer_by=shortage.due,
            figures_may_be_old=stale,
        )
        for recipient in desks
    ]
