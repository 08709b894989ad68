"""What makes an office's stock low before its shelf is: the forecast of what it will need, and how long help takes."""

from datetime import date

from services.stock.domain.facts.words import Item
from shared.decider import Fact


class ForecastNoted(Fact, frozen=True, kw_only=True):
    """Outreach's forecast of what the office will need from `first_day` on, as much of it as its book keeps.

    `weeks` are the pieces that each full week needs, half of the times; `reorder_points` what the lead time and a
    day may need at most nine times in ten, by this forecast and the six before it, the newest last.
    """

    office: str
    item: Item
    made_on: date
    first_day: date
    weeks: tuple[int, ...]
    reorder_points: tuple[int, ...]
    lead_days: int


class LeadTimeLearned(Fact, frozen=True, kw_only=True):
    """Blanks arrived so many days after the office had asked for them.

    `thousandths` is what that is believed to take from now on, in thousandths of a day.
    """

    office: str
    item: Item
    request: str
    consignment: str
    days: int
    thousandths: int
