"""Errors as RFC 9457 problem+json. They say what is wrong and where, and never what was sent."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, get_args

import asyncpg
import msgspec
from fastapi.exceptions import RequestValidationError
from pydantic_core.core_schema import ErrorType
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response

from shared.auth import NoKeys, NotAuthentic
from shared.decider import Refused
from shared.ledger import Busy, KeyReused, OutcomeUnknown, Unstorable

RETRY_AFTER = {"Retry-After": "1"}
AWAY = ("08", "53", "57")
"""Classes of SQLSTATE: no connection, no room, and a server that stops, begins or recovers."""
_ENCODER = msgspec.json.Encoder(enc_hook=str)

# Of pydantic's messages those that are made of our own rules; others may quote what was sent.
_TELLING = frozenset(
    {
        "missing",
        "extra_forbidden",
        "int_type",
        "int_parsing",
        "int_from_float",
        "string_type",
        "bool_type",
        "list_type",
        "uuid_type",
        "enum",
        "literal_error",
        "greater_than",
        "greater_than_equal",
        "less_than",
        "less_than_equal",
        "string_too_short",
        "string_too_long",
        "string_pattern_mismatch",
        "too_short",
        "too_long",
        "timezone_aware",
    }
)
_OF_PYDANTIC = frozenset[str](get_args(ErrorType))
"""Every other kind of fault is our own, and its sentence says nothing of what was sent."""


class Problem(Exception):
    """An answer other than success: `code` for programs, `detail` for people, the figures behind it.

    `errors` lists faults by place, each with `at` (a JSON pointer into `body`, `path` or `query`), `code`, `detail`.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        figures: Mapping[str, Any] | None = None,
        errors: Iterable[Mapping[str, str]] = (),
        reason: str | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers
        self.figures = figures
        self.errors = list(errors)
        self.reason = reason
        """Why, for the log only."""

    def response(self, request_id: str) -> Response:
        """The answer to the caller; `request_id` finds it in our log."""
        document: dict[str, Any] = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
            "request": request_id,
        }
        if self.figures:
            document["figures"] = self.figures
        if self.errors:
            document["errors"] = self.errors
        headers = {"Cache-Control": "no-store", **(self.headers or {})}
        return Response(_ENCODER.encode(document), self.status, headers, media_type="application/problem+json")


class NotFound(Problem):
    """There is no such thing, or it is out of the caller's scope: the answer is the same."""

    def __init__(self, what: str) -> None:
        super().__init__(404, "not_found", f"There is no such {what}.")


def invalid(errors: Iterable[Mapping[str, Any]], *place: str) -> Problem:
    """A 422 for pydantic's errors."""
    return _invalid([_fault(e, place) for e in errors])


def fault_at(at: str, code: str, detail: str) -> Problem:
    """A 422 for one thing that pydantic cannot know: `at` is "/body/…" or "/query/…", `detail` repeats no input."""
    return _invalid([{"at": at, "code": code, "detail": detail}])


def _invalid(errors: list[dict[str, str]]) -> Problem:
    return Problem(422, "invalid", "The request is not as it should be.", errors=errors)


def problem_of(error: Exception) -> Problem:
    """What the caller is told about any error that a request ended in."""
    match error:
        case Problem():
            return error
        case Refused():
            return Problem(409, error.code, error.detail, figures=error.figures)
        case NotAuthentic():
            headers = {"WWW-Authenticate": 'Bearer realm="blanko", error="invalid_token"'}
            return Problem(401, "not_authentic", "A valid token is needed.", headers=headers, reason=error.reason)
        case KeyReused():
            return Problem(422, "key_reused", "This idempotency key was used for a request that said something else.")
        case Busy():
            return Problem(503, "busy", "Nothing was stored: try again shortly.", headers=RETRY_AFTER)
        case OutcomeUnknown():
            detail = "It is not known whether this was stored: repeat it with the same idempotency key."
            return Problem(503, "outcome_unknown", detail, headers=RETRY_AFTER)
        case Unstorable():
            return Problem(422, "unstorable", "What would follow from this is too large to be stored.")
        case NoKeys():
            detail = "Tokens cannot be judged until the issuer's keys have been read."
            return Problem(503, "no_keys", detail, headers={"Retry-After": "30"})
        case RequestValidationError():
            return invalid(error.errors())
        case HTTPException(status_code=status):
            phrase = HTTPStatus(status).phrase
            return Problem(status, phrase.lower().replace(" ", "_"), f"{phrase}.", headers=error.headers)
        case _ if _of_the_database(error):
            detail = "The database does not answer: try again shortly."
            return Problem(503, "unavailable", detail, headers=RETRY_AFTER)
        case _:
            return Problem(500, "unexpected", "This should not have happened; it has been logged.")


def _fault(error: Mapping[str, Any], place: tuple[str, ...]) -> dict[str, str]:
    kind, steps = str(error["type"]), [*place, *error["loc"]]
    if kind == "extra_forbidden":
        # The last step is a name that the client made up.
        steps.pop()
    ours = kind not in _OF_PYDANTIC
    detail = str(error["msg"]) if ours or kind in _TELLING else "Is not valid here"
    return {"at": "".join(f"/{step}" for step in steps), "code": kind, "detail": detail}


def _of_the_database(error: Exception) -> bool:
    """It could not be reached or had no connection for us; a fault in what we asked it is our fault."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    invalidated = isinstance(error, DBAPIError) and error.connection_invalidated
    # A server that stands by, and may be the primary in a moment.
    stands_by = isinstance(cause and cause.__cause__, asyncpg.TargetServerAttributeNotMatched)
    away = isinstance(cause, OSError | TimeoutError | PoolTimeout | asyncpg.InterfaceError)
    return invalidated or stands_by or away or str(getattr(cause, "sqlstate", None))[:2] in AWAY
