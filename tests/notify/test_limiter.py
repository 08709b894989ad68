"""How many sends one destination gets."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.channels import Destination, Kind, Limiter, RateLimit

INSTANT = datetime(2024, 11, 27, tzinfo=UTC)
STEPS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 90_000_000)), max_size=60)


@given(per_minute=st.integers(1, 700), burst=st.integers(1, 8), steps=STEPS)
def test_no_destination_gets_more_than_its_burst_and_its_rate(
    per_minute: int, burst: int, steps: list[tuple[str, int]]
) -> None:
    limit = RateLimit(per_minute, burst)
    limiter, now = Limiter(limit), INSTANT
    went: dict[str, list[datetime]] = {"a": [], "b": []}
    for key, microseconds in steps:
        now += timedelta(microseconds=microseconds)
        wait = limiter.take(key, now)
        assert timedelta() <= wait <= limit.interval
        if wait:
            moment = timedelta(microseconds=1)
            assert limiter.take(key, now + wait - moment) == moment, "not a moment too early"
            now += wait
            assert limiter.take(key, now) == timedelta(), "but then"
        went[key].append(now)
    for moments in went.values():
        for first, since in enumerate(moments):
            for last, until in enumerate(moments[first:], 1):
                assert last <= burst + (until - since) / timedelta(minutes=1) * per_minute


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(-5_000_000, 5_000_000)), max_size=80))
def test_the_limiter_remembers_few_and_survives_a_clock_that_jumps(steps: list[tuple[int, int]]) -> None:
    limit = RateLimit(per_minute=30, burst=2)
    limiter, now = Limiter(limit, at_most=5), INSTANT
    for key, microseconds in steps:
        now += timedelta(microseconds=microseconds)
        assert limiter.take(str(key), now) <= limit.interval
        assert len(limiter) <= 5
    assert limiter.take("new", now - timedelta(days=900)) == timedelta()


def test_a_limit_of_nothing_is_none() -> None:
    for per_minute, burst in ((0, 1), (1, 0)):
        with pytest.raises(ValueError, match="at least one"):
            RateLimit(per_minute, burst)


def test_one_destination_that_waits_keeps_no_other_waiting() -> None:
    limiter = Limiter(RateLimit(per_minute=6, burst=2))
    assert [limiter.take("a", INSTANT).total_seconds() for _ in range(4)] == [0, 0, 10, 10]
    assert limiter.take("b", INSTANT) == timedelta()
    assert Destination(Kind.EMAIL, "a@b.test").hash != Destination(Kind.GATEWAY, "a@b.test").hash
