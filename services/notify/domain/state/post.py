"""A desk's post, and one bundle on its way to one person."""

from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

import msgspec
from msgspec.structs import replace

from services.notify.domain.facts import (
    AlarmSent,
    BundleClosed,
    LetterIssued,
    NoticePosted,
    PostFact,
    SendBegun,
    SendEnded,
    SendingFact,
    SendPlanned,
    UnreachedReported,
)
from services.notify.domain.facts.post import Channel, Result
from shared.decider import State


class Post(State, frozen=True):
    """How many notices there were, the last bundle, until when it gathers (None: it is closed), and how many so far.

    `letters` counts the desk's letters of a year; `unwritten` are the numbers of those that are not issued yet.
    """

    numbered: int = 0
    bundle: int = 0
    closes_at: datetime | None = None
    gathered: int = 0
    year: int = 0
    letters: int = 0
    unwritten: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    digested: bool = False


ALARMS_REMEMBERED = 32
"""An alarm that is repeated so many others later is told again."""
UNWRITTEN_REMEMBERED = 16
"""A letter that so many others of its desk have followed unwritten is not written any more."""


def evolve_post(post: Post, fact: PostFact) -> Post:
    """The post after this fact."""
    match fact:
        case NoticePosted():
            if fact.bundle is None:
                return replace(post, numbered=fact.number)
            return replace(
                post,
                numbered=fact.number,
                bundle=fact.bundle,
                closes_at=fact.closes_at,
                gathered=post.gathered + 1,
            )
        case BundleClosed():
            closed = replace(
                post, bundle=fact.bundle, closes_at=None, gathered=0, digested=post.digested or fact.digest
            )
            if fact.letter is None:
                return closed
            year, unwritten = fact.at.year, (*post.unwritten, fact.letter)[-UNWRITTEN_REMEMBERED:]
            letters = post.letters + 1 if year == post.year else 1
            return replace(closed, year=year, letters=letters, unwritten=unwritten)
        case LetterIssued():
            return replace(post, unwritten=tuple(each for each in post.unwritten if each != fact.letter))
        case AlarmSent():
            return replace(post, alarms=(*post.alarms, fact.id)[-ALARMS_REMEMBERED:])
    assert_never(fact)


class Try(msgspec.Struct, frozen=True, array_like=True):
    """The try that is under way, or was the last."""

    attempt: int
    channel: Channel
    again: bool
    result: Result | None = None


class Sending(State, frozen=True):
    """What became of one bundle for one person.

    `tries` counts them by channel, `given_up` are channels that are not tried again, over `doubtful` ones it may have
    arrived; `due` is the next try. It is over when nothing is under way and nothing is due.
    """

    role: str = ""
    region: str = ""
    bundle: int = 0
    person: str = ""
    letter: str | None = None
    due: datetime | None = None
    last: Try | None = None
    message: str | None = None
    begun_at: datetime | None = None
    channels: tuple[Channel, ...] = ()
    tries: Mapping[str, int] = {}
    given_up: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    delivered: bool = False
    unreached: bool = False
    reported: bool = False

    @property
    def under_way(self) -> bool:
        """A try has begun, and its outcome is not recorded."""
        return self.last is not None and self.last.result is None


def evolve_sending(sending: Sending, fact: SendingFact) -> Sending:
    """The send after this fact."""
    match fact:
        case SendPlanned():
            return Sending(
                role=fact.role,
                region=fact.region,
                bundle=fact.bundle,
                person=fact.person,
                letter=fact.letter,
                due=fact.at,
            )
        case SendBegun():
            tries = {**sending.tries, fact.channel.name: sending.tries.get(fact.channel.name, 0) + 1}
            begun = Try(fact.attempt, fact.channel, fact.again)
            return replace(
                sending,
                last=begun,
                message=fact.message,
                begun_at=fact.at,
                channels=fact.channels,
                tries=tries,
                due=None,
            )
        case SendEnded():
            return _ended(sending, fact)
        case UnreachedReported():
            return replace(sending, reported=True)
    assert_never(fact)


def _ended(sending: Sending, fact: SendEnded) -> Sending:
    last, given_up, doubtful = sending.last, sending.given_up, sending.doubtful
    if last is not None:
        # What may have arrived twice is not sent a third time.
        for_good = fact.result is Result.REFUSED or (fact.result is Result.UNKNOWN and last.again)
        if for_good:
            given_up = (*given_up, last.channel.name)
        if fact.result is Result.UNKNOWN and not last.again:
            doubtful = (*doubtful, last.channel.name)
        last = replace(last, result=fact.result)
    return replace(
        sending,
        last=last,
        due=fact.next_at,
        given_up=given_up,
        doubtful=doubtful,
        delivered=sending.delivered or fact.result is Result.DELIVERED,
        unreached=sending.unreached or fact.unreached,
    )
