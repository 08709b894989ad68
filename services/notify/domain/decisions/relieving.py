"""What is done about a shortage in stock: news, which is noted, counts as an answer, or makes it climb."""

from dataclasses import dataclass
from datetime import date, datetime

from msgspec.structs import replace

from services.notify.domain.commands import ShortageCommand, TellingCommand
from services.notify.domain.decisions.answering import declined
from services.notify.domain.decisions.climbing import buys_time, climb, term_of
from services.notify.domain.decisions.telling import posted
from services.notify.domain.facts import HelpProposed, PromiseTakenBack, ProvinceForwarded, ReliefNoted
from services.notify.domain.state import Shortage
from services.notify.domain.state.shortage import awaited_still, evolve_shortage, without_promise
from services.notify.domain.words import LADDER, ROLES, Cause, Level, Proposal, Relief, ReliefKind
from shared.decider import Decision, States


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteRelief(TellingCommand):
    """News: blanks were allocated or announced, with a promised day, or have arrived.

    `promise` names the allocation or the consignment, `under` the allocation that a consignment is sent of.
    """

    kind: ReliefKind
    quantity: int
    promised_on: date | None = None
    until: datetime | None = None
    promise: str | None = None
    under: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteTakenBack(TellingCommand):
    """News: what has not left of this allocation will not come."""

    promise: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteProposal(ShortageCommand):
    """News: stock proposes who could help in this episode."""

    episode: int
    proposal: Proposal


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteForwarded(TellingCommand):
    """News: the province asks the centre for so many blanks."""

    quantity: int
    by: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteDeclined(TellingCommand):
    """News: a request for blanks was declined."""

    by: str
    reason: str


def note_relief(command: NoteRelief, states: States) -> Decision:
    shortage: Shortage = states[command.stream]
    if shortage.due is None:
        return []
    relief = None
    if command.promised_on is not None and command.until is not None:
        relief = Relief(command.kind, command.quantity, command.promised_on, command.until)
    pauses = relief and relief.until > shortage.due and buys_time(relief, shortage)
    answer_by, next_at = _goes_on(command, shortage, states)
    noted = ReliefNoted(
        office=command.office,
        item=command.item,
        episode=shortage.episode,
        kind=command.kind,
        quantity=command.quantity,
        relief=relief,
        paused_until=relief.until if relief and pauses else None,
        answer_by=answer_by,
        next_at=next_at,
        promise=command.promise,
        under=command.under,
        at=command.now,
    )
    return [(command.stream, noted)]


def note_taken_back(command: NoteTakenBack, states: States) -> Decision:
    """What the promise bought is over at once: the wait is as if it had never been made."""
    shortage: Shortage = states[command.stream]
    promise = next((each for each in shortage.promises if each.name == command.promise), None)
    if shortage.due is None or promise is None:
        return []
    due = answer_by = None
    if promise.relief.until in (shortage.due, shortage.answer_by):
        without = replace(shortage, promises=without_promise(shortage.promises, command.promise))
        due, answer_by = _never_promised(command, without, states)
    taken_back = PromiseTakenBack(
        office=command.office,
        item=command.item,
        episode=shortage.episode,
        promise=command.promise,
        at=command.now,
        due=due,
        answer_by=answer_by,
    )
    return [(command.stream, taken_back)]


def _never_promised(command: NoteTakenBack, without: Shortage, states: States) -> tuple[datetime, datetime]:
    """The next moment and the end of the term, had there only been these promises: from now on, if that is past.

    Those that were known when the level was asked moved its term; those that came since, or since somebody
    answered, move what is waited for.
    """
    asked = without.asked
    assert asked is not None
    known = replace(without, promises=tuple(each for each in without.promises if each.step < asked.step))
    answer_by, next_at = term_of(command, known, without.awaited, states, repeat=without.repeat, asked=asked)
    due, since = next_at or answer_by, asked.step
    if without.answered and without.answer is not None:
        due, since = without.answer.promised_by, without.answered
    later = (each.relief for each in without.promises if each.step >= since and buys_time(each.relief, without))
    due = max([due, *(each.until for each in later)])
    return max(due, command.now), max(answer_by, command.now)


def _goes_on(
    command: NoteRelief, shortage: Shortage, states: States
) -> tuple[datetime, datetime | None] | tuple[None, None]:
    """The new term, if it was waited for blanks that have all arrived, and the shortage is not over."""
    if command.kind is not ReliefKind.RECEIVED:
        return None, None
    to_come = awaited_still(shortage.promises, command.promise, command.quantity)
    over, ahead = ({each.relief.until for each in promises} for promises in (shortage.promises, to_come))
    if shortage.due not in over - ahead:
        return None, None
    return term_of(command, replace(shortage, promises=to_come), shortage.awaited, states)


def note_proposal(command: NoteProposal, states: States) -> Decision:
    shortage: Shortage = states[command.stream]
    if not shortage.open or shortage.episode != command.episode or shortage.proposal == command.proposal:
        return []
    proposed = HelpProposed(
        office=command.office, item=command.item, episode=shortage.episode, proposal=command.proposal
    )
    return [(command.stream, proposed)]


def note_forwarded(command: NoteForwarded, states: States) -> Decision:
    shortage: Shortage = states[command.stream]
    if not shortage.open:
        return []
    forwarded = ProvinceForwarded(
        office=command.office,
        item=command.item,
        episode=shortage.episode,
        quantity=command.quantity,
        by=command.by,
        reason=command.reason,
    )
    after, last = evolve_shortage(shortage, forwarded), shortage.policy.last_level(command.item)
    if LADDER.index(shortage.awaited) >= LADDER.index(last):
        return [(command.stream, forwarded)]
    facts = climb(command, after, last, Cause.FORWARDED, states, reason=command.reason, by=command.by)
    return posted(command, [forwarded, *facts], states)


def note_declined(command: NoteDeclined, states: States) -> Decision:
    shortage: Shortage = states[command.stream]
    # What the province has forwarded is the centre's to decline. In either place the province declines once.
    by_centre = shortage.with_centre
    if not shortage.open or (shortage.refused if by_centre else shortage.declined) is not None:
        return []
    role = ROLES[Level.NATIONAL] if by_centre else ROLES[Level.PROVINCE]
    return declined(command, shortage, states, command.by, command.reason, list(shortage.told), role)
