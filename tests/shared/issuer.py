"""An issuer of tokens, honest or not, as the tests need one."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from jwt.algorithms import ECAlgorithm

ISSUER = "https://issuer.test"
AUDIENCE = "blanko-toy"


class Issuer:
    """Signs with one key, whose id is `kid`."""

    def __init__(self, kid: str = "key-1") -> None:
        self.kid = kid
        self.key = generate_private_key(SECP256R1())

    def jwk(self) -> dict[str, Any]:
        """The public key as a key set lists it."""
        public: dict[str, Any] = ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return public | {"kid": self.kid, "alg": "ES256", "use": "sig"}

    def token(self, *without: str, headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """A storekeeper's token for Kota Bengkulu, with other claims, or without some."""
        now = int(time.time())
        usual = {"iss": ISSUER, "aud": AUDIENCE, "sub": "u-1", "role": "storekeeper", "region": "17.71"}
        usual |= {"iat": now, "nbf": now, "exp": now + 600} | claims
        head = {"kid": self.kid, "typ": "at+jwt"} | (headers or {})
        return jwt.encode({k: v for k, v in usual.items() if k not in without}, self.key, "ES256", head)


def publish(path: Path, *issuers: Issuer) -> None:
    """Writes the key set of these issuers."""
    path.write_text(json.dumps({"keys": [issuer.jwk() for issuer in issuers]}))
