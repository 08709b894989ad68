"""What all of printing's routes share: the router, the words of their bodies, and who enters what, where, when."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from shared.auth import Role
from shared.http import Api, SafeStr
from shared.http.bodies import EARLIEST, LATEST, opaque

api = Api(tags=["printing"])

WORKERS = (Role.OPERATOR, Role.HEAD)
"""Who does an office's daily work, at a printer or at the counter."""
READERS = tuple(role for role in Role if role is not Role.OPS)
"""Who may read figures; none of them says anything of a citizen."""
OF_JOBS = (Role.OPERATOR, Role.HEAD, Role.AUDITOR, Role.SERVICE)
"""Who may read jobs, which know their applicant's reference."""

Location = Annotated[SafeStr, Field(max_length=64)]
"""A place of the office, by the name that its stock is booked under."""
PriorityName = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z_]{0,23}$")]
"""The name of a priority class, of letters only."""
BlankSerial = Annotated[str, StringConstraints(pattern=r"^[A-Z]{0,8}[0-9]{1,12}$")]
"""The number on a blank: as stock knows it."""
BatchName = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9./-]{0,23}$"), AfterValidator(opaque)]
"""The name on a box of blanks."""
ChipSerial = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
"""The number of a card's chip, whatever it looks like: what came out of a printer is never refused."""

A_TICK = timedelta(microseconds=1)
"""What a moment is a whole number of, in a cursor."""


def name_of(id: UUID | None) -> str | None:
    return None if id is None else str(id)


def ticks_of(moment: datetime) -> int:
    """A moment as a cursor holds it."""
    return (moment - EARLIEST) // A_TICK


def moment_of(ticks: int) -> datetime:
    """The moment in a cursor. One that we did not make may hold a moment that there is not."""
    return EARLIEST + min(max(ticks, 0), ticks_of(LATEST)) * A_TICK
