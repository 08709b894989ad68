"""Renders a letter: as a page that needs nothing else, and as a PDF whose bytes are equal for equal content."""

import re
from datetime import UTC, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import typst
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from services.notify.domain.letter import LetterContent
from services.notify.letters.text import letter_text

HERE = Path(__file__).parent
# The PDF's own fonts draw these; a letter with any other character would be no PDF/A, and typst would refuse it.
NOT_DRAWN = re.compile(
    r"[^ -~\u00a0-\u02ff\u0400-\u047f\u1e00-\u1eff\u2010-\u2027\u2030-\u2040\u20a0-\u20c0\u2190-\u22ff]"
)
# Longer ones are laid out in so much memory that it must not be kept.
LONG = 20
UNBROKEN = re.compile(r"\S{24}(?=\S)")


def html(content: LetterContent) -> str:
    """The letter as a whole page, which refers to nothing outside itself. Raises `KeyError` for an unknown office."""
    return _page().render(letter=letter_text(content))


def pdf(content: LetterContent) -> bytes:
    """The letter as a tagged PDF/A of A4 pages. Raises `KeyError` for an unknown office.

    The bytes follow from the content, the reference data of offices, the template, and typst's version.
    """
    dated = datetime.combine(content.day, time.min, UTC)
    drawn = compiler(content).compile(format="pdf", pdf_standards=["a-2a", "ua-1"], timestamp=dated)
    assert isinstance(drawn, bytes)
    if len(content.shortfalls) > LONG:
        _forget()
    return drawn


def compiler(content: LetterContent) -> typst.Compiler:
    """The letter before it is drawn. The content goes in as data: none of it is ever read as markup."""
    data = _drawable(msgspec.to_builtins(letter_text(content)))
    inputs = {"letter": msgspec.json.encode(data).decode()}
    return typst.Compiler(HERE / "letter.typ", font_paths=_fonts(), sys_inputs=inputs)


def _drawable(value: Any) -> Any:
    """The same with every text such that it can be drawn, and broken where a line ends: a word may be too long."""
    match value:
        case str():
            return UNBROKEN.sub("\\g<0>\u200b", NOT_DRAWN.sub("\ufffd", value))
        case dict():
            return {key: _drawable(part) for key, part in value.items()}
        case _:
            return [_drawable(part) for part in value]


def _forget() -> None:
    """Typst remembers how it laid out its last ten documents, 115 MB for a letter about the nation: no more of it."""
    for _ in range(11):
        typst.Compiler(b"", font_paths=_fonts()).compile(format="svg")


@cache
def _fonts() -> typst.Fonts:
    """Those inside typst: with a machine's own the same letter would differ from machine to machine."""
    return typst.Fonts(include_system_fonts=False)


@cache
def _page() -> Template:
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("letter.html")
