"""What an office owes its citizens stands beside what it holds."""

import sqlalchemy as sa
from alembic import op

from shared.migrate import install_append_batch

revision = "0003"
down_revision = "0002"

TABLES = (
    "balances",
    "consignments",
    "loans",
    "premises",
    "counts",
    "allocations",
    "days_of_use",
    "relief_proposals",
    "requests",
    "thresholds",
    "old_cards",
)


def upgrade() -> None:
    # Printing tells of its debt only from the release on that brings this.
    op.add_column("balances", sa.Column("print_debt", sa.BigInteger(), nullable=False, server_default="0"))
    install_append_batch(TABLES)
