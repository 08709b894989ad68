"""The processes, as steps: between any two of them others act, time passes, or the process dies.

What they do is what the relay and the reader, the clock, the web process and the delivery do with the database.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, TypeAlias

from services.notify.delivery.bundles import closing, kept_of, wants_letter
from services.notify.delivery.sending import unreached
from services.notify.delivery.writing import written_of
from services.notify.domain import (
    LISTENING,
    BeginListening,
    BeginTry,
    CatchUp,
    CloseBundle,
    Desk,
    DeskHolders,
    EndTry,
    Held,
    IssueLetter,
    Listening,
    MarkReported,
    NoticeSent,
    ReportNobody,
    Result,
    SendBegun,
    directory_of,
)
from services.notify.reactions import due, place_of, react
from services.notify.views.outbox import BundleKey, Lying, ShortageNow
from shared.clock import PATIENCE, Deadline
from shared.decider import Command, Row
from tests.notify.simulation.ledger import Draft, Key, Moved, Process, Read, Written
from tests.notify.simulation.plan import Asked
from tests.notify.simulation.world import World

TOO_LONG_UNDER_WAY = timedelta(minutes=5)
NAMES = ShortageNow.__struct_fields__


class Step(Enum):
    """What a process did: nothing, for there is nothing to do now; something; or it has begun to send."""

    IDLE = "IDLE"
    BUSY = "BUSY"
    SENDING = "SENDING"


Steps: TypeAlias = Iterator[Step]


def stored(world: World, process: Process, draft: Draft, step: Step = Step.BUSY) -> Any:
    """Steps in which it is stored; answers with the facts, or None if another reader was faster."""
    written: list[Written] | None = None
    yield step
    while written is None:
        try:
            written = world.append(process.name, draft)
        except Moved:
            if draft.read is not None and world.store.read.get(draft.read.topic, 0) != draft.read.expected:
                return None
            draft = process.again(draft)
            yield step
    process.learn(draft)
    begun = any(isinstance(each.fact, SendBegun) for each in written)
    yield Step.SENDING if begun else Step.BUSY
    return written


def publish(world: World) -> Steps:
    """Stock's relay: in order for an office, in any order among offices, sometimes twice."""
    while True:
        ready = world.ready_to_publish()
        if not ready:
            yield Step.IDLE
            continue
        office = world.dice.choice(ready)
        topic = world.unpublished()[office].topic
        world.publish(office)
        if world.dice.random() < 0.2:
            world.publish_again(topic)
        yield Step.BUSY


def read(world: World, process: Process) -> Steps:
    """The reader: begins at, or before, the position in the database, and skips what is not beyond it."""
    offsets: dict[str, int] = {}
    while True:
        behind = [topic for topic, log in world.topics.items() if offsets.get(topic, 0) < len(log)]
        if not behind or world.now < world.plan.starts_at:
            yield Step.IDLE
            continue
        topic = world.dice.choice(behind)
        offset, stood = offsets.get(topic, 0), world.store.read.get(topic, 0)
        records = world.topics[topic][offset : offset + world.dice.randint(1, 6)]
        place, commands = stood, []
        for record in records:
            if record.sequence <= place:
                continue
            assert record.sequence == place + 1, "there is a gap"
            command = react(record, process.now)
            place = record.sequence
            if command is not None:
                commands.append(command)
        if place > stood:
            draft = process.decide(commands, read=Read(topic, stood, place))
            if (yield from stored(world, process, draft)) is None:
                continue
        offsets[topic] = offset + len(records)


def listen(world: World, process: Process) -> Steps:
    """Mute up to what was on Kafka at the beginning; then once what is open."""
    while world.now < world.plan.starts_at:
        yield Step.IDLE
    heads = {topic: log[-1].sequence for topic, log in world.topics.items() if log}
    began = BeginListening(now=process.now, occurred_at=process.now, heads=heads)
    yield from stored(world, process, process.decide([began]))
    while True:
        listening: Listening = world.store.state(LISTENING)
        if all(world.store.read.get(topic, 0) >= head for topic, head in (listening.heads or {}).items()):
            break
        yield Step.IDLE
    yield from stored(world, process, process.decide([CatchUp(now=process.now, occurred_at=process.now)]))
    held = [key[:2] for key, row in world.store.rows("posted").items() if row["held"] is Held.CATCHING_UP]
    for role, region in sorted(dict.fromkeys(held)):
        while (command := _digest(world, Desk(role, region), process.now)) is not None:
            yield from stored(world, process, process.decide([command]))


