"""So many sends a minute to one destination, and no more."""

from dataclasses import dataclass
from datetime import datetime, timedelta

_MINUTE = 60_000_000


@dataclass(frozen=True, slots=True)
class RateLimit:
    """`burst` at once, then `per_minute`. Raises ValueError unless both are at least 1."""

    per_minute: int
    burst: int

    def __post_init__(self) -> None:
        if self.per_minute < 1 or self.burst < 1:
            raise ValueError("a rate limit lets at least one through")

    @property
    def interval(self) -> timedelta:
        """Between two sends, once the burst is used up."""
        return timedelta(microseconds=-(-_MINUTE // self.per_minute))


class Limiter:
    """Remembers, for at most `at_most` destinations, from when on nothing would be owed any more."""

    def __init__(self, limit: RateLimit, at_most: int = 10_000) -> None:
        self._interval = limit.interval
        self._ahead = limit.interval * (limit.burst - 1)
        self._at_most = at_most
        self._until: dict[str, datetime] = {}

    def __len__(self) -> int:
        return len(self._until)

    def take(self, destination_hash: str, now: datetime) -> timedelta:
        """Zero: go now, and it is counted. Else how long to wait before asking again; nothing is counted.

        A clock that jumps back makes nobody wait longer than one interval.
        """
        until = max(self._until.get(destination_hash, now), now)
        until = min(until, now + self._ahead + self._interval)
        wait = until - now - self._ahead
        if wait > timedelta():
            return wait
        self._make_room(destination_hash, now)
        self._until[destination_hash] = until + self._interval
        return timedelta()

    def _make_room(self, destination_hash: str, now: datetime) -> None:
        if destination_hash in self._until or len(self._until) < self._at_most:
            return
        self._until = {known: until for known, until in self._until.items() if until > now}
        while len(self._until) >= self._at_most:
            # The one that would be forgotten next.
            del self._until[min(self._until, key=self._until.__getitem__)]
