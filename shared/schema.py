"""Which version of its database's schema a service was written for. Loads nothing, for who only wants to know."""

from pathlib import Path

SERVICES = Path(__file__).resolve().parent.parent / "services"


def scripts_of(service: str) -> Path:
    """Where a service keeps its migrations."""
    return SERVICES / service / "migrations"


def newest(service: str) -> str:
    """The revision of the service's last migration: the number its file's name begins with."""
    return max(script.name.partition("_")[0] for script in scripts_of(service).glob("versions/[0-9]*.py"))
