"""The event catalogue says what is promised, all of it and nothing else; its examples are the golden messages."""

import re
from pathlib import Path

import msgspec
import pytest

from shared.decider import Domain, Fact
from tests.contracts.golden import PROMISES, WRITES, file_of

DOCS = Path(__file__).parents[2] / "docs"
ENGLISH, BAHASA_INDONESIA = DOCS / "events.md", DOCS / "events.id.md"
LANGUAGES = pytest.mark.parametrize("page", [ENGLISH, BAHASA_INDONESIA], ids=["in English", "in Bahasa Indonesia"])
FACTS = pytest.mark.parametrize(
    ("domain", "fact", "version"), PROMISES, ids=[f"{d.service}/{f.__name__}" for d, f, _ in PROMISES]
)

_EXAMPLE = re.compile(r"```json\n(.*?)```", re.DOTALL)
_ROW = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \|", re.MULTILINE)


def section(page: Path, heading: str) -> str:
    """What stands under a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#|\Z)", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert found, f"{page.name} has no section {heading}"
    return found[1]


def rows(text: str) -> set[str]:
    """The fields that a section's table explains."""
    return {name for row in _ROW.findall(text) for name in re.findall(r"\w+", row)}


def common(page: Path, fact: type[Fact]) -> set[str]:
    """The fields that are explained once, for many facts, at the top of the page."""
    in_many = rows(section(page, "Fields in many facts" if page is ENGLISH else "Kolom yang sering muncul"))
    return in_many & {field.encode_name for field in msgspec.structs.fields(fact)}


@LANGUAGES
@FACTS
def test_each_promised_fact_and_each_of_its_fields_is_explained(
    page: Path, domain: Domain, fact: type[Fact], version: int
) -> None:
    text = section(page, f"`{fact.__name__}` v{version}")
    fields = {field.encode_name for field in msgspec.structs.fields(fact)}
    assert rows(text) | common(page, fact) == fields


@LANGUAGES
def test_nothing_is_in_the_catalogue_that_is_not_promised(page: Path) -> None:
    headings = re.findall(r"^### `(\w+)` v(\d+)$", page.read_text("utf-8"), re.MULTILINE)
    assert headings == [(fact.__name__, str(version)) for _, fact, version in PROMISES]


@FACTS
def test_each_example_is_the_golden_message(domain: Domain, fact: type[Fact], version: int) -> None:
    text = section(ENGLISH, f"`{fact.__name__}` v{version}")
    example = _EXAMPLE.search(text)
    assert example, f"{fact.__name__} has no example"
    golden = msgspec.json.format(file_of(domain, fact, version).read_bytes(), indent=2).decode()
    if WRITES:
        page = ENGLISH.read_text("utf-8")
        written = text.replace(example[0], f"```json\n{golden}\n```")
        ENGLISH.write_text(page.replace(text, written), "utf-8")
        return
    assert example[1] == f"{golden}\n"


@LANGUAGES
@FACTS
def test_each_fact_begins_with_when_it_is_said(page: Path, domain: Domain, fact: type[Fact], version: int) -> None:
    assert re.match(r"\n\w", section(page, f"`{fact.__name__}` v{version}"))
