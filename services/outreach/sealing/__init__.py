"""Birth months, sealed: `months` is the cryptography, `keeping` the keys' table, `erasures` what a restore forgot."""

from services.outreach.sealing.keeping import key_for, renew
from services.outreach.sealing.months import CannotOpen, Keyring, MonthKey

__all__ = ["CannotOpen", "Keyring", "MonthKey", "key_for", "renew"]
