"""What all of outreach's routes share: the router, the words of their bodies, and who enters what, where, when."""

from typing import Annotated

from pydantic import Field

from shared.auth import Role
from shared.http import Api, SafeStr

api = Api(tags=["outreach"])

WORKERS = (Role.OPERATOR, Role.HEAD)
"""Who plans and holds an office's visits."""
READERS = tuple(role for role in Role if role is not Role.OPS)
"""Who may read figures; none of them says anything of a citizen."""

Location = Annotated[SafeStr, Field(max_length=64)]
"""A place of the office, by the name that its stock is booked under."""
TeamName = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{0,15}$")]
"""What an office calls one of its teams."""
SchoolNumber = Annotated[str, Field(pattern=r"^[0-9]{8}$")]
"""A school's national number (NPSN)."""
