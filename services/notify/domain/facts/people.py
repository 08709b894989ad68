"""Who may be reached, and by what. Names and addresses are in the table of people, and in no fact."""

from services.notify.domain.facts.post import Channel
from shared.decider import Fact


class ContactChanged(Fact, frozen=True, kw_only=True):
    """How a person is reached now, best first; with `removed` nothing is known of them any more."""

    person: str
    channels: tuple[Channel, ...]
    by: str
    removed: bool = False


PeopleFact = ContactChanged
