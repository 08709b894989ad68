"""Birth months under a key of their own for each visit, and these keys under the service's.

AES-256-GCM throughout, with a random nonce each time. What a text is bound to is authenticated with it, so that no
sealed month can be passed off as another person's, and no wrapped key as another visit's. A visit has some hundred
months, far from the 2³² after which random nonces would no longer be safe (NIST SP 800-38D, 8.3).
"""

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Sequence
from os import urandom
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.outreach.settings import KEY_BYTES, SealingSettings

NONCE_BYTES = 12


class CannotOpen(Exception):
    """Sealed under another key, bound to something else, or changed since."""


class MonthKey:
    """The key to the birth months of one visit, in memory."""

    def __init__(self, visit: str, key: bytes) -> None:
        self._visit = visit
        self._cipher = AESGCM(key)

    @classmethod
    def passing(cls, visit: str) -> Self:
        """A key that nobody keeps: what it seals is never opened."""
        return cls(visit, urandom(KEY_BYTES))

    def seal(self, recording: str, month: str) -> str:
        """A month ("YYYY-MM") as 48 characters, whichever it is."""
        return _seal(self._cipher, month.encode(), self._bound_to(recording))

    def unseal(self, recording: str, sealed: str) -> str:
        """The month in a sealed text of this recording. Raises `CannotOpen`."""
        return _open(self._cipher, sealed, self._bound_to(recording)).decode()

    def _bound_to(self, recording: str) -> bytes:
        return f"{self._visit}/{recording}".encode()


class Keyring:
    """The service's keys: the first wraps, all unwrap."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._ciphers = [AESGCM(key) for key in keys]

    @classmethod
    def of_settings(cls) -> Self:
        """As the environment says. Raises pydantic's `ValidationError`."""
        return cls([key.get_secret_value() for key in SealingSettings().outreach_sealing_keys])

    def new(self, visit: str) -> str:
        """A new random key for this visit, wrapped."""
        return self._wrap(visit, urandom(KEY_BYTES))

    def unwrap(self, visit: str, wrapped: str) -> MonthKey:
        """The visit's key. Raises `CannotOpen` when none of the service's keys is the one it was wrapped under."""
        return MonthKey(visit, self._unwrap(visit, wrapped)[1])

    def renewed(self, visit: str, wrapped: str) -> str | None:
        """The same key wrapped under the first of the service's keys; None if it is already. Raises `CannotOpen`."""
        number, key = self._unwrap(visit, wrapped)
        return None if number == 0 else self._wrap(visit, key)

    def _wrap(self, visit: str, key: bytes) -> str:
        return _seal(self._ciphers[0], key, visit.encode())

    def _unwrap(self, visit: str, wrapped: str) -> tuple[int, bytes]:
        for number, cipher in enumerate(self._ciphers):
            try:
                return number, _open(cipher, wrapped, visit.encode())
            except CannotOpen:
                continue
        raise CannotOpen


def _seal(cipher: AESGCM, content: bytes, bound_to: bytes) -> str:
    nonce = urandom(NONCE_BYTES)
    return b64encode(nonce + cipher.encrypt(nonce, content, bound_to)).decode()


def _open(cipher: AESGCM, sealed: str, bound_to: bytes) -> bytes:
    try:
        raw = b64decode(sealed, validate=True)
        return cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], bound_to)
    except (InvalidTag, NotBase64, ValueError):
        # Without the cause, which would say what was tried.
        raise CannotOpen from None
