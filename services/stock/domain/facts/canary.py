"""What is said every night for its own sake: who does not hear it does not hear of a shortage either."""

from datetime import date, datetime

from shared.decider import Fact


class CanarySung(Fact, frozen=True, kw_only=True):
    """The canary sang for a `night`, the day that began at the centre an hour before; `number` counts from 1.

    `at` is when it sang: if nobody worked at its hour, when somebody did again. Nothing happened to any blank.
    """

    office: str
    night: date
    number: int
    at: datetime


CanaryFact = CanarySung
"""Of the one canary there is."""
