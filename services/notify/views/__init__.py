"""Read tables of notify, and the questions they answer."""

from services.notify.views.directory import Address, addresses, holders, people, person, seats
from services.notify.views.escalations import escalation, escalations_at
from services.notify.views.history import history
from services.notify.views.inbox import inbox, last_posted, numbers_in_post, posted_after
from services.notify.views.letters import letter, letters_to
from services.notify.views.rows import project
from services.notify.views.rules import days_declared, policies_of, policy_on, silences_of
from services.notify.views.sends import sent_to
from services.notify.views.tables import metadata

__all__ = [
    "Address",
    "addresses",
    "days_declared",
    "escalation",
    "escalations_at",
    "history",
    "holders",
    "inbox",
    "last_posted",
    "letter",
    "letters_to",
    "metadata",
    "numbers_in_post",
    "people",
    "person",
    "policies_of",
    "policy_on",
    "posted_after",
    "project",
    "seats",
    "sent_to",
    "silences_of",
]
