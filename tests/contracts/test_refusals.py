"""Who meets a refusal of stock finds its code in stock's README, and no code there that is never said."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

STOCK = Path(__file__).parents[2] / "services" / "stock"
RAISED_BY = {"Refused", "out_of_order"}


def refused() -> Iterator[str]:
    """The code of every refusal in stock's domain."""
    for file in (STOCK / "domain").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED_BY:
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    yield str(code.value)


def test_stocks_readme_names_every_refusal_and_no_other() -> None:
    section = (STOCK / "README.md").read_text("utf-8").partition("## What is refused")[2]
    assert set(re.findall(r"`(\w+)`", section)) == set(refused())


def test_a_refusal_is_found_in_the_code() -> None:
    assert {"not_enough", "counted_since", "not_verified"} <= set(refused())
