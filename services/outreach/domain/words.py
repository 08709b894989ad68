"""The words of outreach that facts, states and commands share."""

from typing import Literal, get_args

Item = Literal["KTP_WNI", "KTP_WNA", "KIA"]
"""What a card is printed on, and so what is forecast."""
ITEMS: tuple[Item, ...] = get_args(Item)

Stage = Literal[
    "UNPLANNED",
    "PLANNED",
    "CONFIRMED",
    "EQUIPPED",
    "RUNNING",
    "SYNCED",
    "RECONCILED",
    "CLOSED",
    "CANCELLED",
    "NO_SHOW",
]
"""How far a visit is. A visit without blanks to carry is never EQUIPPED: it runs once it is confirmed."""

Outcome = Literal["HELD", "CANCELLED", "NO_SHOW"]
PlaceKind = Literal["SCHOOL", "VILLAGE", "OTHER"]
Answer = Literal["ASKED", "RESERVED", "REFUSED", "RELEASED"]
"""What stock last said to a visit's wish for blanks of an item."""

Progress = Literal["UNKNOWN", "WAITING", "PRINT_READY", "MONTH_ERASED"]
ErasedBecause = Literal["REQUESTED", "NOBODY_WAITS"]

Level = Literal["OK", "LOW", "CRITICAL", "EMPTY"]
Source = Literal["STOCK", "PAPER"]
"""Who told of a day's use: stock, or a list from before the office was on board."""

SurgeKind = Literal["PILKADA", "PEMILU", "CPNS", "SCHOOL_YEAR", "LEBARAN", "OTHER"]
Method = Literal["POISSON", "SEASONAL_NAIVE", "MOVING_AVERAGE", "WEEKDAY_MEAN", "POPULATION"]
"""How a forecast was made. `services/outreach/forecasting` says what each does."""

NATION = "00"
"""The region code that means everybody."""
