"""Tokens: one way to be believed, many ways not to be."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jwt
import pytest
import time_machine
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared import auth
from shared.auth import Authenticator, Keys, NoKeys, NotAuthentic, Principal, Role
from tests.shared.issuer import AUDIENCE, ISSUER, Issuer, publish

pytestmark = pytest.mark.anyio
HONEST = Issuer()


def bearer(token: str) -> bytes:
    return b"Bearer " + token.encode()


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


@contextmanager
def served(document: bytes) -> Iterator[tuple[str, list[str], HTTPServer]]:
    """A key set on loopback; what was asked for is listed, and `document` may be replaced on the server."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body: bytes = self.server.document  # type: ignore[attr-defined]
            self.send_response(200 if body else 500)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.document = document  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/jwks", asked, server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def key_set(*issuers: Issuer) -> bytes:
    return json.dumps({"keys": [issuer.jwk() for issuer in issuers]}).encode()


@pytest.fixture
async def authenticator(tmp_path: Path) -> Any:
    publish(tmp_path / "jwks.json", HONEST)
    keys = Keys(str(tmp_path / "jwks.json"))
    async with keys.kept_fresh():
        yield Authenticator(keys, ISSUER, AUDIENCE)


async def refused(authenticator: Authenticator, token: str) -> str:
    with pytest.raises(NotAuthentic) as error:
        await authenticator.verify(bearer(token))
    assert authenticator.remembered(bearer(token)) is None
    return error.value.reason


async def test_an_honest_token_says_who_asks(authenticator: Authenticator) -> None:
    token = HONEST.token(role="head", region="17.71", sub="u-7")
    assert authenticator.remembered(bearer(token)) is None
    assert await authenticator.verify(bearer(token)) == Principal("u-7", Role.HEAD, "17.71")
    assert authenticator.remembered(bearer(token)) == Principal("u-7", Role.HEAD, "17.71")


async def test_an_audience_may_be_one_of_several(authenticator: Authenticator) -> None:
    assert await authenticator.verify(bearer(HONEST.token(aud=["other", AUDIENCE])))


NOW = int(time.time())


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW - 60},
        {"nbf": NOW + 86_400},
        {"iat": NOW + 86_400},
        {"aud": "blanko-printing"},
        {"aud": []},
        {"aud": AUDIENCE + "x"},
        {"iss": "https://issuer.test/"},
        {"iss": "https://evil.test"},
        {"role": "emperor"},
        {"role": None},
        {"role": ["head"]},
        {"region": "17.7"},
        {"region": "17.71.01"},
        {"region": "1771"},
        {"region": 17},
        {"region": "17\n"},
        {"region": "१७"},
        {"sub": ""},
        {"sub": "a\0b"},
        {"sub": "x" * 256},
        {"exp": 10**400},
        {"exp": "soon"},
        {"nbf": [1]},
    ],
)
async def test_a_signed_token_with_a_wrong_claim_is_not_believed(
    authenticator: Authenticator, claims: dict[str, Any]
) -> None:
    await refused(authenticator, HONEST.token(**claims))


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat", "sub", "iss", "aud", "role", "region"])
async def test_no_claim_may_be_missing(authenticator: Authenticator, claim: str) -> None:
    await refused(authenticator, HONEST.token(claim))


async def test_clocks_may_differ_by_half_a_minute(authenticator: Authenticator) -> None:
    now = int(time.time())
    assert await authenticator.verify(bearer(HONEST.token(exp=now - 20, nbf=now + 20, iat=now + 20)))


async def test_an_unsigned_token_is_not_believed(authenticator: Authenticator) -> None:
    claims = claims_of(HONEST.token())
    for algorithm in ("none", "None", "NONE", "nOnE", "", None):
        head = part({"alg": algorithm, "kid": HONEST.kid, "typ": "JWT"})
        for signature in ("", "AA", HONEST.token().rpartition(".")[2]):
            await refused(authenticator, f"{head}.{part(claims)}.{signature}")


async def test_our_public_key_is_no_shared_secret(authenticator: Authenticator) -> None:
    public = HONEST.key.public_key()
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        json.dumps(HONEST.jwk()).encode(),
    ]
    for secret in secrets:
        signed = f"{part({'alg': 'HS256', 'kid': HONEST.kid})}.{part(claims_of(HONEST.token()))}"
        mac = base64.urlsafe_b64encode(hmac.digest(secret, signed.encode(), hashlib.sha256)).rstrip(b"=").decode()
        await refused(authenticator, f"{signed}.{mac}")


