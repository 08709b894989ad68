"""Who meets a refusal finds its code in its service's README, and no code there that is never said."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2] / "services"
RAISED_BY = {"Refused", "out_of_order"}
SOME_CODES = {
    "stock": {"not_enough", "counted_since", "not_verified"},
    "printing": {"declare_card", "blank_not_confirmed", "policies_waiting"},
    "outreach": {"team_busy", "differences_unexplained", "day_told_by_stock"},
    "notify": {"nothing_open", "promise_too_far", "second_definitive"},
}
"""Of each service whose README is held to its refusals, some, in case they are no longer found in the code."""

EACH_SERVICE = pytest.mark.parametrize("service", SOME_CODES)


def refused(service: str) -> Iterator[str]:
    """The code of every refusal of a service, in its domain or at its edge."""
    for file in (*(SERVICES / service / "domain").rglob("*.py"), *(SERVICES / service / "api").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED_BY:
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    yield str(code.value)


def told(service: str) -> Iterator[str]:
    """The codes that its README explains."""
    section = (SERVICES / service / "README.md").read_text("utf-8").partition("## What is refused")[2]
    yield from re.findall(r"`([a-z]+(?:_[a-z]+)+)`", section)


@EACH_SERVICE
def test_the_readme_names_every_refusal_and_no_other(service: str) -> None:
    assert set(told(service)) == set(refused(service))


@EACH_SERVICE
def test_a_refusal_is_found_in_the_code(service: str) -> None:
    assert SOME_CODES[service] <= set(refused(service))
