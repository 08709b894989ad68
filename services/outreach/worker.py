"""The background root of outreach: publishes who is print ready, once their birthdays are past."""

from services.outreach.reactions import READS, due, react
from services.outreach.service import OUTREACH
from shared.settings import Settings
from shared.worker import run

if __name__ == "__main__":
    run(OUTREACH, Settings(), reads=READS, react=react, due=due)
