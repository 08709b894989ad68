"""What a run leaves behind."""

import json
from pathlib import Path

from bench.figures import Figure, Void, at_least, at_most, interleaved, series
from bench.report import Reading, clear, reading, write


def test_a_value_is_the_median_of_its_rounds(tmp_path: Path) -> None:
    file = tmp_path / "out" / "latest.json"
    write(
        [reading(Figure("a", at_least(0.8)), series([0.7, 2.0, 0.9])), reading(Figure("b", unit="ms"), series([3]))],
        file,
    )
    assert json.loads(file.read_text()) == [
        {"name": "a", "value": 0.9, "unit": "ratio", "goal": "≥ 0.8", "rounds": [0.7, 2.0, 0.9]},
        {"name": "b", "value": 3, "unit": "ms", "goal": None, "rounds": [3]},
    ]


def test_what_is_void_has_no_value_and_misses_its_goal(tmp_path: Path) -> None:
    void = reading(Figure("a", at_most(6)), series([1.0, 2.0], void="too slow"))
    failed = Reading(Figure("b", at_most(6)), None, str(Void("it failed")))
    write([void, failed], tmp_path / "latest.json")
    rows = json.loads((tmp_path / "latest.json").read_text())
    assert [(row["value"], row["rounds"]) for row in rows] == [(None, [1.0, 2.0]), (None, [])]
    assert void.missed and failed.missed


def test_an_earlier_run_is_forgotten(tmp_path: Path) -> None:
    file = tmp_path / "latest.json"
    write([], file)
    clear(file)
    clear(file)
    assert not file.exists()


def test_every_round_runs_each_mode_once_and_begins_with_another() -> None:
    order: list[str] = []
    modes = {name: (lambda name=name: order.append(name)) for name in "abc"}
    assert len(interleaved(modes, 4)) == 4
    assert "".join(order) == "abcbcacababc"
