"""What the environment says, read once. A service adds its own names in its settings.py."""

import os

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What every service is told: `DATABASE_URL`, `KAFKA_BOOTSTRAP_SERVERS`, `AUTH_JWKS` and so on.

    `auth_jwks` is a file's path or the address of the issuer's key set (https, or http on loopback).
    `database_url` is the service's own role; migrations run as the owner (`migration_url`), whose
    password a running service never holds.
    """

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True)

    database_url: str
    database_connections: int = Field(default=8, ge=2, le=50)
    kafka_bootstrap_servers: str
    auth_issuer: str
    auth_audience: str
    auth_jwks: str
    log_level: str = "INFO"
    worker_host: str = "127.0.0.1"
    worker_port: int = Field(default=9000, ge=0, le=65_535)


def migration_url() -> str:
    """The database as its owner, who may change the schema. Raises KeyError when it is not set."""
    return os.environ["MIGRATION_DATABASE_URL"]
