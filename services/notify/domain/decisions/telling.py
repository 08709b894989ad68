"""Who is told of a shortage, and what: notices, and the post they lie in."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec.structs import replace

from services.notify.domain.commands import LISTENING, TellingCommand, directory_of, post_of, silences_of
from services.notify.domain.facts import AlarmSent, NoticePosted, NoticeSent, ShortageFact
from services.notify.domain.policy import ROLES_AT
from services.notify.domain.state import DeskHolders, Post, Shortage, Silences
from services.notify.domain.state.post import evolve_post
from services.notify.domain.state.shortage import evolve_shortage
from services.notify.domain.words import (
    LADDER,
    Cause,
    Desk,
    Held,
    Level,
    NoticeKind,
    StockLevel,
    desk,
    region_of,
    up_to,
)
from shared.decider import Decision, States

ALARMS_GATHER = timedelta(minutes=10)


def desks_of(command: TellingCommand, shortage: Shortage) -> list[Desk]:
    """Every desk up to the level that was reached, those that are copied, and the one above a last level of its own."""
    office, province, policy = command.office, command.place.province, shortage.policy
    desks = [desk(level, office, province) for level in up_to(shortage.level)]
    for level in up_to(shortage.level):
        desks += [Desk(role, region_of(level, office, province)) for role in policy.copies.get(level, ())]
    last = policy.last_level(command.item)
    if last is not LADDER[-1]:
        desks.append(desk(LADDER[LADDER.index(last) + 1], office, province))
    return list(dict.fromkeys(desks))


def nobody_at(command: TellingCommand, level: Level, states: States) -> bool:
    """Whether the desk of this level is kept in the directory, and nobody sits there on that day.

    Of a desk at which nobody was ever entered nothing is known: its inbox is read by whoever bears the role.
    """
    holders: DeskHolders = states[directory_of(desk(level, command.office, command.place.province))]
    return holders.kept and not holders.on_duty(command.place.day_at(command.now))


def tell(
    command: TellingCommand,
    shortage: Shortage,
    kind: NoticeKind,
    desks: Iterable[Desk],
    cause: Cause | None = None,
    stale: bool = False,
) -> list[NoticeSent]:
    """A notice for each of these desks, with all that is known."""
    assert shortage.figures is not None
    awaited = desk(shortage.awaited, command.office, command.place.province)
    return [
        NoticeSent(
            office=command.office,
            item=command.item,
            episode=shortage.episode,
            step=shortage.step,
            level=shortage.awaited,
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
            answer_by=shortage.answer_by if shortage.open else None,
            figures_may_be_old=stale,
            forwarded=shortage.forwarded,
            refused=shortage.refused,
            closed=shortage.closed,
            handed_back=shortage.why_handed_back,
            proposal=shortage.proposal,
            copy=recipient != awaited,
            repeat=shortage.repeat,
            forwarded_at=shortage.forwarded_at,
        )
        for recipient in desks
    ]


def others_told(shortage: Shortage, answerer: Desk) -> list[Desk]:
    """Everyone who was told, but for the one who answers."""
    return [told for told in shortage.told if told != answerer]


def posted(command: TellingCommand, facts: Iterable[ShortageFact], states: States) -> Decision:
    """These facts of the shortage, each notice with its place in the desk's post."""
    shortage: Shortage = states[command.stream]
    posts: dict[str, Post] = {}
    decision: Decision = []
    for fact in facts:
        shortage = evolve_shortage(shortage, fact)
        if not isinstance(fact, NoticeSent):
            decision.append((command.stream, fact))
            continue
        notice = replace(fact, held=_held(command, fact, states))
        recipient = Desk(notice.recipient_role, notice.recipient_region)
        stream = post_of(recipient)
        post: Post = posts.get(stream) or states[stream]
        laid = lay(post, recipient, id_of(notice), command.now + _gathering(shortage, notice), notice.held)
        posts[stream] = evolve_post(post, laid)
        decision += [(command.stream, notice), (stream, laid)]
    return decision


def alarmed(now: datetime, states: States, alarms: Iterable[AlarmSent]) -> Decision:
    """These alarms, each in its desk's post; those that lie there already are not told again."""
    posts: dict[str, Post] = {}
    decision: Decision = []
    for alarm in alarms:
        recipient = Desk(alarm.role, alarm.region)
        stream = post_of(recipient)
        post: Post = posts.get(stream) or states[stream]
        if alarm.id not in post.alarms:
            laid = lay(post, recipient, alarm.id, now + ALARMS_GATHER, None)
            posts[stream] = evolve_post(evolve_post(post, alarm), laid)
            decision += [(stream, alarm), (stream, laid)]
    return decision


def lay(post: Post, recipient: Desk, notice: str, closes_at: datetime, held: Held | None) -> NoticePosted:
    """A notice in the post, with what gathers there already: that closes at the earliest moment any of it asks for."""
    laid = NoticePosted(
        role=recipient.role, region=recipient.region, number=post.numbered + 1, notice=notice, held=held
    )
    if held is not None:
        return laid
    if post.closes_at is None:
        return replace(laid, bundle=post.bundle + 1, closes_at=closes_at)
    return replace(laid, bundle=post.bundle, closes_at=min(post.closes_at, closes_at))


def id_of(notice: NoticeSent) -> str:
    """A notice's name: of one desk at one step of one escalation there is one."""
    about = f"shortage/{notice.office}/{notice.item}/{notice.episode}/{notice.step}"
    return f"{about}/{notice.recipient_role}/{notice.recipient_region}"


def _held(command: TellingCommand, notice: NoticeSent, states: States) -> Held | None:
    if not states[LISTENING].caught_up:
        return Held.CATCHING_UP
    silences: Silences = states[silences_of(command.office)]
    level = next(level for level, roles in ROLES_AT.items() if notice.recipient_role in roles)
    return Held.SILENCED if silences.cover(command.item, notice.stock_level, level, command.now) else None


def _gathering(shortage: Shortage, notice: NoticeSent) -> timedelta:
    """A shortage that comes and goes waits until it has settled, or half of the time to answer it is over.

    An empty shelf waits for nothing, and neither does what has climbed.
    """
    gathering = shortage.policy.gathering(notice.stock_level)
    if not shortage.flaps or notice.stock_level is StockLevel.EMPTY or notice.kind is NoticeKind.CLIMBED:
        return gathering
    settling = timedelta(seconds=shortage.policy.settle)
    if notice.answer_by is not None:
        settling = min(settling, (notice.answer_by - notice.at) / 2)
    return max(gathering, settling)
