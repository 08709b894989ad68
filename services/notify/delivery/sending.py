"""What is closed goes out: a try is recorded, made, and its outcome is recorded."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from prometheus_client import Counter
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify.channels import (
    Attachment,
    Channels,
    Destination,
    Kind,
    Limiter,
    Message,
    Outcome,
    RateLimit,
)
from services.notify.channels import Result as Came
from services.notify.delivery.bundles import WHO, kept_of
from services.notify.delivery.writing import Letters
from services.notify.domain import (
    LEVEL_OF,
    BeginTry,
    Desk,
    EndTry,
    MarkReported,
    NoticeSent,
    ReportUnreached,
    Result,
    SendBegun,
)
from services.notify.reactions import place_of
from services.notify.views import Address, outbox
from services.notify.views.helping import helped_at
from services.notify.views.outbox import DueSend, Lying
from services.notify.wording import Wording, together
from shared.ledger import INTERRUPTIONS, Entry, Ledger
from shared.moments import utcnow

AT_ONCE = 8
LOOKED_AT = 64
"""So many sends that are not known to wait are looked at together."""
LIMIT = RateLimit(per_minute=30, burst=10)
"""To one address. Whoever is told more often than that is told nothing."""
LETTER_WAITS = timedelta(minutes=5)
"""After which a bundle goes without its letter: that the shortage is known matters more."""
INTERRUPTED_AFTER = timedelta(minutes=5)
AGAIN_AFTER = timedelta(minutes=1)
TRY_TO_RECORD_EVERY = 1.0
UNREACHED_AT_ONCE = 20

SendKey = tuple[str, str, int, str]

TRIES = Counter("blanko_tries", "Tries to reach a person over a channel", ["kind", "result"])

log = structlog.get_logger()


class Sender:
    """Makes the tries that are due, at most eight at once, and no more to one address than it may take."""

    def __init__(
        self,
        ledger: Ledger,
        engine: AsyncEngine,
        channels: Channels,
        letters: Letters,
        now: Callable[[], datetime] = utcnow,
        limit: RateLimit = LIMIT,
    ) -> None:
        self._ledger = ledger
        self._engine = engine
        self._channels = channels
        self._letters = letters
        self._now = now
        self._limiter = Limiter(limit)
        self._trying: dict[SendKey, asyncio.Task[None]] = {}
        # By destination: of a hundred that wait for one address, only the first asks again.
        self._waits_for: dict[SendKey, str] = {}
        self._rests_until: dict[str, datetime] = {}

    async def look(self) -> int:
        """Begins what is due, as far as there is room, and returns how many. Raises the database's error."""
        free = AT_ONCE - len(self._trying)
        if free <= 0:
            return 0
        now, known = self._now(), len(self._trying) + len(self._waits_for)
        async with self._engine.connect() as connection:
            due = await outbox.sends_due(connection, now, now - LETTER_WAITS, LOOKED_AT + known)
            ready = [send for send in due if self._may_go(send, now)]
            contacts = await outbox.contacts_of(connection, {send.person for send in ready})
        begun = 0
        for send in ready:
            if begun == free:
                break
            reached_by = contacts.get(send.person, ())
            if self._may_go(send, now) and not await self._rests(send, reached_by, now):
                self._begin(send, reached_by)
                begun += 1
        return begun

    async def finish(self) -> None:
        """Waits for the tries that are under way."""
        while self._trying:
            await asyncio.wait(list(self._trying.values()))

    async def stop(self) -> None:
        """Leaves them: what has no outcome is found by whoever looks next, and tried once more."""
        trying = list(self._trying.values())
        for task in trying:
            task.cancel()
        await asyncio.gather(*trying, return_exceptions=True)

    async def mark_interrupted(self, *, at_start: bool = False) -> int:
        """Ends tries of which nobody will say the outcome: those of five minutes ago, and at the start all."""
        now = self._now()
        async with self._engine.connect() as connection:
            rows = await outbox.sends_under_way(connection, now if at_start else now - INTERRUPTED_AFTER)
        lost = [row for row in rows if (row.role, row.region, row.bundle, row.person) not in self._trying]
        for row in lost:
            unknown = Outcome(Came.UNKNOWN, "interrupted")
            await self._record(self._ended(Desk(row.role, row.region), row.bundle, row.person, row.attempts, unknown))
        return len(lost)

    async def report_unreached(self) -> int:
        """Tells shortages that nobody at a desk could be reached; returns of how many bundles."""
        now = self._now()
        async with self._engine.connect() as connection:
            rows = await outbox.bundles_unreached(connection, UNREACHED_AT_ONCE)
            lying = await outbox.lying_in(connection, [(row.role, row.region, row.bundle) for row in rows])
        for row in rows:
            desk, about = Desk(row.role, row.region), lying[row.role, row.region, row.bundle]
            marks = [
                MarkReported(now=now, occurred_at=now, desk=desk, bundle=row.bundle, person=person)
                for person in row.people
            ]
            commands = [*unreached(desk, about, now), *marks]
            await self._ledger.execute_all([Entry(command, WHO) for command in commands])
        return len(rows)

    def _may_go(self, send: DueSend, now: datetime) -> bool:
        if send.key in self._trying:
            return False
        address = self._waits_for.get(send.key)
        return address is None or self._rests_until.get(address, now) <= now

    async def _rests(self, send: DueSend, reached_by: Sequence[Address], now: datetime) -> bool:
        """Whether its next address has had enough for now. If it has not, this send is counted."""
        decision, _ = await self._ledger.preview(_begin_try(send, reached_by, now))
        begun = next((fact for _, fact in decision if isinstance(fact, SendBegun)), None)
        waited_for = self._waits_for.pop(send.key, None)
        if waited_for is not None:
            self._rests_until.pop(waited_for, None)
        if begun is None:
            return False
        address = _destination(reached_by, begun).hash
        wait = self._limiter.take(address, now)
        if wait:
            self._let_wait(send, address, now + wait)
        return bool(wait)

    def _let_wait(self, send: DueSend, address: str, until: datetime) -> None:
        self._waits_for[send.key] = address
        self._rests_until[address] = until

    def _begin(self, send: DueSend, reached_by: Sequence[Address]) -> None:
        task = asyncio.create_task(self._try(send, reached_by), name="send")
        self._trying[send.key] = task
        task.add_done_callback(lambda _: self._trying.pop(send.key, None))

    async def _try(self, send: DueSend, reached_by: Sequence[Address]) -> None:
        try:
            written = await self._written(send) if reached_by else None
            now = self._now()
            [outcome] = await self._ledger.execute_all([Entry(_begin_try(send, reached_by, now), WHO)])
        except INTERRUPTIONS as error:
            log.warning("delivery_interrupted", what="send", error=type(error).__name__)
            return
        except Exception as error:
            # Whatever is wrong with this one, it is looked at again a minute later, and the others go on.
            log.error("not_written", role=send.role, region=send.region, error=type(error).__name__)
            self._let_wait(send, repr(send.key), self._now() + AGAIN_AFTER)
            return
        facts = [] if isinstance(outcome, Exception) else [recorded.fact for recorded in outcome.facts]
        begun = next((fact for fact in facts if isinstance(fact, SendBegun)), None)
        if begun is None or written is None:
            return
        try:
            came = await self._channels.send(_destination(reached_by, begun), written.addressed(begun))
        except Exception as error:
            log.error("not_sent", role=send.role, region=send.region, error=type(error).__name__)
            came = Outcome(Came.UNKNOWN, "error")
        TRIES.labels(begun.channel.kind, came.result).inc()
        if came.result is not Came.DELIVERED:
            about = {"role": send.role, "region": send.region, "kind": begun.channel.kind}
            log.warning("not_delivered", **about, result=came.result, code=came.code)
        await self._record(self._ended(send.desk, send.bundle, send.person, begun.attempt, came))

    async def _written(self, send: DueSend) -> "Written":
        async with self._engine.connect() as connection:
            lying = (await outbox.lying_in(connection, [send.of]))[send.of]
            # As of one moment, so that it reads alike at every try.
            told = await helped_at(connection, [each.told for each in lying], send.closed_at)
        lying = [msgspec.structs.replace(each, told=said) for each, said in zip(lying, told, strict=True)]
        attachments = await self._letters.attached(send.desk, send.letter) if send.letter is not None else ()
        return Written(send, lying, attachments)

    def _ended(self, desk: Desk, bundle: int, person: str, attempt: int, came: Outcome) -> EndTry:
        now = self._now()
        return EndTry(
            now=now,
            occurred_at=now,
            desk=desk,
            bundle=bundle,
            person=person,
            attempt=attempt,
            result=Result(came.result.value),
            code=came.code,
            retry_after=came.retry_after,
        )

    async def _record(self, ended: EndTry) -> None:
        """Records what came of a try, however long the database takes: what we know, nobody has to guess later."""
        while True:
            try:
                await self._ledger.execute_all([Entry(ended, WHO)])
                return
            except INTERRUPTIONS as error:
                log.warning("delivery_interrupted", what="outcome", error=type(error).__name__)
                await asyncio.sleep(TRY_TO_RECORD_EVERY)


