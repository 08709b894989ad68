"""The background root of outreach: hears what is needed, and publishes who is print ready and what will be needed."""

from services.outreach.reactions import READS, due, react
from services.outreach.rounds.birthdays import birthdays
from services.outreach.rounds.nightly import nightly
from services.outreach.sealing import Keyring
from services.outreach.service import OUTREACH
from shared.settings import Settings
from shared.worker import run

if __name__ == "__main__":
    keyring = Keyring.of_settings()
    run(OUTREACH, Settings(), reads=READS, react=react, due=due, parts=[birthdays(keyring), nightly(keyring)])
