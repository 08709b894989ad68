"""What is asked of an escalation, and what is reported to it."""

from dataclasses import dataclass
from datetime import date, datetime

from services.notify.domain.words import Desk, Figures, Policy, ReliefKind, StockLevel
from shared.decider import Command


@dataclass(frozen=True, kw_only=True, slots=True)
class ShortageCommand(Command):
    """A command about the shortage of one item at one office."""

    office: str
    item: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (f"shortage/{self.office}/{self.item}",)


@dataclass(frozen=True, kw_only=True, slots=True)
class RaiseShortage(ShortageCommand):
    """Stock has come to another level of shortage. `province` is the office's of the day, here and below."""

    province: str
    episode: int
    stock_level: StockLevel
    figures: Figures
    policy: Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteRelief(ShortageCommand):
    """Blanks were allocated or announced, with a promised day, or have arrived."""

    kind: ReliefKind
    quantity: int
    promised_on: date | None = None
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ShortageOver(ShortageCommand):
    """Stock has recovered from this episode."""

    episode: int
    figures: Figures


@dataclass(frozen=True, kw_only=True, slots=True)
class Acknowledge(ShortageCommand):
    """Somebody answers for the shortage: what will be done, and by when."""

    province: str
    by: str
    answerer: Desk
    action: str
    promised_by: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Decline(ShortageCommand):
    """The province says that it cannot help."""

    province: str
    by: str
    answerer: Desk
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadlinePassed(ShortageCommand):
    """The time of this wait is over. `stale` says that news under way could not be awaited."""

    province: str
    wait: int
    stale: bool = False


NotifyCommand = RaiseShortage | NoteRelief | ShortageOver | Acknowledge | Decline | DeadlinePassed
