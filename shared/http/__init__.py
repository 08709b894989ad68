"""The HTTP edge that all services share: who may call, what a body may hold, how a write is answered.

Start with `routes.py`, then `answers.py`; `app.py` puts a service together.
"""

from shared.http.answers import Limit, Start, after, cursor, engine_of, harmless, once, polled, principal, write
from shared.http.app import create_app
from shared.http.bodies import Body, OccurredAt, PersonReference, Quantity, Reference, SafeStr, SomeDay
from shared.http.offices import Entered, entered, office_of, offices_in_scope, require_own
from shared.http.problems import NotFound, Problem, fault_at
from shared.http.routes import Api, NoPolicy, allow, allow_anyone

__all__ = [
    "Api",
    "Body",
    "Entered",
    "Limit",
    "NoPolicy",
    "NotFound",
    "OccurredAt",
    "PersonReference",
    "Problem",
    "Quantity",
    "Reference",
    "SafeStr",
    "SomeDay",
    "Start",
    "after",
    "allow",
    "allow_anyone",
    "create_app",
    "cursor",
    "engine_of",
    "entered",
    "fault_at",
    "harmless",
    "office_of",
    "offices_in_scope",
    "once",
    "polled",
    "principal",
    "require_own",
    "write",
]
