"""What is done about a shortage in stock: news, which is noted, counts as an answer, or makes it climb."""

from dataclasses import dataclass
from datetime import date, datetime

from msgspec.structs import replace

from services.notify.domain.commands import ShortageCommand, TellingCommand
from services.notify.domain.decisions.answering import declined
from services.notify.domain.decisions.climbing import buys_time, climb, term_of
from services.notify.domain.decisions.telling import posted
from services.notify.domain.facts import HelpProposed, ProvinceForwarded, ReliefNoted
from services.notify.domain.state import Shortage
from services.notify.domain.state.shortage import awaited_still, evolve_shortage
from services.notify.domain.words import LADDER, ROLES, Cause, Level, Proposal, Relief, ReliefKind
from shared.decider import Decision, States


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteRelief(TellingCommand):
    """News: blanks were allocated or announced, with a promised day, or have arrived."""

    kind: ReliefKind
    quantity: int
    promised_on: date | None = None
    until: datetime | None = None


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
    )
    return [(command.stream, noted)]


def _goes_on(
    command: NoteRelief, shortage: Shortage, states: States
) -> tuple[datetime, datetime | None] | tuple[None, None]:
    """The new term, if it was waited for blanks that have all arrived, and the shortage is not over."""
    relief = shortage.relief
    if command.kind is not ReliefKind.RECEIVED or relief is None or shortage.due != relief.until:
        return None, None
    if awaited_still(relief, command.quantity) is not None:
        return None, None
    return term_of(command, replace(shortage, relief=None), shortage.awaited, states)


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
