"""What all processes share: the moment, Kafka, the database, and the channels by which people are reached."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from unittest.mock import patch

from services.notify import reactions
from services.notify.delivery import bundles, writing
from services.notify.domain import Channel, Result
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


class World:
    """One run of a plan. `dice` are the scheduler's: what the plan says does not depend on them.

    After every append `watching` is told what was written; `tell`, if given, gets a line for each of them. `touched`
    names what was changed since somebody cleared it: tables, the positions that were `read`, and `kafka`.
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
        self._watching = watching
        self._tell = tell

    def say(self, line: str) -> None:
        """A line of the trace."""
        if self._tell is not None:
            self._tell(f"{self.now:%d %H:%M:%S}  {line}")

    def append(self, by: str, draft: Draft) -> list[Written]:
        """Stores what was decided. Raises `Moved`."""
        written = self.store.append(draft)
        self.touched |= self.store.touched
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
