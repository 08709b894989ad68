"""What gathered in a desk's post is closed: of each shortage the latest is kept, and goes to who is on duty."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify.domain import (
    LADDER,
    LETTER_ROLES,
    LEVEL_OF,
    MINISTRY,
    Cause,
    CloseBundle,
    Desk,
    DeskHolders,
    NoticeKind,
    NoticeSent,
)
from services.notify.views import outbox
from services.notify.views.outbox import BundleKey, Lying
from services.notify.wording import Told
from shared.decider import Command
from shared.ledger import INTERRUPTIONS, Context, Entry, Ledger
from shared.offices import offices

CLOSED_AT_ONCE = 50
ASKING = (NoticeKind.SHORTAGE, NoticeKind.CLIMBED)
WHO = Context(subject="notify-delivery", route="delivery")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Kept:
    """The latest notice of a shortage in a bundle, or an alarm. `passed`: the shortage began and ended in it.

    `rests_on` are earlier notices without which it would not read as it does.
    """

    lying: Lying
    passed: bool = False
    rests_on: tuple[str, ...] = ()

    @property
    def told(self) -> Told:
        """As the wording has it."""
        return Told(self.lying.told, self.passed, self.lying.flaps > 0)


def kept_of(lying: Sequence[Lying]) -> list[Kept]:
    """Of each shortage the latest notice, and each alarm, in the order of those: a bundle's notices come as posted.

    What reminds of another notice of the bundle is no reminder to who gets the bundle. A no that came after a request
    leaves it standing: the latest notice then asks as well.
    """
    latest: dict[tuple[str, ...], Lying] = {}
    rests_on: dict[tuple[str, ...], tuple[str, ...]] = {}
    asked: dict[tuple[str, str], set[int]] = {}
    asks: dict[tuple[str, str], tuple[NoticeSent, tuple[str, ...]]] = {}
    anew: dict[tuple[str, str, int], str] = {}
    for each in lying:
        told = each.told
        if not isinstance(told, NoticeSent):
            latest[each.id,] = each
            continue
        shelf, episode = (told.office, told.item), (told.office, told.item, told.episode)
        # Taken out first: a dictionary keeps the place of a key that it had.
        latest.pop(shelf, None)
        latest[shelf] = each
        rests_on[shelf] = ()
        if told.kind in ASKING:
            asked.setdefault(shelf, set()).add(told.episode)
            if not told.reminder:
                anew[episode] = each.id
            elif episode in anew:
                told = replace(told, reminder=False)
                latest[shelf], rests_on[shelf] = replace(each, told=told), (anew[episode],)
            asks[shelf] = told, (*rests_on[shelf], each.id)
        elif shelf in asks and _awaited_still(asks[shelf][0], told):
            ask, rests_on[shelf] = asks[shelf]
            still = replace(told, kind=ask.kind, cause=ask.cause, reminder=ask.reminder)
            latest[shelf] = replace(each, told=still)
    return [Kept(each, _passed(each, asked), rests_on.get(of, ())) for of, each in latest.items()]


def wants_letter(role: str, lying: Lying) -> bool:
    """Whether a notice is written formally to a desk of this role.

    A province or the ministry is written to about what has climbed to its level, or past it: it answers, or others
    above answer for what it was to answer for. What it is only copied of, from below, is in the mail alone; so is
    what it was told before on the same working day.
    """
    told = lying.told
    if role not in LETTER_ROLES or not isinstance(told, NoticeSent) or told.kind not in ASKING or told.reminder:
        return False
    return LADDER.index(told.level) >= LADDER.index(LEVEL_OF[role])


async def close_due(ledger: Ledger, engine: AsyncEngine, now: datetime) -> int:
    """Closes the bundles whose time is over; returns how many, at most 50.

    Raises the database's error. What is wrong with one bundle is logged and keeps none of the others.
    """
    async with engine.connect() as connection:
        due = await outbox.bundles_to_close(connection, now, CLOSED_AT_ONCE)
        if not due:
            return 0
        lying = await outbox.lying_in(connection, due)
        holders = await outbox.holders_of(connection, [Desk(role, region) for role, region, _ in due])
    return await carry_out_each(ledger, [closing(key, lying[key], holders, now) for key in due])


def closing(
    key: BundleKey, lying: Sequence[Lying], holders: Mapping[Desk, DeskHolders], now: datetime, *, digest: bool = False
) -> CloseBundle:
    """The command that closes this bundle, for those who are on duty at its desk on the desk's own day."""
    role, region, bundle = key
    desk, kept = Desk(role, region), kept_of(lying)
    day = _day_at(region, now)
    # A digest lists all that it is made of: its notices lie in no bundle, but for those it lists.
    told = [id for each in kept for id in (*(each.rests_on if digest else ()), each.lying.id)]
    return CloseBundle(
        now=now,
        occurred_at=now,
        desk=desk,
        bundle=bundle,
        people=holders.get(desk, DeskHolders()).on_duty(day),
        notices=tuple(told),
        absorbed=len(lying) - len(told),
        letter=any(each.lying.open and wants_letter(role, each.lying) for each in kept),
        day=day,
        digest=digest,
    )


async def carry_out_each(ledger: Ledger, commands: Sequence[Command]) -> int:
    """Each by itself, in as few appends as it takes; returns how many were. One that cannot be stored is logged.

    Raises what is wrong with the database.
    """
    entries = [[Entry(command, WHO)] for command in commands]
    outcomes = await asyncio.gather(*map(ledger.execute_all, entries), return_exceptions=True)
    done = 0
    for command, outcome in zip(commands, outcomes, strict=True):
        result = outcome if isinstance(outcome, BaseException) else outcome[0]
        if isinstance(result, INTERRUPTIONS):
            raise result
        if isinstance(result, BaseException):
            log.error("not_delivered", command=type(command).__name__, error=type(result).__name__)
        else:
            done += 1
    return done


def _awaited_still(ask: NoticeSent, later: NoticeSent) -> bool:
    """Whether what was asked for is awaited after this notice of the same shortage: nobody answered at that level."""
    if later.kind is not NoticeKind.ANSWERED or later.cause is not Cause.DECLINED:
        return False
    return (later.episode, later.level, later.answer) == (ask.episode, ask.level, ask.answer)


def _passed(latest: Lying, asked: Mapping[tuple[str, str], set[int]]) -> bool:
    told = latest.told
    if not isinstance(told, NoticeSent) or told.kind is not NoticeKind.RESOLVED:
        return False
    return told.episode in asked.get((told.office, told.item), set())


def _day_at(region: str, now: datetime) -> date:
    office = offices().get(region) or offices().known(MINISTRY)
    return office.day_at(now)
