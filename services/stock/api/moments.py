"""Moments in a query: aware, and of this century, so that they can be reckoned with."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime
from pydantic_core import PydanticCustomError

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _of_this_century(moment: datetime) -> datetime:
    if not EARLIEST <= moment < LATEST:
        raise PydanticCustomError("not_of_this_century", "A moment should be of this century")
    return moment.astimezone(UTC)


Moment = Annotated[AwareDatetime, AfterValidator(_of_this_century)]
