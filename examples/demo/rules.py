"""The rules of a nation that cannot wait: a day to answer is too long for a demonstration."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

PATH = "/regions/00/escalation-policies"
HOUR = 3_600


def hasty(city: int) -> dict[str, Any]:
    """The body of a policy by which a head has so many seconds for an answer, all others an hour, day and night."""
    terms = {level: {"within": HOUR, "counted": "ABSOLUTE"} for level in ("PROVINCE", "NATIONAL")}
    terms["CITY"] = {"within": city, "counted": "ABSOLUTE"}
    today = datetime.now(ZoneInfo("Asia/Jakarta")).date().isoformat()
    return {"starts_on": today, "terms": dict.fromkeys(("LOW", "CRITICAL", "EMPTY"), terms)}