class Written:
    """A bundle in words, and as data for programs."""

    def __init__(self, send: DueSend, lying: Sequence[Lying], attachments: tuple[Attachment, ...]) -> None:
        kept = kept_of(lying)
        self._send = send
        self._attachments = attachments
        self._absorbed = len(lying) - len(kept)
        self._kept = [each.lying for each in kept]
        self.wording: Wording = together(
            [each.told for each in kept],
            self._absorbed,
            at=send.closed_at,
            digest=send.digest,
            letter=send.letter,
        )

    def addressed(self, begun: SendBegun) -> Message:
        """The message of this try: under the same id at each try over the same channel, and alike every time."""
        return Message(
            id=begun.message,
            subject=self.wording.subject,
            text=self.wording.text,
            html=self.wording.html,
            attachments=self._attachments,
            data=self.data,
            at=self._send.closed_at,
        )

    @property
    def data(self) -> Mapping[str, Any]:
        """What a webhook receives."""
        send = self._send
        return {
            "type": "blanko.notices",
            "timestamp": send.closed_at,
            "data": {
                "role": send.role,
                "region": send.region,
                "bundle": send.bundle,
                "digest": send.digest,
                "letter": send.letter,
                "absorbed": self._absorbed,
                "subject": self.wording.subject,
                "text": self.wording.text,
                "notices": [{**msgspec.to_builtins(each.told), "id": each.id} for each in self._kept],
            },
        }


def unreached(desk: Desk, lying: Sequence[Lying], now: datetime) -> list[ReportUnreached]:
    """What the shortages are told whose answer was awaited of just this desk, when nobody there is reached."""
    level = LEVEL_OF.get(desk.role)
    latest: dict[tuple[str, str, int], NoticeSent] = {}
    for each in lying:
        told = each.told
        if isinstance(told, NoticeSent) and not told.copy and told.level is level:
            latest[told.office, told.item, told.episode] = told
    return [
        ReportUnreached(
            now=now,
            occurred_at=now,
            office=told.office,
            item=told.item,
            place=place_of(told.office, now),
            episode=told.episode,
            step=told.step,
            level=told.level,
        )
        for told in latest.values()
    ]


def _begin_try(send: DueSend, reached_by: Sequence[Address], now: datetime) -> BeginTry:
    return BeginTry(
        now=now,
        occurred_at=now,
        desk=send.desk,
        bundle=send.bundle,
        person=send.person,
        channels=tuple(contact.channel for contact in reached_by),
    )


def _destination(reached_by: Sequence[Address], begun: SendBegun) -> Destination:
    contact = next(each for each in reached_by if each.channel == begun.channel)
    return Destination(Kind(contact.kind.value), contact.address, contact.secret)
