"""The log, and stock's read tables."""

import sqlalchemy as sa
from alembic import op

from shared.migrate import grant, install_append_batch, install_ledger

revision = "0001"
down_revision = None

TABLES = ("balances", "consignments")


def upgrade() -> None:
    install_ledger()
    op.create_table(
        "balances",
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("onboard", sa.Boolean(), nullable=False),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("daily_use", sa.BigInteger(), nullable=True),
        sa.Column("thresholds_version", sa.Integer(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=True),
        sa.Column("critical", sa.BigInteger(), nullable=True),
        sa.Column("recovery", sa.BigInteger(), nullable=True),
        sa.Column("in_question", sa.Boolean(), nullable=False),
        sa.Column("locations", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("office", "item"),
    )
    op.create_table(
        "consignments",
        sa.Column("consignment", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("sent", sa.BigInteger(), nullable=False),
        sa.Column("accepted", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("missing", sa.BigInteger(), nullable=False),
        sa.Column("in_transit", sa.BigInteger(), nullable=False),
        sa.Column("surplus", sa.BigInteger(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("allocation", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("consignment"),
    )
    install_append_batch(TABLES)
    grant("stock", TABLES)
