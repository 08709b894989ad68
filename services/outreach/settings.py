"""What the environment says to outreach besides what every service is told."""

from base64 import b64decode
from typing import Annotated

from pydantic import Field, SecretBytes, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

KEY_BYTES = 32


class SealingSettings(BaseSettings):
    """`OUTREACH_SEALING_KEYS`: the service's keys, under which the keys to birth months are kept.

    Each is the base64 of 32 random bytes; commas part them. The first seals, all open. Without one there is no
    outreach: it would have to keep months in clear.
    """

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True)

    outreach_sealing_keys: Annotated[tuple[SecretBytes, ...], NoDecode, Field(min_length=1)]

    @field_validator("outreach_sealing_keys", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        keys = tuple(b64decode(part.strip(), validate=True) for part in value.split(","))
        if any(len(key) != KEY_BYTES for key in keys):
            raise ValueError("OUTREACH_SEALING_KEYS has a key that is not of 32 bytes")
        return keys
