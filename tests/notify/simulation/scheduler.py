"""Two ways to run a plan: wild, in which anything may happen between any two steps, and calm, moment by moment.

A calm run lets each moment come to its end before the next one begins, in phases; within a phase everything
is in any order, twice, and interrupted. Two calm runs of a plan must therefore come to the same facts.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from random import Random

from shared.clock import PATIENCE
from tests.notify.simulation import actors, invariants
from tests.notify.simulation.actors import TOO_LONG_UNDER_WAY, Step, Steps
from tests.notify.simulation.ledger import Process
from tests.notify.simulation.plan import Asked, Plan, plan_of
from tests.notify.simulation.world import World, offices_that_move

SKEW = timedelta(minutes=3)
LATE = timedelta(minutes=30)
"""So much later than its moment the wildest scheduler lets everything happen."""
A_WHILE = 60_000
Tell = Callable[[str], None] | None


class Actor:
    """One thread of steps of a process; after a crash it begins again. `looks_at` are the tables it waits for."""

    def __init__(self, process: Process, begin: Callable[[], Steps], looks_at: Collection[str] = ()) -> None:
        self.process = process
        self.looks_at = frozenset(looks_at)
        self.sending = False
        self._begin = begin
        self._steps = begin()

    def step(self) -> Step | None:
        """What it did; None once it has nothing to do any more."""
        step = next(self._steps, None)
        self.sending = step is Step.SENDING
        return step

    def die(self) -> None:
        """What it had not stored is lost."""
        self.sending = False
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
        everyone = [Actor(process("stock"), lambda: actors.publish(world), ("read",))]
        for name in ("worker-a", "worker-b"):
            everyone += [each for phase in _worker(world, process(name), takes_over=True) for each in phase]
        to_ask = sorted((*plan.decreed, *plan.asked), key=lambda each: each.at)
        asleep: list[Actor] = []
        stalled: list[tuple[datetime, Actor]] = []
        for _ in range(A_WHILE):
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
                everyone, asleep = [*everyone, *asleep], []
                continue
            actor = dice.choice(everyone)
            world.touched.clear()
            step = actor.step()
            if step is None or step is Step.IDLE:
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
                everyone += [each for each in asleep if each.looks_at & world.touched]
                asleep = [each for each in asleep if not each.looks_at & world.touched]
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
        world.now = min(soon + [each for each in (*due, *planned) if each > world.now])
    elif all(each > world.now - LATE for each in overdue):
        world.now += dice.choice((1, 20, 60, 300)) * timedelta(seconds=1)
    invariants.nothing_waits_too_long(world, LATE + PATIENCE + 2 * SKEW)


def calm(plan: Plan, schedule: int, tell: Tell = None) -> World:
    """Moment by moment, in phases, each in an order of this schedule's own."""
    dice = Random(f"calm/{plan.seed}/{schedule}")
    with offices_that_move():
        world = World(plan, dice, invariants.after_an_append, tell)
        world.say(f"schedule {schedule}")

        def process(name: str) -> Process:
            return Process(name, world.store, lambda: world.now)

        web = [process("web-a"), process("web-b")]
        stock = [Actor(process("stock"), lambda: actors.publish(world), ("read",))]
        listening, reading, waking, *delivering = _worker(world, process("worker-a"), takes_over=False)
        to_ask, to_decree = list(plan.asked), list(plan.decreed)
        for _ in range(A_WHILE):
            decreed = [_asker(world, web[0], each) for each in to_decree if each.at == world.now]
            asked = [_asker(world, dice.choice(web), each) for each in to_ask if each.at == world.now]
            phases = [*([each] for each in decreed), stock, listening, reading, waking, asked, *delivering]
            while sum(_to_its_end(world, phase, dice) for phase in phases):
                pass
            planned = [each.at for each in (*to_decree, *to_ask)]
            moments = [each for each in (*_moments(world), *planned) if each > world.now]
            if not moments:
                break
            invariants.nothing_waits_too_long(world, PATIENCE)
            world.now = min(moments)
        else:
            raise AssertionError("the world does not come to rest")
        invariants.at_the_end(world)
    return world


def _worker(world: World, process: Process, takes_over: bool) -> Sequence[list[Actor]]:
    """The parts of a worker, in the order in which they have their turn in a calm run."""
    return [
        [Actor(process, lambda: actors.listen(world, process), ("read", "posts"))],
        [Actor(process, lambda: actors.read(world, process), ("kafka",))],
        [
            Actor(process, lambda: actors.wake(world, process), ("deadlines", "read"))
            for _ in range(1 if takes_over else 2)
        ],
        [Actor(process, lambda: actors.close_bundles(world, process), ("posts",))],
        [Actor(process, lambda: actors.write_letters(world, process), ("bundles",))],
        [Actor(process, lambda: actors.send(world, process, takes_over), ("sends", "letters"))],
        [Actor(process, lambda: actors.report(world, process), ("sends",))],
    ]


def _asker(world: World, process: Process, asked: Asked) -> Actor:
    return Actor(process, lambda: actors.ask(world, process, asked))


def _to_its_end(world: World, phase: list[Actor], dice: Random) -> bool:
    """Lets these act until there is nothing to do at this moment; whether there was anything."""
    acted, awake = False, list(phase)
    while awake:
        actor = dice.choice(awake)
        step = actor.step()
        if step is None:
            phase.remove(actor)
        if step is None or step is Step.IDLE:
            awake.remove(actor)
            continue
        acted, awake = True, list(phase)
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
        *(row["closes_at"] for row in rows("posts").values() if row["closes_at"] is not None),
        *(row["due"] for row in sends if row["state"] == "DUE"),
        *(row["begun_at"] + TOO_LONG_UNDER_WAY for row in sends if row["state"] == "UNDER_WAY"),
    ]


def run(seed: int, tell: Tell = None) -> None:
    """What this seed stands for: a wild run of its plan, or two calm ones. Raises `AssertionError`."""
    plan = plan_of(seed)
    if seed % 2:
        wild(plan, tell)
    else:
        invariants.the_same_was_decided(*(calm(plan, schedule, tell) for schedule in (1, 2)))
