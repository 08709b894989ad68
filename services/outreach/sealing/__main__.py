"""What an engineer does to the keys to birth months; reads none of them.

    python -m services.outreach.sealing replay    this database was restored: destroy again what had been destroyed
    python -m services.outreach.sealing renew     OUTREACH_SEALING_KEYS has a new first key: wrap all keys under it

The service's environment says where. `replay` comes before the worker works again, and before anybody else is let to
the database; it needs Kafka. After `renew` the keys that came behind the first are needed no more.
"""

import argparse
import asyncio
from datetime import datetime

from services.outreach.sealing.erasures import replay
from services.outreach.sealing.keeping import renew
from services.outreach.sealing.months import Keyring
from shared.database import check, open_engine
from shared.ledger import Ledger
from shared.moments import utcnow
from shared.offices import offices
from shared.rebuild import domain_of
from shared.settings import Settings


def topic_of(office: str, moment: datetime) -> str:
    return offices().topic("outreach", office, moment)


async def main() -> None:
    """Does what the command line names, and prints what came of it."""
    parser = argparse.ArgumentParser(prog="python -m services.outreach.sealing")
    parser.add_argument("what", choices=["replay", "renew"])
    what = parser.parse_args().what
    settings = Settings()
    engine = open_engine(settings, "blanko outreach sealing")
    try:
        await check(engine, "outreach")
        if what == "renew":
            async with engine.connect() as connection:
                print(f"{await renew(connection, Keyring.of_settings())} keys are wrapped under the first key now")
            return
        async with Ledger(domain_of("outreach"), engine, topic_of) as ledger:
            told, news = await replay(ledger, engine, settings.kafka_bootstrap_servers, utcnow())
        print(f"{told} erasures on the topics; this log had forgotten {news}")
    finally:
        await engine.dispose()


if __name__ == "__main__":
    asyncio.run(main())
