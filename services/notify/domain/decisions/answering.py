"""What people answer: they undertake something, decline, forward, hand back, comment, or end it by hand."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notify.domain.commands import ShortageCommand, TellingCommand
from services.notify.domain.decisions.climbing import climb, term_of
from services.notify.domain.decisions.telling import others_told, posted, tell
from services.notify.domain.facts import (
    EscalationAcknowledged,
    EscalationClosed,
    EscalationCommented,
    EscalationDeclined,
    EscalationHandedBack,
)
from services.notify.domain.state import Shortage
from services.notify.domain.state.shortage import evolve_shortage
from services.notify.domain.words import LADDER, Cause, Desk, Level, NoticeKind, desk, up_to
from shared.decider import Decision, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerCommand(TellingCommand):
    """A request of somebody at a desk, by reference."""

    by: str
    answerer: Desk


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledge(AnswerCommand):
    """Somebody answers for the shortage: what will be done, and by when."""

    action: str
    promised_by: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Decline(AnswerCommand):
    """The province says that it cannot help."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Forward(AnswerCommand):
    """The level whose answer is awaited asks the one above, with a reason."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HandBack(AnswerCommand):
    """A level finds that the one below can help itself, with a reason: once in an episode."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Close(AnswerCommand):
    """Somebody ends the escalation by hand, though stock is short."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment(ShortageCommand):
    """Somebody adds what others should know."""

    by: str
    role: str
    text: str


def acknowledge(command: Acknowledge, states: States) -> Decision:
    shortage = _open(command, states)
    _refuse_below(command, shortage)
    if command.promised_by <= command.now:
        raise Refused("promise_is_past", "what is promised must lie ahead", promised_by=command.promised_by)
    latest = command.now + timedelta(seconds=shortage.policy.promise_at_most)
    if command.promised_by > latest:
        raise Refused(
            "promise_too_far", "what is promised must be nearer, for a shortage is not forgotten", at_most=latest
        )
    acknowledged = EscalationAcknowledged(
        office=command.office,
        item=command.item,
        episode=shortage.episode,
        level=shortage.awaited,
        by=command.by,
        role=command.answerer.role,
        action=command.action,
        promised_by=command.promised_by,
        at=command.now,
    )
    after, others = evolve_shortage(shortage, acknowledged), others_told(shortage, command.answerer)
    return posted(command, [acknowledged, *tell(command, after, NoticeKind.ANSWERED, others)], states)


def decline(command: Decline, states: States) -> Decision:
    shortage = _open(command, states)
    rung = _rung(command)
    if rung is not Level.PROVINCE:
        raise Refused("not_yours_to_answer", "only the office's province declines", level=shortage.awaited)
    if rung not in up_to(shortage.level):
        raise Refused("province_not_asked", "the city has not been without an answer yet", level=shortage.awaited)
    if shortage.declined is not None:
        raise Refused("already_declined", "the province has declined before", level=shortage.awaited)
    return declined(command, shortage, states, command.by, command.reason, others_told(shortage, command.answerer))


def declined(
    command: TellingCommand,
    shortage: Shortage,
    states: States,
    by: str,
    reason: str,
    others: list[Desk],
    role: str | None = None,
) -> Decision:
    """A no: whoever is above is asked at once; if that is nobody, those who were told hear of it."""
    fact = EscalationDeclined(
        office=command.office,
        item=command.item,
        episode=shortage.episode,
        level=shortage.awaited,
        by=by,
        reason=reason,
        role=role,
    )
    after, last = evolve_shortage(shortage, fact), shortage.policy.last_level(command.item)
    if LADDER.index(shortage.awaited) >= LADDER.index(last):
        told = tell(command, after, NoticeKind.ANSWERED, others, Cause.DECLINED)
        return posted(command, [fact, *told], states)
    return posted(command, [fact, *climb(command, after, last, Cause.DECLINED, states, reason=reason)], states)


def forward(command: Forward, states: States) -> Decision:
    shortage = _open(command, states)
    _refuse_another(command, shortage)
    if shortage.above is None:
        raise Refused("nobody_above", "there is no level above to forward it to", level=shortage.awaited)
    facts = climb(command, shortage, shortage.above, Cause.FORWARDED, states, reason=command.reason, by=command.by)
    return posted(command, facts, states)


def hand_back(command: HandBack, states: States) -> Decision:
    shortage = _open(command, states)
    _refuse_another(command, shortage)
    level = shortage.awaited
    if level is LADDER[0]:
        raise Refused("nobody_below", "there is no level below to hand it back to", level=level)
    if level in shortage.handed_back:
        raise Refused("handed_back_before", "a level hands a shortage back once", level=level)
    to = LADDER[LADDER.index(level) - 1]
    answer_by, next_at = term_of(command, shortage, to, states)
    handed = EscalationHandedBack(
        office=command.office,
        item=command.item,
        episode=shortage.episode,
        level=level,
        to=to,
        by=command.by,
        reason=command.reason,
        answer_by=answer_by,
        next_at=next_at,
        at=command.now,
    )
    after, others = evolve_shortage(shortage, handed), others_told(shortage, command.answerer)
    return posted(command, [handed, *tell(command, after, NoticeKind.SHORTAGE, others)], states)


def close(command: Close, states: States) -> Decision:
    shortage = _open(command, states)
    _refuse_below(command, shortage)
    closed = EscalationClosed(
        office=command.office,
        item=command.item,
        episode=shortage.episode,
        level=shortage.awaited,
        by=command.by,
        role=command.answerer.role,
        reason=command.reason,
        at=command.now,
    )
    after, others = evolve_shortage(shortage, closed), others_told(shortage, command.answerer)
    return posted(command, [closed, *tell(command, after, NoticeKind.CLOSED, others)], states)


def comment(command: Comment, states: States) -> Decision:
    shortage: Shortage = states[command.stream]
    if shortage.ended:
        raise Refused("nothing_open", "no shortage of this item is open at this office")
    said = EscalationCommented(
        office=command.office,
        item=command.item,
        episode=shortage.episode,
        by=command.by,
        role=command.role,
        text=command.text,
    )
    return [(command.stream, said)]


def _open(command: AnswerCommand, states: States) -> Shortage:
    """The shortage that is open. Raises `Refused` when there is nothing to answer."""
    shortage: Shortage = states[command.stream]
    if not shortage.open:
        raise Refused("nothing_open", "no shortage of this item is open at this office")
    return shortage


def _rung(command: AnswerCommand) -> Level | None:
    """The level at which the caller answers for this office."""
    around = {level: desk(level, command.office, command.place.province) for level in Level}
    return next((level for level, whose in around.items() if whose == command.answerer), None)


def _refuse_below(command: AnswerCommand, shortage: Shortage) -> None:
    if _rung(command) not in LADDER[LADDER.index(shortage.awaited) :]:
        raise Refused(
            "not_yours_to_answer",
            f"the answer of level {shortage.awaited} or above is awaited",
            level=shortage.awaited,
        )


def _refuse_another(command: AnswerCommand, shortage: Shortage) -> None:
    if _rung(command) is not shortage.awaited:
        raise Refused(
            "not_yours_to_answer", f"the answer of level {shortage.awaited} is awaited", level=shortage.awaited
        )
