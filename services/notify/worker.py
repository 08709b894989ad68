"""The background root of notify: hears of shortages, wakes people when nobody answered, sends what is told."""

from services.notify.channels import ChannelSettings
from services.notify.delivery import delivering, listening_on, watch
from services.notify.reactions import READS, due, react
from services.notify.service import NOTIFY
from shared.settings import Settings
from shared.worker import run

if __name__ == "__main__":
    settings = Settings()
    parts = [listening_on(settings.kafka_bootstrap_servers), delivering(ChannelSettings()), watch]
    run(NOTIFY, settings, reads=READS, react=react, due=due, parts=parts)
