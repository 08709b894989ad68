"""Two ways to run a plan: wild, in which anything may happen between any two steps, and calm, moment by moment.

A calm run lets each moment come to its end before the next one begins, in phases; within a phase everything
is in any order, twice, and interrupted. Two calm runs of a plan must therefore come to the same facts.
"""

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from datetime import datetime, timedelta
from random import Random

from services.notify.delivery import watching
from shared.clock import PATIENCE
from tests.notify.simulation import actors, invariants
from tests.notify.simulation.actors import TOO_LONG_UNDER_WAY, Step, Steps
from tests.notify.simulation.ledger import Process
from tests.notify.simulation.plan import MONDAY, Asked, Plan, plan_of
from tests.notify.simulation.world import World, offices_that_move

SKEW = timedelta(minutes=3)
LATE = timedelta(minutes=30)
"""So much later than its moment the wildest scheduler lets everything happen."""
LOOK_EVERY = timedelta(seconds=watching.LOOK_EVERY)
FIRST_LOOK = MONDAY + timedelta(minutes=2)
A_WHILE = 60_000
Tell = Callable[[str], None] | None


class Actor:
    """One thread of steps of a process; after a crash it begins again.

    `looks_at` are the tables, `kafka`, `read`, and `time`, that it waits for once it finds nothing to do: while none
    of them is touched, there is nothing.
    """

    def __init__(self, process: Process, begin: Callable[[], Steps], looks_at: Collection[str] = ()) -> None:
        self.process = process
        self.looks_at = frozenset(looks_at)
        self.awake = True
        self.sending = False
        self._begin = begin
        self._steps = begin()

    def step(self) -> Step | None:
        """What it did; None once it has nothing to do any more."""
        step = next(self._steps, None)
        self.sending = step is Step.SENDING
        self.awake = step not in (None, Step.IDLE)
        return step

    def hears(self, touched: Set[str]) -> bool:
        """Whether there may be something to do again, now that these were touched."""
        self.awake = self.awake or not self.looks_at.isdisjoint(touched)
        return self.awake

    def die(self) -> None:
        """What it had not stored is lost."""
        self.awake, self.sending = True, False
        self._steps = self._begin()


def wild(plan: Plan, tell: Tell = None) -> World:
    """Two workers and two web processes with clocks of their own, deaths, delays, and no order but stock's."""
    dice = Random(f"wild/{plan.seed}")
    with offices_that_move():
        world = World(plan, dice, invariants.after_an_append, tell)
        skews = {name: timedelta() for name in ("worker-a", "worker-b", "web-a", "web-b", "stock")}

        def process(name: str) -> Process:
            return Process(name, world.store, lambda: world.now + skews[name])

        web = [process("web-a"), process("web-b")]
        everyone = [_publisher(world, process("stock"))]
        for name in ("worker-a", "worker-b"):
            everyone += [each for phase in _worker(world, process(name), takes_over=True) for each in phase]
        to_ask = sorted((*plan.decreed, *plan.asked), key=lambda each: each.at)
        asleep: list[Actor] = []
        stalled: list[tuple[datetime, Actor]] = []
        for _ in range(A_WHILE):
            world.touched.clear()
            if stalled:
                everyone += [actor for until, actor in stalled if until <= world.now]
                stalled = [(until, actor) for until, actor in stalled if until > world.now]
            while to_ask and to_ask[0].at <= world.now:
                everyone.append(_asker(world, dice.choice(web), to_ask.pop(0)))
            if not everyone or dice.random() < 0.02:
                planned = [*(each.at for each in to_ask[:1]), *(until for until, _ in stalled)]
                if not everyone and not planned and not _moments(world):
                    break
                _let_time_pass(world, dice, planned, everybody_waits=not everyone)
                for name in skews:
                    if dice.random() < 0.1:
                        skews[name] = dice.uniform(-1, 1) * SKEW
                        world.touched.add("time")
            else:
                actor = _one_of(everyone, dice)
                step = actor.step()
                if not actor.awake:
                    everyone.remove(actor)
                    if step is Step.IDLE:
                        asleep.append(actor)
                elif dice.random() < 0.02:
                    # It holds what it has read, and what it has decided, while the others go on.
                    everyone.remove(actor)
                    stalled.append((world.now + dice.choice((1, 5, 20)) * timedelta(minutes=1), actor))
                elif dice.random() < 0.01:
                    world.say(f"{actor.process.name} dies")
                    actor.process.restart()
                    everyone, asleep, stalled = [*everyone, *asleep, *(each for _, each in stalled)], [], []
                    for each in everyone:
                        if each.process is actor.process:
                            each.die()
            if world.touched:
                everyone += [each for each in asleep if each.hears(world.touched)]
                asleep = [each for each in asleep if not each.awake]
        else:
            raise AssertionError("the world does not come to rest")
        invariants.at_the_end(world)
    return world


def _let_time_pass(world: World, dice: Random, planned: list[datetime], everybody_waits: bool) -> None:
    """A little, if somebody has still to act, and not while something is late; else up to the next moment."""
    due = _moments(world)
    overdue = [each for each in due if each <= world.now]
    if everybody_waits:
        # What is overdue waits for those whose clocks are behind.
        soon = [world.now + timedelta(minutes=1)] if overdue else []
        world.pass_until(min(soon + [each for each in (*due, *planned) if each > world.now]))
    elif all(each > world.now - LATE for each in overdue):
        world.pass_until(world.now + dice.choice((1, 20, 60, 300)) * timedelta(seconds=1))
    invariants.nothing_waits_too_long(world, LATE + PATIENCE + 2 * SKEW)
    invariants.nobody_who_left_is_waited_for(world, LATE + LOOK_EVERY + 2 * SKEW)


