"""A page that is pointed to is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "services").rglob("README.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_decision_is_in_the_list() -> None:
    folder = ROOT / "docs" / "decisions"
    written = {file.name for file in folder.glob("[0-9]*.md")}
    assert set(re.findall(r"\]\(([^)]+)\)", (folder / "README.md").read_text("utf-8"))) == written


def test_every_path_that_the_readme_shows_is_there() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    shown = re.findall(r"`((?:services|shared|deploy|docs|tests|bench|examples)/[\w./-]+)`", text)
    shown += re.findall(r"^((?:services|shared|deploy|docs|tests|bench|examples)/[\w/]*)", text, re.MULTILINE)
    assert shown and [path for path in shown if not (ROOT / path).exists()] == []
