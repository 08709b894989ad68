"""The rules of the queue, set with a day from which they hold: an office's own, or the nation's."""

from dataclasses import dataclass
from datetime import date

from services.printing.domain.commands import PrintingCommand, policies_of
from services.printing.domain.facts import LetterPolicySet, QueuePolicySet
from services.printing.domain.policy import PriorityClass, still_needed
from services.printing.domain.state import Policies
from services.printing.domain.words import Level
from shared.decider import Decision, Refused, States

TO_COME = 2
"""So many policies at once may wait for their day."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyCommand(PrintingCommand):
    """A request about the office's own policies; about the nation's, if the office is 00."""

    starts_on: date
    set_by: str

    @property
    def streams(self) -> tuple[str, ...]:
        return (policies_of(self.office),)


@dataclass(frozen=True, kw_only=True, slots=True)
class SetQueuePolicy(PolicyCommand):
    """A request: the classes of the queue from that day on; none: by the nation's policy again."""

    classes: tuple[PriorityClass, ...]
    age_limit_days: int
    tries: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SetLetterPolicy(PolicyCommand):
    """A request: at which levels a substitute letter is allowed from that day on, and for how long."""

    levels: tuple[Level, ...]
    valid_days: int


def set_queue_policy(command: SetQueuePolicy, states: States) -> Decision:
    stream = policies_of(command.office)
    policies: Policies = states[stream]
    refuse_past(command)
    refuse_crowd(command, len(still_needed(policies.queue, command.day)))
    names = [each.name for each in command.classes]
    reasons = [reason for each in command.classes for reason in each.reasons]
    if len(names) != len(set(names)) or len(reasons) != len(set(reasons)):
        raise Refused("classes_ambiguous", "Each class has a name of its own, and a reason belongs to one class.")
    policy = QueuePolicySet(
        office=command.office,
        version=policies.version + 1,
        starts_on=command.starts_on,
        classes=command.classes,
        age_limit_days=command.age_limit_days,
        tries=command.tries,
        set_on=command.day,
        set_by=command.set_by,
    )
    return [(stream, policy)]


def set_letter_policy(command: SetLetterPolicy, states: States) -> Decision:
    stream = policies_of(command.office)
    policies: Policies = states[stream]
    refuse_past(command)
    refuse_crowd(command, len(still_needed(policies.letters, command.day)))
    policy = LetterPolicySet(
        office=command.office,
        version=policies.version + 1,
        starts_on=command.starts_on,
        levels=command.levels,
        valid_days=command.valid_days,
        set_on=command.day,
        set_by=command.set_by,
    )
    return [(stream, policy)]


def refuse_past(command: PolicyCommand) -> None:
    """Raises `Refused` for a policy that would have held before it was set: what was decided stays decided."""
    if command.starts_on < command.day:
        raise Refused("starts_in_the_past", "A policy holds from today on, or from a later day.", today=command.day)


def refuse_crowd(command: PolicyCommand, waiting: int) -> None:
    """Raises `Refused` when too many wait for their day."""
    if command.starts_on > command.day and waiting > TO_COME:
        raise Refused("policies_waiting", "So many policies already wait for their day.", waiting=waiting - 1)
