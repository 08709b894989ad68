"""Migrates several services' databases in one process: starting Python and Alembic costs more than migrating.

`python -m deploy.local.migrations stock printing` finds their addresses in MIGRATION_DATABASE_URL_STOCK and so on.
"""

import os
import sys

from shared.migrate import upgrade
from shared.schema import scripts_of

if __name__ == "__main__":
    for service in sys.argv[1:]:
        upgrade(scripts_of(service), os.environ[f"MIGRATION_DATABASE_URL_{service.upper()}"])
