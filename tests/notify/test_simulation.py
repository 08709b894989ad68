"""Whatever fails, comes twice, late, or at once: nobody is forgotten, and nobody is told wrongly."""

import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from tests.notify.simulation.scheduler import run

LONG = "BLANKO_LONG" in os.environ
SEEDS = range(20_000 if LONG else 200)
AT_ONCE = 20


def test_whatever_goes_wrong_the_shortage_climbs_until_somebody_answers_for_it() -> None:
    chunks = [SEEDS[n : n + AT_ONCE] for n in range(0, len(SEEDS), AT_ONCE)]
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as processes:
        failures = [failure for found in processes.map(failing, chunks) for failure in found]
    if failures:
        pytest.fail("\n".join(failures[:5]), pytrace=False)


def failing(seeds: Iterable[int]) -> list[str]:
    """What went wrong with which of these seeds, and how it is seen again."""
    failures = []
    for seed in seeds:
        try:
            run(seed)
        except Exception as error:
            failures.append(f"{error!r}: python -m tests.notify.simulation {seed}")
    return failures
