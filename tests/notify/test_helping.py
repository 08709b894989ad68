"""Who could help is told with the moment of which it is, and without those who are short themselves by now."""

from datetime import UTC, datetime

import msgspec
import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notify.domain import NoteProposal, Proposal, ReliefLine, StockLevel
from services.notify.views.helping import short_at
from services.notify.views.why import why
from services.notify.wording.why import why_in_words
from shared.ledger import Ledger
from shared.moments import utcnow
from shared.offices import offices
from tests.hosting import Caller
from tests.notify.deliveries import MINUTE, carry_out, files_of, mail, on_duty, post_office, recovered, short
from tests.notify.receivers import Mailbox, mail_server
from tests.notify.situations import BENGKULU, DAY, DIRJEN, HOUR, NOON, PLACE, critical, deadline
from tests.notify.web import LISTEN, RULES, happened, told

pytestmark = pytest.mark.anyio

PROPOSED_AT = datetime(2024, 11, 18, 5, 1, tzinfo=UTC)
LINES = (ReliefLine("17", 300, 0), ReliefLine("17.09", 129, 31))
PROPOSAL = NoteProposal(
    now=PROPOSED_AT,
    occurred_at=PROPOSED_AT,
    office=BENGKULU,
    item="KTP_WNI",
    place=PLACE,
    episode=4,
    proposal=Proposal(429, 429, LINES, as_of=PROPOSED_AT),
)
CLIMBS = NOON + 2 * DAY
BOTH = (
    "Yang dapat membantu per 18-11-2024 pukul 12.01 WIB, 429 dari 429 keping: Provinsi Bengkulu 300 (0 km), "
    "Kabupaten Bengkulu Tengah 129 (31 km)."
)
ONE = "Yang dapat membantu per 18-11-2024 pukul 12.01 WIB, 300 dari 429 keping: Provinsi Bengkulu 300 (0 km)."


async def test_an_office_is_short_from_the_beginning_of_its_episode_until_it_recovers(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await carry_out(ledger, LISTEN, RULES, short("17.09", now=NOON), recovered("17.09", now=NOON + HOUR))
    asked = [("17.09", "KTP_WNI"), ("17.09", "KIA"), ("17", "KTP_WNI")]
    found = []
    async with engine.connect() as connection:
        for at in (NOON - MINUTE, NOON, NOON + HOUR - MINUTE, NOON + HOUR):
            found.append(await short_at(connection, asked, at))
    assert found == [frozenset(), {("17.09", "KTP_WNI")}, {("17.09", "KTP_WNI")}, frozenset()]


async def test_a_mail_and_its_letter_propose_nobody_who_was_short_when_they_were_written(
    ledger: Ledger, engine: AsyncEngine
) -> None:
    await carry_out(ledger, LISTEN, RULES, critical(), PROPOSAL)
    await on_duty(ledger, DIRJEN, "d-00", mail("dirjen@blanko.test"))
    neighbour = short("17.09", StockLevel.CRITICAL, now=NOON + HOUR)
    await carry_out(ledger, neighbour, deadline(1, CLIMBS))
    async with mail_server(Mailbox()) as mailbox, post_office(ledger, engine, mailbox) as office:
        await office.at(CLIMBS)
        # Nothing that happens later changes what goes out at another try.
        await carry_out(ledger, recovered("17.09", now=CLIMBS + HOUR))
        [message] = mailbox.mails
    body = message.get_body(("plain",))
    assert body is not None and ONE in body.get_content().replace("=\n", "")
    [page] = [content.decode() for name, content in files_of(message).items() if name.endswith(".html")]
    assert "Usulan sistem per 18-11-2024 pukul 12.01 WIB: 300 dari 429" in page and "Bengkulu Tengah" not in page


async def test_the_inbox_and_why_propose_nobody_who_is_short_now(
    caller: Caller, app: FastAPI, ledger: Ledger, engine: AsyncEngine
) -> None:
    neighbour = short("17.09", StockLevel.CRITICAL, now=NOON + HOUR)
    await happened(app, critical(), PROPOSAL, deadline(1, CLIMBS))

    async def read() -> tuple[str, list[str]]:
        inbox = await told(caller("national", "00"), "/inbox")
        text = next(each["text"] for each in inbox["notices"] if each["kind"] == "CLIMBED")
        async with engine.connect() as connection:
            answer = await why(connection, offices().known(BENGKULU), "KTP_WNI", "blanko.17.stock", utcnow())
        return text, why_in_words(answer)

    text, why_so = await read()
    assert BOTH in text and BOTH in why_so
    await carry_out(app.state.ledger, neighbour)
    text, why_so = await read()
    assert ONE in text and ONE in why_so
    await carry_out(app.state.ledger, recovered("17.09", now=NOON + 3 * HOUR))
    text, why_so = await read()
    assert BOTH in text and BOTH in why_so


async def test_a_proposal_without_a_moment_is_read_as_it_was_told() -> None:
    stored = b'{"wanted":429,"covered":300,"lines":[{"office":"17","quantity":300,"distance_km":0}]}'
    assert msgspec.json.decode(stored, type=Proposal) == Proposal(429, 300, LINES[:1])
