"""How a shortage climbs, as the environment says; read once, and carried by the command that opens an escalation."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.notify.domain import Patience, Policy

DAY = 86_400
LONGEST = 90 * DAY


class PolicySettings(BaseSettings):
    """`NOTIFY_POLICY_VERSION` and seconds: `NOTIFY_ANSWER_SECONDS_CITY`, …. A change wants another version."""

    model_config = SettingsConfigDict(env_prefix="NOTIFY_", frozen=True)

    policy_version: int = Field(default=1, ge=1)
    answer_seconds_city: int = Field(default=DAY, ge=1, le=LONGEST)
    answer_seconds_province: int = Field(default=DAY, ge=1, le=LONGEST)
    repeat_seconds_national: int = Field(default=DAY, ge=1, le=LONGEST)

    @property
    def policy(self) -> Policy:
        """The policy of escalations that open from now on."""
        patience = Patience(self.answer_seconds_city, self.answer_seconds_province, self.repeat_seconds_national)
        return Policy(self.policy_version, patience)


POLICY = PolicySettings().policy
