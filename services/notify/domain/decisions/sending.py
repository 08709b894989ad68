"""What gathered in a post goes out: to whom, over which channel, and what follows from the outcome."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256

from msgspec.structs import replace

from services.notify.domain.commands import directory_of, post_of, send_of
from services.notify.domain.facts import (
    BundleClosed,
    LetterIssued,
    SendBegun,
    SendEnded,
    SendPlanned,
    UnreachedReported,
)
from services.notify.domain.facts.post import Channel, ChannelKind, Result
from services.notify.domain.letter import LetterContent
from services.notify.domain.state import DeskHolders, Post, Sending
from services.notify.domain.state.post import evolve_sending
from services.notify.domain.words import Desk
from shared.decider import Command, Decision, States

LETTER_ROLES = ("province", "national")
"""Desks that are written to formally."""
SOON = (timedelta(minutes=1), timedelta(minutes=5))
FOR_HOURS = (*SOON, timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5))
PAUSES = {ChannelKind.EMAIL: SOON, ChannelKind.GATEWAY: SOON, ChannelKind.WEBHOOK: FOR_HOURS}
"""How long after each failed try of a channel the next one is due."""
DEAD_AFTER = 2
"""Failed tries after which the next channel is tried, if there is one."""
_PLAIN = re.compile(r"[A-Za-z0-9.-]{1,200}")


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseBundle(Command):
    """What gathered is over, or, as a `digest`, what is open is said once.

    `people` are those who were on duty a moment ago. `notices` are the ids of what is sent, `absorbed` of how many
    others they are the latest; `letter` asks for one, numbered in the year of `now`.
    """

    desk: Desk
    bundle: int
    people: tuple[str, ...]
    notices: tuple[str, ...]
    absorbed: int
    letter: bool
    day: date
    digest: bool = False

    @property
    def streams(self) -> tuple[str, ...]:
        sends = (send_of(self.desk, self.bundle, person) for person in self.people)
        return (post_of(self.desk), directory_of(self.desk), *sends)


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueLetter(Command):
    """The letter of a bundle was written and typeset."""

    desk: Desk
    bundle: int
    content: LetterContent
    html_sha256: str
    pdf_sha256: str
    typesetter: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (post_of(self.desk),)


@dataclass(frozen=True, kw_only=True, slots=True)
class SendCommand(Command):
    """A command about one send."""

    desk: Desk
    bundle: int
    person: str

    @property
    def stream(self) -> str:
        """The send's own stream."""
        return send_of(self.desk, self.bundle, self.person)

    @property
    def streams(self) -> tuple[str, ...]:
        return (self.stream,)


