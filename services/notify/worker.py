"""The background root of notify: hears of shortages and relief, wakes people when nobody answered."""

from services.notify.reactions import READS, due, react
from services.notify.service import NOTIFY
from shared.settings import Settings
from shared.worker import run

if __name__ == "__main__":
    run(NOTIFY, Settings(), reads=READS, react=react, due=due)