def wake(world: World, process: Process) -> Steps:
    """The clock: looks at what is due, and lets it speak as far as the news has been read."""
    while True:
        now = process.now
        rows = [(row["due"], key) for key, row in world.store.rows("deadlines").items() if row["due"] <= now]
        looked = [Deadline(**world.store.rows("deadlines")[key]) for _, key in sorted(rows)]
        world.dice.shuffle(looked)
        for deadline in looked:
            fresh = world.knows_all_until(deadline.office, deadline.due)
            if not fresh and now - deadline.due < PATIENCE:
                continue
            gone = [Row("deadlines", (deadline.key,), None)]
            yield from stored(world, process, process.decide([due(deadline, now, not fresh)], gone))
        yield Step.IDLE


def watch(world: World, process: Process) -> Steps:
    """The watchman looks who is awaited, and has left, or is on leave."""
    while True:
        now = process.now
        for each in world.left_at(now):
            about: dict[str, Any] = {"office": each.office, "item": each.item, "place": place_of(each.office, now)}
            nobody = ReportNobody(now=now, occurred_at=now, episode=each.episode, **about)
            yield from stored(world, process, process.decide([nobody]))
        yield Step.IDLE


def ask(world: World, process: Process, asked: Asked) -> Steps:
    """The web process: decided on what it knows, and again if that was old; asked again, it is done once."""
    draft = process.decide([asked.ask(process.now)], key=asked.id)
    yield from stored(world, process, draft)


def close_bundles(world: World, process: Process) -> Steps:
    """Delivery: what has gathered long enough."""
    while True:
        now = process.now
        ripe = [key for key, row in world.store.rows("posts").items() if row["closes_at"] and row["closes_at"] <= now]
        if not ripe:
            yield Step.IDLE
            continue
        role, region = world.dice.choice(sorted(ripe))
        key = (role, region, world.store.rows("posts")[role, region]["bundle"])
        command = closing(key, _lying(world, key), _holders(world, Desk(role, region)), now)
        yield from stored(world, process, process.decide([command]))


def write_letters(world: World, process: Process) -> Steps:
    """Delivery: the letters of closed bundles, before these are sent."""
    while True:
        if not world.store.unwritten:
            yield Step.IDLE
            continue
        role, region, bundle = world.dice.choice(sorted(world.store.unwritten.values()))
        desk, now = Desk(role, region), process.now
        number = world.store.rows("bundles")[role, region, bundle]["letter"]
        kept = [each.lying for each in kept_of(_lying(world, (role, region, bundle)))]
        told = [each.told for each in kept if wants_letter(role, each) and isinstance(each.told, NoticeSent)]
        rows = {about: world.store.rows("escalations")[about] for about in ((each.office, each.item) for each in told)}
        present = {about: ShortageNow(**{name: row[name] for name in NAMES}) for about, row in rows.items()}
        content = written_of(desk, number, told, present, now)
        command = IssueLetter(
            now=now,
            occurred_at=now,
            desk=desk,
            bundle=bundle,
            content=content,
            html_sha256="",
            pdf_sha256="",
            typesetter="none",
        )
        yield from stored(world, process, process.decide([command]))


def send(world: World, process: Process, takes_over: bool) -> Steps:
    """Delivery: tries, each recorded before and after. What a dead process had begun has an unknown outcome."""
    begun_before = process.now if takes_over else None
    while True:
        now = process.now
        sends = world.store.rows("sends")
        waiting = [key for key in world.store.unsettled if _sendable(world, key, sends[key], now)]
        lost = [key for key in world.store.unsettled if _lost(sends[key], now, begun_before)]
        begun_before = None
        for key in sorted(lost):
            attempt = sends[key]["attempts"]
            about = _about_send(key) | {"now": now, "occurred_at": now}
            ended = EndTry(**about, attempt=attempt, result=Result.UNKNOWN, code="interrupted")
            yield from stored(world, process, process.decide([ended]))
        if not lost and not waiting:
            yield Step.IDLE
        if lost or not waiting:
            continue
        yield from _try(world, process, world.dice.choice(sorted(waiting)))


