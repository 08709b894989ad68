"""How a person is reached."""

from services.notify.domain.facts.people import ContactChanged
from services.notify.domain.facts.post import Channel
from shared.decider import State


class Contact(State, frozen=True):
    """The channels of a person by name, best first."""

    channels: tuple[Channel, ...] = ()


def evolve_contact(contact: Contact, fact: ContactChanged) -> Contact:
    """The contact after this change."""
    return Contact(channels=fact.channels)
