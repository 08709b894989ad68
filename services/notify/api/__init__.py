"""HTTP: body → command → answer. A module for each thing that people do or ask."""

from services.notify.api import (
    answers,
    calendar,
    desks,
    doorbell,
    escalations,
    inbox,
    letters,
    people,
    policies,
    questions,
    sends,
    silences,
    stream,
)
from services.notify.api.common import api

__all__ = [
    "answers",
    "api",
    "calendar",
    "desks",
    "doorbell",
    "escalations",
    "inbox",
    "letters",
    "people",
    "policies",
    "questions",
    "sends",
    "silences",
    "stream",
]
