"""What was promised: a card within 24 working hours, not counting the time in which stock's book had no blanks."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from shared.workdays import worked, worked_since

PROMISE = timedelta(hours=24)


class Pause(NamedTuple):
    """A time without blanks; one that is not over has no end."""

    began: datetime
    ended: datetime | None


def hours(time: timedelta) -> float:
    """As it is shown: to the hundredth, 36 seconds."""
    return round(time / timedelta(hours=1), 2)


def apart(pauses: Iterable[Pause], now: datetime) -> list[Pause]:
    """The same pauses in order of time, each moment in one of them only, and the last one ended by `now`.

    What stock tells late may overlap what it told before.
    """
    known = sorted((began, min(now, ended or now)) for began, ended in pauses)
    found: list[Pause] = []
    until: datetime | None = None
    for began, ended in known:
        start = began if until is None else max(began, until)
        if start < ended:
            found.append(Pause(start, ended))
            until = ended
    return found


def on_the_clock(since: datetime, until: datetime, pauses: Sequence[Pause], timezone: ZoneInfo) -> timedelta:
    """Working time between these moments, the pauses left out; they are `apart`."""
    time = worked(since, until, timezone)
    for began, ended in pauses:
        if ended is not None and began < until and ended > since:
            time -= worked(max(began, since), min(ended, until), timezone)
    return time


def promised_since(now: datetime, pauses: Sequence[Pause], timezone: ZoneInfo) -> datetime:
    """The moment before which whoever waits must have been print ready to wait longer than was promised."""
    left, end = PROMISE, now
    for began, ended in reversed(pauses):
        run = worked(ended or now, end, timezone)
        if run > left:
            break
        left, end = left - run, began
    return worked_since(end, left, timezone)
