"""Who reads the runbook at night finds its names in the metrics, in the log, and on the command line."""

import re
import subprocess
import sys
from pathlib import Path

from prometheus_client import REGISTRY

import services.notify.api
import services.notify.delivery
import services.outreach.rounds.nightly  # noqa: F401  of the forecast,
import shared.http  # of the web processes,
import shared.worker  # noqa: F401  and of the workers

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text("utf-8")


def metrics() -> set[str]:
    """The names of our metrics as Prometheus shows them, a histogram's without its parts."""
    return {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in REGISTRY.collect()
        if family.name.startswith("blanko_")
    }


def test_the_runbook_names_every_metric_and_no_other() -> None:
    assert set(re.findall(r"blanko_\w+", RUNBOOK)) == metrics()


def code_of(*files: str) -> str:
    """The text of these files of the project."""
    return "\n".join(file.read_text("utf-8") for pattern in files for file in ROOT.glob(pattern))


def test_what_the_runbook_looks_for_in_logs_and_answers_is_said_there() -> None:
    looked_for = set(re.findall(r"`([a-z]+(?:_[a-z]+)+|gap)`", RUNBOOK))
    logs, answers = (
        code_of(
            "shared/**/*.py", "services/*/worker.py", "services/notify/[cd]*/*.py", "services/outreach/rounds/*.py"
        ),
        code_of("services/*/api/*.py"),
    )
    notes = {name for name in looked_for if f'"{name}"' in logs}
    answered = {name for name in looked_for if f'"{name}"' in answers}
    assert {
        "a_person_is_needed",
        "office_parked",
        "gap",
        "turn_lost",
        "relay_interrupted",
        "debt_book_interrupted",
    } <= notes
    assert looked_for - notes - answered <= {"dead_letters", "figures_may_be_old", *metrics()}


def test_the_commands_of_the_runbook_exist() -> None:
    ops = [sys.executable, "-m", "shared.ops", "--help"]
    said = subprocess.run(ops, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    verbs = re.search(r"\{(.+?)\}", said)
    assert verbs and set(re.findall(r"shared\.ops ([\w-]+)", RUNBOOK)) == set(verbs[1].split(","))
