"""Months under the key of their visit, and that under the service's: sealed, opened, kept, renewed."""

from base64 import b64decode, b64encode
from os import urandom
from uuid import uuid4

import pytest
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.postgres import ServiceDatabase
from services.outreach.sealing import CannotOpen, Keyring, MonthKey, key_for, renew
from services.outreach.settings import SealingSettings

KEY, OLDER = urandom(32), urandom(32)


def test_a_sealed_month_is_opened_by_the_key_of_its_visit() -> None:
    key = MonthKey("v-1", KEY)
    assert key.unseal("r-1", key.seal("r-1", "2025-03")) == "2025-03"


@pytest.mark.parametrize(
    ("visit", "key", "recording"), [("v-1", KEY, "r-2"), ("v-2", KEY, "r-1"), ("v-1", OLDER, "r-1")]
)
def test_it_is_opened_for_no_other_recording_visit_or_key(visit: str, key: bytes, recording: str) -> None:
    sealed = MonthKey("v-1", KEY).seal("r-1", "2025-03")
    with pytest.raises(CannotOpen):
        MonthKey(visit, key).unseal(recording, sealed)


def test_what_was_changed_is_not_opened() -> None:
    key = MonthKey("v-1", KEY)
    raw = bytearray(b64decode(key.seal("r-1", "2025-03")))
    raw[12] ^= 1
    for changed in (b64encode(raw).decode(), "", "no base64", "AAAA"):
        with pytest.raises(CannotOpen):
            key.unseal("r-1", changed)


def test_a_sealed_text_tells_neither_the_month_nor_that_two_are_of_the_same() -> None:
    key = MonthKey("v-1", KEY)
    sealed = [key.seal("r-1", f"20{year}-{month:02}") for year in (25, 99) for month in range(1, 13)]
    assert {len(text) for text in sealed} == {48}
    assert key.seal("r-1", "2025-03") != key.seal("r-1", "2025-03")


def test_a_visits_key_is_wrapped_by_the_first_of_the_services_and_opened_by_all() -> None:
    older = Keyring([OLDER]).new("v-1")
    both = Keyring([KEY, OLDER])
    sealed = both.unwrap("v-1", older).seal("r-1", "2025-03")
    renewed = both.renewed("v-1", older)
    assert renewed is not None
    assert Keyring([KEY]).unwrap("v-1", renewed).unseal("r-1", sealed) == "2025-03"
    assert both.renewed("v-1", renewed) is None
    for keys, visit, wrapped in (([KEY], "v-1", older), ([OLDER], "v-1", renewed), ([KEY, OLDER], "v-2", older)):
        with pytest.raises(CannotOpen):
            Keyring(keys).unwrap(visit, wrapped)


@pytest.mark.parametrize("keys", ["", "AAAA", "not base64", b64encode(bytes(32)).decode() + ",AAAA"])
def test_a_service_that_cannot_seal_does_not_start(keys: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUTREACH_SEALING_KEYS", keys)
    with pytest.raises(ValidationError) as refusal:
        Keyring.of_settings()
    assert keys == "" or keys not in str(refusal.value)
    monkeypatch.delenv("OUTREACH_SEALING_KEYS")
    with pytest.raises(ValidationError):
        SealingSettings()


def test_no_text_of_the_settings_shows_a_key(sealing_key: str) -> None:
    assert sealing_key not in f"{SealingSettings()!r} {SealingSettings().model_dump_json()}"


@pytest.mark.anyio
async def test_a_visit_has_one_key_and_an_erased_one_never_again(database: ServiceDatabase) -> None:
    keyring, visit = Keyring([KEY]), str(uuid4())
    engine = create_async_engine(database.app_url, isolation_level="AUTOCOMMIT")
    async with engine.connect() as one, engine.connect() as other:
        with pytest.raises(LookupError):
            await key_for(one, keyring, "17.71", visit)
        await one.execute(
            text("insert into visits (visit, office, place, held_on, expected) values (:v, '17.71', 'x', now(), 9)"),
            {"v": visit},
        )
        with pytest.raises(LookupError):
            await key_for(one, keyring, "17.01", visit)
        first = await key_for(one, keyring, "17.71", visit)
        second = await key_for(other, keyring, "17.71", visit)
        assert first is not None and second is not None
        assert second.unseal("r-1", first.seal("r-1", "2025-03")) == "2025-03"
        with pytest.raises(CannotOpen):
            await key_for(one, Keyring([OLDER]), "17.71", visit)
        assert await renew(one, Keyring([OLDER, KEY])) == 1
        assert await renew(one, Keyring([OLDER, KEY])) == 0
        assert await key_for(one, Keyring([OLDER]), "17.71", visit) is not None
        await one.execute(text("update month_keys set wrapped = null"))
        assert await key_for(one, keyring, "17.71", visit) is None
        assert await renew(one, Keyring([KEY, OLDER])) == 0
        assert (await one.execute(text("select wrapped from month_keys"))).scalars().all() == [None]
    await engine.dispose()
