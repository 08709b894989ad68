"""What a person reads: Bahasa Indonesia, `27-11-2024`, `10.000`, and the clock of the office."""

from services.notify.wording.alarm import worded_alarm
from services.notify.wording.digest import Told, together
from services.notify.wording.notice import worded
from services.notify.wording.words import (
    FORESEEN,
    ITEMS,
    STOCK,
    UNITS,
    Wording,
    day,
    how_short,
    moment,
    needed_until_help,
    number,
)

__all__ = [
    "FORESEEN",
    "ITEMS",
    "STOCK",
    "UNITS",
    "Told",
    "Wording",
    "day",
    "how_short",
    "moment",
    "needed_until_help",
    "number",
    "together",
    "worded",
    "worded_alarm",
]