def _try(world: World, process: Process, key: Key) -> Steps:
    about = _about_send(key)
    channels = world.store.state(f"person/{key[3]}").channels
    begin = BeginTry(**about, now=process.now, occurred_at=process.now, channels=channels)
    written = yield from stored(world, process, process.decide([begin]))
    for begun in [each.fact for each in written if isinstance(each.fact, SendBegun)]:
        result = world.deliver(key[3], begun.channel, begun.message, begun.attempt, begun.again)
        yield Step.SENDING
        if result is None:
            return
        asked_for = timedelta(minutes=20) if result is Result.FAILED and begun.attempt == 1 else None
        ended = EndTry(**about, now=process.now, occurred_at=process.now, attempt=begun.attempt, result=result,
                       code="scripted", retry_after=asked_for)  # fmt: skip
        yield from stored(world, process, process.decide([ended]), Step.SENDING)


def report(world: World, process: Process) -> Steps:
    """Delivery: whoever is reached by nothing is told to the shortage, in order of the sends."""
    while True:
        sends = world.store.rows("sends")
        failed = sorted({key[:3] for key in world.store.unsettled if sends[key]["unreached"]})
        silent = [bundle for bundle in failed if _nobody_reached(world, bundle)]
        if not silent:
            yield Step.IDLE
            continue
        role, region, _ = silent[0]
        now = process.now
        commands: list[Command] = [*unreached(Desk(role, region), _lying(world, silent[0]), now)]
        for key in _sends_of(world, silent[0]):
            commands.append(MarkReported(**_about_send(key), now=now, occurred_at=now))
        yield from stored(world, process, process.decide(commands))


def _lying(world: World, key: BundleKey) -> list[Lying]:
    """What is in a bundle, in the order of its numbers; in a digest that is closed, with what it lists besides."""
    closed = world.store.rows("bundles").get(key)
    listed = closed["notices"] if closed is not None and closed["digest"] else ()
    rows = world.store.posted_to[key[:2]]
    return [_lies(world, row) for row in rows if row["bundle"] == key[2] or row["notice"] in listed]


def _lies(world: World, row: Mapping[str, Any]) -> Lying:
    notice: NoticeSent = world.store.rows("notices")[row["notice"],]["notice"]
    shortage = world.store.rows("escalations")[notice.office, notice.item]
    is_open = shortage["open"] and shortage["episode"] == notice.episode
    return Lying(row["number"], row["notice"], notice, is_open, shortage["flaps"])


def _holders(world: World, desk: Desk) -> dict[Desk, DeskHolders]:
    return {desk: world.store.state(directory_of(desk))}


def _digest(world: World, desk: Desk, now: datetime) -> CloseBundle | None:
    """What is open, once, together with what gathers at the desk already."""
    row = world.store.rows("posts")[desk.role, desk.region]
    if row["digested"]:
        return None
    posted = world.store.posted_to[desk.role, desk.region]
    held = [_lies(world, row) for row in posted if row["held"] is Held.CATCHING_UP]
    held = [each for each in held if each.open]
    if not held:
        return None
    gathers = row["closes_at"] is not None
    key = (desk.role, desk.region, row["bundle"] + (not gathers))
    gathering = [_lies(world, row) for row in posted if gathers and row["bundle"] == key[2]]
    everything = sorted([*held, *gathering], key=lambda each: each.number)
    return closing(key, everything, _holders(world, desk), now, digest=True)


def _sendable(world: World, key: Key, row: Any, now: datetime) -> bool:
    if row["state"] != "DUE" or row["due"] > now:
        return False
    return (*key[:2], row["letter"]) not in world.store.unwritten


def _nobody_reached(world: World, bundle: BundleKey) -> bool:
    sends = world.store.rows("sends")
    told = True
    for person in world.store.rows("bundles")[bundle]["to"]:
        row = sends[*bundle, person]
        if not row["unreached"] or row["state"] == "DELIVERED":
            return False
        told = told and row["reported"]
    return not told


def _sends_of(world: World, bundle: BundleKey) -> list[Key]:
    return [(*bundle, person) for person in sorted(world.store.rows("bundles")[bundle]["to"])]


def _lost(row: Any, now: datetime, begun_before: datetime | None) -> bool:
    if row["state"] != "UNDER_WAY":
        return False
    return begun_before is not None or bool(row["begun_at"] <= now - TOO_LONG_UNDER_WAY)


def _about_send(key: Key) -> dict[str, Any]:
    role, region, bundle, person = key
    return {"desk": Desk(role, region), "bundle": bundle, "person": person}
