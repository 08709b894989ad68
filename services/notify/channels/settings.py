"""What the environment says about sending."""

import re
from enum import StrEnum
from ipaddress import ip_address
from typing import Annotated, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

MAILBOX = re.compile(
    r"(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
"""A plain mail address in ASCII: without name, quotes, comments or lists."""

GATEWAYS = frozenset({"tgram", "whatsapp", "twilio", "vonage", "ntfy", "ntfys", "slack"})
NOT_GATEWAYS = frozenset(
    [
        *("apprise", "apprises", "blink1", "dbus", "exec", "file", "gio", "glib", "gnome", "growl", "kde", "macosx"),
        *("mailto", "mailtos", "qt", "rsyslog", "syslog", "windows"),
    ]
)
"""These act on this machine, or hand on to something we do not see."""


class Security(StrEnum):
    """How the way to the mail server is protected."""

    NONE = "none"
    """Not at all: a relay on this machine or in its own network."""
    STARTTLS = "starttls"
    """TLS before anything is said; a server without it gets nothing."""
    TLS = "tls"
    """TLS from the first byte."""


class ChannelSettings(BaseSettings):
    """`SMTP_…`, `WEBHOOK_…` and `GATEWAY_…`; seconds are for one whole try.

    Without `SMTP_HOST` there is no e-mail. `GATEWAY_SCHEMES` is a list with commas.
    `WEBHOOK_LOOPBACK` lets webhooks reach this machine, by plain http too; `WEBHOOK_PRIVATE` lets them reach
    private networks, by https only.
    """

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True)

    smtp_host: str | None = None
    smtp_port: int = Field(default=587, ge=1, le=65_535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_security: Security = Security.STARTTLS
    smtp_from: str | None = None
    smtp_seconds: float = Field(default=60, gt=0, le=600)
    webhook_loopback: bool = False
    webhook_private: bool = False
    webhook_seconds: float = Field(default=20, gt=0, le=600)
    gateway_schemes: Annotated[frozenset[str], NoDecode] = GATEWAYS
    gateway_seconds: float = Field(default=30, gt=0, le=600)

    @field_validator("gateway_schemes", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return frozenset(part.strip().lower() for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("gateway_schemes")
    @classmethod
    def _remote(cls, value: frozenset[str]) -> frozenset[str]:
        if value & NOT_GATEWAYS:
            raise ValueError("GATEWAY_SCHEMES names one that is no gateway")
        return value

    @model_validator(mode="after")
    def _mail_can_be_sent(self) -> Self:
        if self.smtp_host is None:
            return self
        if self.smtp_from is None or not MAILBOX.fullmatch(self.smtp_from):
            raise ValueError("SMTP_FROM is a plain mail address, and needed with SMTP_HOST")
        if self.smtp_username is not None and self.smtp_security is Security.NONE and not _here(self.smtp_host):
            raise ValueError("SMTP_USERNAME and SMTP_PASSWORD are not sent in the clear")
        return self


def _here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
