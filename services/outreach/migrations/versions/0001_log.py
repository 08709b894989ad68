"""The log, and outreach's read tables."""

import sqlalchemy as sa
from alembic import op

from shared.migrate import grant, install_append_batch, install_ledger

revision = "0001"
down_revision = None

TABLES = ("recordings", "visits")


def upgrade() -> None:
    install_ledger()
    op.create_table(
        "recordings",
        sa.Column("recording", sa.Text(), nullable=False),
        sa.Column("visit", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("applicant", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("turns_17", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("recording"),
    )
    op.create_index("recordings_of_visit", "recordings", ["visit", "state"], unique=False)
    op.create_table(
        "visits",
        sa.Column("visit", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("visit"),
    )
    op.create_index("visits_by_day", "visits", ["office", "held_on", "visit"], unique=False)
    install_append_batch(TABLES)
    grant("outreach", TABLES)
