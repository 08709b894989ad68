"""What every command of printing has, and the names of the streams it is decided on."""

from dataclasses import dataclass
from datetime import date

from services.printing.domain.policy import NATION, InForce, in_force
from services.printing.domain.words import CARDS
from shared.decider import Command, States


def job_of(job: str) -> str:
    """The stream of one job."""
    return f"job/{job}"


def queue_of(office: str, item: str) -> str:
    """The stream of an office's queue for one item."""
    return f"queue/{office}/{item}"


def policies_of(office: str) -> str:
    """The stream of an office's own policies; of the nation's, if the office is 00."""
    return f"policy/{office}"


def batches_of(office: str) -> str:
    """The stream of an office's batches in quarantine."""
    return f"batches/{office}"


def printer_of(office: str, printer: str) -> str:
    """The stream of one printer's supplies."""
    return f"printer/{office}/{printer}"


def alarms_of(office: str) -> str:
    """The stream of what stock says of numbers printed at an office."""
    return f"alarms/{office}"


def document_of(document: str) -> str:
    """The stream of one document that the counter issued."""
    return f"document/{document}"


@dataclass(frozen=True, kw_only=True, slots=True)
class PrintingCommand(Command):
    """`day` is the calendar day of `occurred_at` in the office's own time zone."""

    office: str
    day: date

    @property
    def policies(self) -> tuple[str, ...]:
        """The streams that hold the policy the office goes by."""
        return tuple(dict.fromkeys((policies_of(self.office), policies_of(NATION))))

    def policy(self, states: States) -> InForce:
        """The policy of the day of an office whose command has the `policies` among its streams."""
        own, nations = (states[policies_of(whose)].queue for whose in (self.office, NATION))
        return in_force(self.office, own, nations, self.day)


@dataclass(frozen=True, kw_only=True, slots=True)
class JobCommand(PrintingCommand):
    """A command about one job."""

    job: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (job_of(self.job),)


def queues_of(office: str) -> tuple[str, ...]:
    """The streams of an office's queues: all of them, for a report does not know yet what its job is for."""
    return tuple(queue_of(office, item) for item in CARDS)
