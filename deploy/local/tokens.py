"""The development issuer: a key pair of this machine's own, and tokens signed with it.

Production verifies tokens of the ministry's issuer instead, and knows nothing of this one.
"""

import argparse
import json
import os
import time
from functools import cached_property
from pathlib import Path

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from jwt.algorithms import ECAlgorithm

from deploy.local.paths import home

AUDIENCE = "blanko"
TWELVE_HOURS = 12 * 3600


class Issuer:
    """Keeps its private key in `folder`, readable by its owner only, beside the key set that services read."""

    name = "https://issuer.blanko.localhost"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def key_set(self) -> Path:
        """The file with the public key, as AUTH_JWKS names it; made if missing."""
        file = self._folder / "jwks.json"
        public = json.loads(ECAlgorithm.to_jwk(self._key.public_key()))
        file.write_text(json.dumps({"keys": [public | {"kid": self._key_id, "alg": "ES256", "use": "sig"}]}))
        return file

    def mint(self, subject: str, role: str, region: str, ttl: int = TWELVE_HOURS) -> str:
        """A token for `ttl` seconds. `region` is "17.71" for a city's people, "17" a province's, "00" the nation's."""
        now = int(time.time())
        who = {"iss": self.name, "aud": AUDIENCE, "sub": subject, "role": role, "region": region}
        return jwt.encode(who | {"iat": now, "nbf": now, "exp": now + ttl}, self._key, "ES256", {"kid": self._key_id})

    @cached_property
    def _key(self) -> EllipticCurvePrivateKey:
        file = self._folder / "key.pem"
        if not file.exists():
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            pem = generate_private_key(SECP256R1()).private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
                new.write(pem)
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
        assert isinstance(key, EllipticCurvePrivateKey)
        return key

    @cached_property
    def _key_id(self) -> str:
        return f"local-{self._key.public_key().public_numbers().x:064x}"[:22]


def main() -> None:
    """Prints a token of the issuer in the home folder."""
    parser = argparse.ArgumentParser(description="Prints a development token.")
    parser.add_argument("--role", default="storekeeper")
    parser.add_argument("--region", default="17.71")
    parser.add_argument("--subject", help="whom it names; by default dev-<role>")
    wish = parser.parse_args()
    print(Issuer(home() / "issuer").mint(wish.subject or f"dev-{wish.role}", wish.role, wish.region))


if __name__ == "__main__":
    main()