async def test_a_key_that_comes_with_the_token_is_not_looked_at(authenticator: Authenticator) -> None:
    thief = Issuer()
    with served(key_set(thief)) as (address, asked, _):
        for extra in ({"jwk": thief.jwk()}, {"jku": address}, {"x5u": address}, {"x5c": ["MIIB"]}):
            await refused(authenticator, thief.token(headers=extra))
        assert asked == []


async def test_a_critical_header_that_we_do_not_know_is_not_passed_over(authenticator: Authenticator) -> None:
    await refused(authenticator, HONEST.token(headers={"crit": ["shoe-size"], "shoe-size": 43}))


async def test_a_key_id_is_a_name_not_a_path(authenticator: Authenticator) -> None:
    for kid in ("../../etc/passwd", "key-1\0", "", "KEY-1", "' or 1=1"):
        await refused(authenticator, HONEST.token(headers={"kid": kid}))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
async def test_no_altered_token_is_believed(authenticator: Authenticator, data: st.DataObject) -> None:
    token = HONEST.token()
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCZabcz0189-_.~ \x00é"))
    altered = token[:place] + letter + token[place + 1 :]
    # The last letter of a signature holds spare bits, so another letter may spell the same signature.
    if altered != token and place != len(token) - 1:
        await refused(authenticator, altered)


@pytest.mark.parametrize(
    "header", [b"", b"Bearer", b"Bearer ", b"Basic dTpw", b"Bearer a.b.c", b"Bearer " + b"x" * 9_000]
)
async def test_what_is_no_token_is_not_believed(authenticator: Authenticator, header: bytes) -> None:
    with pytest.raises(NotAuthentic):
        await authenticator.verify(header)


async def test_a_remembered_token_is_forgotten_when_it_expires(authenticator: Authenticator) -> None:
    token = bearer(HONEST.token())
    await authenticator.verify(token)
    with time_machine.travel(time.time() + 601):
        assert authenticator.remembered(token) is None


async def test_the_memory_is_bounded(authenticator: Authenticator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "REMEMBERED_AT_MOST", 3)
    tokens = [bearer(HONEST.token(sub=f"u-{n}")) for n in range(5)]
    for token in tokens:
        await authenticator.verify(token)
    assert [authenticator.remembered(token) is not None for token in tokens] == [False, False, True, True, True]


async def test_a_new_key_is_found_and_a_withdrawn_one_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "REFETCH", 0.0)
    old, new = Issuer("old"), Issuer("new")
    with served(key_set(old)) as (address, _, server):
        keys = Keys(address)
        async with keys.kept_fresh():
            authenticator = Authenticator(keys, ISSUER, AUDIENCE)
            token = old.token()
            await authenticator.verify(bearer(token))
            server.document = key_set(new)  # type: ignore[attr-defined]
            await authenticator.verify(bearer(new.token()))
            await refused(authenticator, token)


async def test_ten_thousand_unknown_keys_cause_one_fetch() -> None:
    with served(key_set(HONEST)) as (address, asked, _):
        keys = Keys(address)
        async with keys.kept_fresh():
            keys._tried = time.monotonic() - 31
            for n in range(10_000):
                assert await keys.find(f"unknown-{n}") is None
            assert len(asked) == 2


async def test_known_keys_stay_when_the_issuer_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "REFETCH", 0.0)
    with served(key_set(HONEST)) as (address, asked, server):
        keys = Keys(address)
        async with keys.kept_fresh():
            authenticator = Authenticator(keys, ISSUER, AUDIENCE)
            for away in (b"", b"<html>", b'{"keys": []}', b'{"keys": [{"kid": "a", "kty": "oct"}]}', b"[" * 100_000):
                server.document = away  # type: ignore[attr-defined]
                assert await keys.find("unknown") is None
                assert await authenticator.verify(bearer(HONEST.token()))
            assert len(asked) == 6


async def test_without_any_key_nobody_is_judged(tmp_path: Path) -> None:
    keys = Keys(str(tmp_path / "none.json"))
    async with keys.kept_fresh():
        with pytest.raises(NoKeys):
            await Authenticator(keys, ISSUER, AUDIENCE).verify(bearer(HONEST.token()))


async def test_a_key_set_that_appears_later_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "REFETCH", 0.0)
    keys = Keys(str(tmp_path / "jwks.json"))
    async with keys.kept_fresh():
        publish(tmp_path / "jwks.json", HONEST)
        assert await Authenticator(keys, ISSUER, AUDIENCE).verify(bearer(HONEST.token()))


@pytest.mark.parametrize("address", ["http://issuer.test/jwks", "http://10.0.0.1/jwks", "http://127.0.0.1.evil.test/"])
def test_keys_do_not_travel_in_the_open(address: str) -> None:
    with pytest.raises(ValueError, match="https"):
        Keys(address)
