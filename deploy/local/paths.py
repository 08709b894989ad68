"""Where the local stack keeps things."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def home() -> Path:
    """The folder of all local state: `.local` in the project, or where BLANKO_HOME says."""
    return Path(os.environ.get("BLANKO_HOME") or ROOT / ".local").absolute()
