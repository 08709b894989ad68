"""What a request's body may hold: strict, bounded, nothing unknown, nothing that points at a person."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, TypeVar
from unicodedata import category

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError, to_json

from shared.decider import AHEAD
from shared.http.problems import Problem, invalid
from shared.moments import utcnow

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)

# A run of 16 digits is what a person's number (NIK, KK) looks like, also as people write it in groups, and what begins
# with 08 or 628 a telephone's; whoever puts one into free text did not mean to.
_UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f]|[0-9]{16}"
    r"|(?<![0-9])([0-9]{2}[ .-]?){3}[0-9]{6}[ .-]?[0-9]{4}(?![0-9])|(?<![0-9])([0-9]{4}[ .-]){3}[0-9]{4}(?![0-9])"
    r"|(?<![\w.-])(\+?62|0)[ .-]?8[0-9]{1,2}([ .-]?[0-9]{3,4}){2,3}(?![\w-])"
)
# Control and format characters, and separators of lines: text that shows otherwise than it is stored, or not at all.
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
# By chance one in 250 ids written without dashes has as many digits in a row, one in 2,000 with them.
_ID = re.compile(
    r"\b((?=[0-9]*[a-f])[0-9a-f]{32}|(?=[0-9-]*[a-f])[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})\b", re.IGNORECASE
)
# What a machine makes: a UUID, a ULID, so many hexadecimal digits.
_MACHINE_MADE = re.compile(
    r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,64}|[0-7][0-9A-HJKMNP-TV-Z]{25}", re.IGNORECASE
)
_LETTERS = re.compile(r"[A-Za-z]{4,}")
_SEPARATORS = str.maketrans("", "", "._:-")
_NUMBER_OF_A_PERSON = re.compile(r"(?<![0-9])([0-9]{16}|(62|0)8[0-9]{7,11})(?![0-9])")
_LONG_NUMBER = re.compile(r"[0-9]{16}")
_DAY = re.compile(r"[A-Za-z]{0,3}(19|20)[0-9]{2}(0[1-9]|1[0-2])([0-2][0-9]|3[01])")


class Body(BaseModel):
    """A request's body: strict, frozen, with no field but those named."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


def _safe(text: str) -> str:
    if _UNSAFE.search(_ID.sub(" ", text)) or (not text.isascii() and any(map(_unseen, text))):
        raise PydanticCustomError("unsafe_text", "Text should hold no control characters and no person's number")
    return text


def _unseen(character: str) -> bool:
    return character not in "\t\n" and category(character) in _UNSEEN


def opaque(reference: str) -> str:
    """The reference, if it holds no number of a person, however it is written. Raises `PydanticCustomError`."""
    plain = _MACHINE_MADE.sub(" ", reference).translate(_SEPARATORS)
    if _NUMBER_OF_A_PERSON.search(plain) or _UNSAFE.search(_ID.sub(" ", reference)):
        raise PydanticCustomError("not_opaque", "A reference should say nothing about a person")
    return reference


def _of_nobody(reference: str) -> str:
    rest = _MACHINE_MADE.sub("", reference)
    letters, digits = sum(map(str.isalpha, rest)), sum(map(str.isdigit, rest))
    plain = rest.translate(_SEPARATORS)
    if _LONG_NUMBER.search(plain) or _DAY.fullmatch(plain):
        raise PydanticCustomError("not_opaque", "A reference should say nothing about a person")
    if _LETTERS.search(rest) or letters > max(digits, int(rest != reference)):
        raise PydanticCustomError("not_opaque", "A reference should say nothing about a person")
    return reference


def _not_ahead(moment: datetime) -> datetime:
    if moment > utcnow() + AHEAD:
        raise PydanticCustomError("in_the_future", "A moment should be at most 2 minutes ahead of now")
    if moment < EARLIEST:
        raise PydanticCustomError("too_long_ago", "A moment should be of this century")
    return moment.astimezone(UTC)


SafeStr = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_safe)]
"""Text for people: 1 to 500 characters."""
Quantity = Annotated[int, Field(ge=1, le=1_000_000)]
Reference = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"), AfterValidator(opaque)]
"""An opaque reference of the client's: 1 to 64 characters, not a NIK, not a telephone number."""
PersonReference = Annotated[Reference, AfterValidator(_of_nobody)]
"""A reference to a citizen: a `Reference` that is no name either.

It is what a machine makes (a UUID, a ULID, 16 to 64 hexadecimal digits), or a number with at most three
letters in a row before it and no more letters than digits: `A-17`, `PRR-2024-000123`. It is no day either, and has no
16 digits, whatever stands between them.
"""
Past = Annotated[AwareDatetime, AfterValidator(_not_ahead)]
"""A moment that has come, with its offset from UTC."""
OccurredAt = Annotated[Past, Field(default_factory=utcnow)]
"""When it happened, with its offset from UTC, as the client says; now, unless it says."""


def _of_this_century(moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        raise PydanticCustomError("not_of_this_century", "A moment should be of this century")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_of_this_century)]
"""A moment in a query, with its offset from UTC."""


SomeDay = Annotated[date, Field(ge=EARLIEST.date(), lt=LATEST.date())]
"""A calendar day of this century."""


class UnreadableLine(Body):
    """A line that is not as it should be, and why: it holds up no other."""

    faults: tuple[Mapping[str, str], ...]


def on_its_own(model: type[Body]) -> WrapValidator:
    """Reads a line of a list as this model: a fault in it becomes an `UnreadableLine`, not one of the body."""

    def read(line: Any, _: ValidatorFunctionWrapHandler) -> Body:
        try:
            # As JSON again: read on its own a line is an object of ours, in which a text is strictly no moment.
            return model.model_validate_json(to_json(line, inf_nan_mode="constants"))
        except ValidationError as error:
            faults = invalid(error.errors(include_url=False, include_context=False, include_input=False)).errors
            return UnreadableLine(faults=tuple(faults))

    return WrapValidator(read)


AnyBody = TypeVar("AnyBody", bound=Body)


def parse(model: type[AnyBody], raw: bytes) -> AnyBody:
    """The body as its model. Raises a 422 `Problem` that names what is wrong and where, never what was sent."""
    try:
        _decoder.decode(raw.decode())
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise invalid(error.errors(include_url=False, include_context=False, include_input=False), "body") from None
    except (ValueError, RecursionError):
        raise Problem(422, "not_json", "The body is not a JSON document that can be read in one way only.") from None


def said(body: Body) -> bytes:
    """What the client said, in one form, whatever order or spacing it used and whatever defaults we added."""
    return body.model_dump_json(exclude_unset=True).encode()


def _unique(pairs: list[tuple[str, Any]]) -> None:
    # Of equal keys pydantic keeps the last and a proxy may have judged by the first.
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError


def _not_a_number(name: str) -> None:
    raise ValueError(name)


_decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_not_a_number)
