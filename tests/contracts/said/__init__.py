"""One example of each promised fact: Kota Bengkulu and its province, the weeks before Pilkada, November 2024."""

from shared.decider import Fact
from tests.contracts.said.names import JOB, RIBBON, VISIT
from tests.contracts.said.notify import LOW, NOTIFY
from tests.contracts.said.outreach import OUTREACH
from tests.contracts.said.printing import PRINTING
from tests.contracts.said.stock import STOCK

EXAMPLES: dict[str, dict[type[Fact], Fact]] = {
    service: {type(fact): fact for fact in facts}
    for service, facts in {"stock": STOCK, "printing": PRINTING, "outreach": OUTREACH, "notify": NOTIFY}.items()
}

__all__ = ["EXAMPLES", "JOB", "LOW", "RIBBON", "VISIT"]
