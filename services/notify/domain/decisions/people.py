"""How a person is reached: changed beside the table that holds the addresses."""

from dataclasses import dataclass

from services.notify.domain.commands import contact_of
from services.notify.domain.facts.people import ContactChanged
from services.notify.domain.facts.post import Channel
from shared.decider import Command, Decision, States


@dataclass(frozen=True, kw_only=True, slots=True)
class KeepContact(Command):
    """A request: these are the person's channels now. An address that changed under the same name is a change too."""

    person: str
    channels: tuple[Channel, ...]
    by: str
    removed: bool = False

    @property
    def streams(self) -> tuple[str, ...]:
        return (contact_of(self.person),)


def keep_contact(command: KeepContact, states: States) -> Decision:
    (stream,) = command.streams
    fact = ContactChanged(person=command.person, channels=command.channels, by=command.by, removed=command.removed)
    return [(stream, fact)]