@dataclass(frozen=True, kw_only=True, slots=True)
class BeginTry(SendCommand):
    """A try is due; `channels` are the ways to reach the person as the directory has them now, best first."""

    channels: tuple[Channel, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class EndTry(SendCommand):
    """What became of a try. `retry_after` is what the other side asked for."""

    attempt: int
    result: Result
    code: str
    retry_after: timedelta | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkReported(SendCommand):
    """The shortages of the send were told that nobody is reached."""


def close_bundle(command: CloseBundle, states: States) -> Decision:
    stream = post_of(command.desk)
    post: Post = states[stream]
    if command.digest:
        if post.digested:
            return []
    elif post.closes_at is None or len(command.notices) + command.absorbed != post.gathered:
        # Closed by another, or more came since it was looked at: it is looked at again.
        return []
    if command.bundle != (post.bundle if post.closes_at is not None else post.bundle + 1):
        return []
    holders: DeskHolders = states[directory_of(command.desk)]
    to = tuple(person for person in command.people if person in holders.on_duty(command.day))
    letter = _number(post, command) if command.letter else None
    closed = BundleClosed(
        role=command.desk.role,
        region=command.desk.region,
        bundle=command.bundle,
        notices=command.notices,
        absorbed=command.absorbed,
        to=to,
        at=command.now,
        letter=letter,
        digest=command.digest,
    )
    decision: Decision = [(stream, closed)]
    for person in to:
        planned = SendPlanned(
            role=command.desk.role,
            region=command.desk.region,
            bundle=command.bundle,
            person=person,
            at=command.now,
            letter=letter,
        )
        decision.append((send_of(command.desk, command.bundle, person), planned))
    return decision


def issue_letter(command: IssueLetter, states: States) -> Decision:
    stream = post_of(command.desk)
    post: Post = states[stream]
    if command.content.number not in post.unwritten:
        return []
    issued = LetterIssued(
        role=command.desk.role,
        region=command.desk.region,
        letter=command.content.number,
        bundle=command.bundle,
        content=command.content,
        html_sha256=command.html_sha256,
        pdf_sha256=command.pdf_sha256,
        typesetter=command.typesetter,
        at=command.now,
    )
    return [(stream, issued)]


def begin_try(command: BeginTry, states: States) -> Decision:
    sending: Sending = states[command.stream]
    if sending.under_way or sending.due is None or sending.due > command.now:
        return []
    channel, again = _next_channel(sending, command.channels)
    attempt = 1 if sending.last is None else sending.last.attempt + 1
    if channel is None:
        # The inbox remains: a person without channels is told there, and nowhere else.
        ended = SendEnded(
            attempt=attempt,
            result=Result.NO_CHANNEL,
            code="no_channel",
            at=command.now,
            unreached=bool(sending.channels) and not sending.unreached,
        )
        return [(command.stream, ended)]
    begun = SendBegun(
        attempt=attempt,
        channel=channel,
        channels=command.channels,
        message=message_id(command.desk, command.bundle, command.person, channel.name),
        at=command.now,
        again=again,
    )
    return [(command.stream, begun)]


def end_try(command: EndTry, states: States) -> Decision:
    sending: Sending = states[command.stream]
    if sending.last is None or not sending.under_way or sending.last.attempt != command.attempt:
        return []
    ended = SendEnded(attempt=command.attempt, result=command.result, code=command.code, at=command.now)
    if command.result is not Result.DELIVERED:
        after = evolve_sending(sending, ended)
        ended = replace(
            ended,
            next_at=_next_try(after, command),
            unreached=not sending.unreached and all(_dead(after, each) for each in after.channels),
        )
    return [(command.stream, ended)]


def mark_reported(command: MarkReported, states: States) -> Decision:
    sending: Sending = states[command.stream]
    if not sending.unreached or sending.reported:
        return []
    return [(command.stream, UnreachedReported(at=command.now))]


def message_id(desk: Desk, bundle: int, person: str, channel: str) -> str:
    """What a Message-ID and a webhook-id take as it is: another for each send and channel, alike at all its tries."""
    name = f"{desk.role}.{desk.region}.{bundle}.{person}.{channel}"
    return name.replace(".", "_") if _PLAIN.fullmatch(name) else sha256(name.encode()).hexdigest()


def _number(post: Post, command: CloseBundle) -> str:
    """The next number of the desk's letters of the year, as official letters have it."""
    count = post.letters + 1 if post.year == command.now.year else 1
    return f"400.12/{count:04}/BLANKO-{command.desk.region}/{command.now.year}"


def _next_channel(sending: Sending, channels: tuple[Channel, ...]) -> tuple[Channel | None, bool]:
    """The first channel that is not dead, else the first that is still worth a try.

    The second says whether it may have arrived over that channel before.
    """
    last = sending.last
    if last is not None and last.result is Result.UNKNOWN and not last.again and last.channel in channels:
        return last.channel, True
    alive = [each for each in channels if not _dead(sending, each)]
    worth = [each for each in channels if _pause(sending, each) is not None]
    channel = next(iter((*alive, *worth)), None)
    return channel, channel is not None and channel.name in sending.doubtful


def _dead(sending: Sending, channel: Channel) -> bool:
    return channel.name in sending.given_up or sending.tries.get(channel.name, 0) >= DEAD_AFTER


def _pause(sending: Sending, channel: Channel) -> timedelta | None:
    """How long after its last try the channel is tried again; None: not any more."""
    tries, pauses = sending.tries.get(channel.name, 0), PAUSES[channel.kind]
    if channel.name in sending.given_up or tries > len(pauses):
        return None
    return pauses[tries - 1] if tries else timedelta()


def _next_try(after: Sending, command: EndTry) -> datetime | None:
    channel, again = _next_channel(after, after.channels)
    if channel is None:
        return None
    assert after.last is not None
    if channel != after.last.channel:
        # Another channel: at once.
        return command.now
    pause = SOON[0] if again and command.result is Result.UNKNOWN else _pause(after, channel) or timedelta()
    return command.now + max(pause, command.retry_after or timedelta())
