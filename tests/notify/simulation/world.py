"""What all processes share: the moment, Kafka, the database, and the channels by which people are reached."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import NamedTuple
from unittest.mock import patch

from services.notify import reactions
from services.notify.delivery import bundles, writing
from services.notify.domain import (
    LISTENING,
    Channel,
    DeskHolders,
    Level,
    Result,
    Shortage,
    WaitKind,
    desk,
    directory_of,
    shortage_of,
)
from services.notify.views import rows
from shared.envelope import Incoming
from tests.notify.simulation.ledger import Draft, Store, Written, encode
from tests.notify.simulation.plan import MONDAY, OFFICES, PROVINCES, News, Plan, with_a_move

Watching = Callable[["World", list[Written]], None]
TOPICS = tuple(f"blanko.{province}.stock" for province in PROVINCES)
RESULTS = (Result.DELIVERED, Result.FAILED, Result.REFUSED, Result.UNKNOWN)


@dataclass(frozen=True)
class Sent:
    """What the other side of a channel has really got."""

    message: str
    attempt: int
    again: bool


class Awaited(NamedTuple):
    """A shortage that asks for an answer, of a desk that is `left`, or not, while the office's day goes on."""

    office: str
    item: str
    episode: int
    left: bool
    day_ends: datetime


class World:
    """One run of a plan. `dice` are the scheduler's: what the plan says does not depend on them.

    After every append `watching` is told what was written; `tell`, if given, gets a line for each of them. `touched`
    names what was changed since somebody cleared it: tables, the positions that were `read`, `kafka`, and the `time`.
    """

    def __init__(self, plan: Plan, dice: Random, watching: Watching, tell: Callable[[str], None] | None = None) -> None:
        self.plan = plan
        self.dice = dice
        self.now = MONDAY
        self.store = Store()
        self.sent: list[Sent] = []
        self.touched: set[str] = set()
        self.topics: dict[str, list[Incoming]] = {topic: [] for topic in TOPICS}
        self._lanes = {office: [each for each in plan.news if each.office == office] for office in OFFICES}
        self._published = dict.fromkeys(OFFICES, 0)
        self._of_topic = {topic: [each for each in plan.news if each.topic == topic] for topic in TOPICS}
        self._sequences: dict[int, int] = {}
        self._awaited: dict[datetime, list[Awaited]] = {}
        self._left: dict[tuple[str, str, int, Level], datetime] = {}
        self._watching = watching
        self._tell = tell

    def say(self, line: str) -> None:
        """A line of the trace."""
        if self._tell is not None:
            self._tell(f"{self.now:%d %H:%M:%S}  {line}")

    def pass_until(self, moment: datetime) -> None:
        """Time passes."""
        self.now = moment
        self.touched.add("time")

    def append(self, by: str, draft: Draft) -> list[Written]:
        """Stores what was decided. Raises `Moved`."""
        written = self.store.append(draft)
        self.touched |= self.store.touched
        if not self.store.touched.isdisjoint(("escalations", "desks", "watch")):
            self._awaited.clear()
        if draft.read is not None:
            self.touched.add("read")
        if self._tell is not None:
            names = ", ".join(type(command).__name__ for command in draft.commands)
            refused = "".join(f" refused: {code}" for code in draft.refused)
            self.say(f"{by} [{draft.now:%d %H:%M:%S}] {names}{refused}{'' if written else ': nothing'}")
            for each in written:
                self.say(f"    {each.stream} {encode(each.fact).decode()}")
        if written:
            self._watching(self, written)
        return written

    def unpublished(self) -> dict[str, News]:
        """Of each office, in order, the next that stock says and that is not on Kafka."""
        return {office: self._lanes[office][n] for office, n in self._published.items() if n < len(self._lanes[office])}

    def ready_to_publish(self) -> list[str]:
        """Offices of which the next may be put on Kafka: one that changes its topic first waits for the readers."""
        ready = []
        for office, news in self.unpublished().items():
            before = self._published[office] - 1
            moved = before >= 0 and self._lanes[office][before].topic != news.topic
            if news.at <= self.now and not (moved and self._unread(self._lanes[office][before])):
                ready.append(office)
        return ready

    def publish(self, office: str) -> None:
        """Puts the next news of the office on its topic."""
        news = self._lanes[office][self._published[office]]
        self._published[office] += 1
        self.touched.add("kafka")
        log = self.topics[news.topic]
        sequence = 1 + max((each.sequence for each in log), default=0)
        self._sequences[id(news)] = sequence
        log.append(
            Incoming(
                service="stock",
                type=news.type,
                version=1,
                office=office,
                topic=news.topic,
                offset=len(log),
                epoch=1,
                sequence=sequence,
                position=sequence,
                hash=b"",
                id=f"1-{sequence}",
                occurred_at=news.said_at,
                recorded_at=news.said_at,
                traceparent=None,
                data=news.data,
            )
        )
        self.say(f"stock says {news.type} of {office}: {news.data.decode()}")

    def publish_again(self, topic: str) -> None:
        """The relay sends once more what it sent last, and does not know that it did."""
        self.touched.add("kafka")
        self.topics[topic] += self.topics[topic][-self.dice.randint(1, 3) :]

    def knows_all_until(self, office: str, moment: datetime) -> bool:
        """Whether all that stock had said by then on the office's topic is applied here."""
        topic = with_a_move().topic("stock", office, moment)
        return not any(each.said_at <= moment and self._unread(each) for each in self._of_topic[topic])

    def awaited_at(self, moment: datetime) -> list[Awaited]:
        """What is open and asks an answer of a desk that is kept, once people are told."""
        # Nowhere in Indonesia a day begins but at a full hour.
        hour = moment.replace(minute=0, second=0, microsecond=0)
        if hour not in self._awaited:
            self._awaited[hour] = list(self._asks_in(hour))
        return self._awaited[hour]

    def _asks_in(self, hour: datetime) -> Iterator[Awaited]:
        if not self.store.state(LISTENING).caught_up:
            return
        for (office, item), row in sorted(self.store.rows("escalations").items()):
            if row["open"] and row["waiting_for"] != WaitKind.PROMISE:
                here = with_a_move().known(office)
                day = here.day_at(hour)
                holders: DeskHolders = self.store.state(directory_of(desk(row["awaited"], office, here.province(hour))))
                if holders.kept:
                    yield Awaited(office, item, row["episode"], not holders.on_duty(day), here.end_of(day))

    def left_at(self, moment: datetime) -> list[Awaited]:
        """Those of them that ask a desk at which nobody sits on that day."""
        return [each for each in self.awaited_at(moment) if each.left]

    def left_since(self) -> dict[tuple[str, str, int, Level], datetime]:
        """Which of those could climb, and since when it was seen that they stand so. It is seen when it is asked."""
        now_left = {}
        for each in self.left_at(self.now):
            shortage: Shortage = self.store.state(shortage_of(each.office, each.item))
            if shortage.above is not None:
                key = (each.office, each.item, each.episode, shortage.awaited)
                now_left[key] = self._left.get(key, self.now)
        self._left = now_left
        return now_left

    def deliver(self, person: str, channel: Channel, message: str, attempt: int, again: bool) -> Result | None:
        """Sends; the result, or None if the sender dies before it knows. Chance, but the same one in every schedule."""
        dice = Random(f"{self.plan.seed}/{message}/{attempt}")
        if person in self.plan.unreachable:
            return Result.FAILED
        result = dice.choices((*RESULTS, None), (68, 12, 6, 8, 6))[0]
        if result is Result.DELIVERED or (result in (Result.UNKNOWN, None) and dice.random() < 0.5):
            self.sent.append(Sent(message, attempt, again))
        return result

    def _unread(self, news: News) -> bool:
        sequence = self._sequences.get(id(news))
        return sequence is None or self.store.read.get(news.topic, 0) < sequence


@contextmanager
def offices_that_move() -> Iterator[None]:
    """In here notify knows of the move."""
    with ExitStack() as changed:
        for module in (reactions, rows, bundles, writing):
            changed.enter_context(patch.object(module, "offices", with_a_move))
        yield