def calm(plan: Plan, schedule: int, tell: Tell = None) -> World:
    """Moment by moment, in phases, each in an order of this schedule's own."""
    dice = Random(f"calm/{plan.seed}/{schedule}")
    with offices_that_move():
        world = World(plan, dice, invariants.after_an_append, tell)
        world.say(f"schedule {schedule}")

        def process(name: str) -> Process:
            return Process(name, world.store, lambda: world.now)

        web = [process("web-a"), process("web-b")]
        stock = [_publisher(world, process("stock"))]
        listening, reading, waking, watching, *delivering = _worker(world, process("worker-a"), takes_over=False)
        everyone = [each for phase in (stock, listening, reading, waking, watching, *delivering) for each in phase]
        to_decree, to_ask = _by_moment(plan.decreed), _by_moment(plan.asked)
        planned = sorted({*to_decree, *to_ask})
        for _ in range(A_WHILE):
            decreed = [[_asker(world, web[0], each)] for each in to_decree.get(world.now, ())]
            asked = [_asker(world, dice.choice(web), each) for each in to_ask.get(world.now, ())]
            looking = watching if _next_look(world.now) == world.now else []
            phases = [*decreed, stock, listening, reading, waking, looking, asked, *delivering]
            while sum(_to_its_end(world, phase, everyone, dice) for phase in phases):
                pass
            moments = [each for each in (*_moments(world), *planned) if each > world.now]
            if not moments:
                break
            invariants.nothing_waits_too_long(world, PATIENCE)
            invariants.nobody_who_left_is_waited_for(world, LOOK_EVERY)
            world.pass_until(min(moments))
            for each in everyone:
                each.hears(world.touched)
        else:
            raise AssertionError("the world does not come to rest")
        invariants.at_the_end(world)
    return world


def _publisher(world: World, process: Process) -> Actor:
    return Actor(process, lambda: actors.publish(world), ("read", "time"))


def _worker(world: World, process: Process, takes_over: bool) -> Sequence[list[Actor]]:
    """The parts of a worker, in the order in which they have their turn in a calm run."""
    return [
        [Actor(process, lambda: actors.listen(world, process), ("read", "posts", "time"))],
        [Actor(process, lambda: actors.read(world, process), ("kafka", "time"))],
        [
            Actor(process, lambda: actors.wake(world, process), ("deadlines", "read", "time"))
            for _ in range(1 if takes_over else 2)
        ],
        [Actor(process, lambda: actors.watch(world, process), ("time",))],
        [Actor(process, lambda: actors.close_bundles(world, process), ("posts", "time"))],
        [Actor(process, lambda: actors.write_letters(world, process), ("bundles",))],
        [Actor(process, lambda: actors.send(world, process, takes_over), ("sends", "letters", "time"))],
        [Actor(process, lambda: actors.report(world, process), ("sends",))],
    ]


def _asker(world: World, process: Process, asked: Asked) -> Actor:
    return Actor(process, lambda: actors.ask(world, process, asked))


def _one_of(actors: Sequence[Actor], dice: Random) -> Actor:
    """Any of them; quicker than `choice`, and it is asked for at every step."""
    return actors[int(dice.random() * len(actors))]


def _by_moment(asked: Sequence[Asked]) -> Mapping[datetime, list[Asked]]:
    moments: dict[datetime, list[Asked]] = {}
    for each in asked:
        moments.setdefault(each.at, []).append(each)
    return moments


def _to_its_end(world: World, phase: list[Actor], everyone: list[Actor], dice: Random) -> bool:
    """Lets these act until there is nothing to do at this moment; whether there was anything."""
    acted = False
    while awake := [each for each in phase if each.awake]:
        world.touched.clear()
        actor = _one_of(awake, dice)
        if actor.step() is None:
            phase.remove(actor)
        if not actor.awake:
            continue
        acted = True
        if world.touched:
            for each in everyone:
                each.hears(world.touched)
        # A death while something is sent is the plan's to say: what comes of it is not the same.
        if dice.random() < 0.05 and not any(each.sending for each in phase):
            actor.process.restart()
            for each in phase:
                if each.process is actor.process:
                    each.die()
    return acted


def _moments(world: World) -> list[datetime]:
    """When something is due that the world itself waits for."""
    rows = world.store.rows
    deadlines = [row["due"] for row in rows("deadlines").values()]
    sends = [rows("sends")[key] for key in world.store.unsettled]
    return [
        *(news.at for news in world.unpublished().values()),
        *([world.plan.starts_at] if world.now < world.plan.starts_at else []),
        *deadlines,
        *(due + PATIENCE for due in deadlines if due <= world.now),
        # With the office's day it may end who sits at the desk that is awaited, and which desk that is.
        *(each.day_ends for each in world.awaited_at(world.now)),
        *(_next_look(since) for since in world.left_since().values()),
        *(row["closes_at"] for row in rows("posts").values() if row["closes_at"] is not None),
        *(row["due"] for row in sends if row["state"] == "DUE"),
        *(row["begun_at"] + TOO_LONG_UNDER_WAY for row in sends if row["state"] == "UNDER_WAY"),
    ]


def _next_look(since: datetime) -> datetime:
    """When the watchman looks next, then or later."""
    return since + (FIRST_LOOK - since) % LOOK_EVERY


def run(seed: int, tell: Tell = None) -> None:
    """What this seed stands for: a wild run of its plan, or two calm ones. Raises `AssertionError`."""
    plan = plan_of(seed)
    if seed % 2:
        wild(plan, tell)
    else:
        invariants.the_same_was_decided(*(calm(plan, schedule, tell) for schedule in (1, 2)))
