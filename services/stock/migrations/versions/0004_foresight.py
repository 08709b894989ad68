"""What the forecast says stands beside what an office holds."""

import sqlalchemy as sa
from alembic import op

from shared.migrate import grant, install_append_batch

revision = "0004"
down_revision = "0003"

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
    "forecasts",
)

LANDMARKS = (
    "BookClosed",
    "StockCounted",
    "DiscrepancyFound",
    "StockLow",
    "StockRecovered",
    "ThresholdsSet",
    "DailyUseEstimated",
    "ForecastNoted",
)


def upgrade() -> None:
    op.add_column("balances", sa.Column("foreseen", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("thresholds", sa.Column("forecast", sa.Boolean(), nullable=False, server_default="true"))
    op.create_table(
        "forecasts",
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("made_on", sa.Date(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("weeks", sa.JSON(), nullable=False),
        sa.Column("reorder_points", sa.JSON(), nullable=False),
        sa.Column("lead_time", sa.Integer(), nullable=True),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("office", "item"),
    )
    index_forecasts()
    install_append_batch(TABLES)
    grant("stock", ("forecasts",))


def index_forecasts() -> None:
    """A question about a past level looks for the forecast of then, too."""
    landmarks = ", ".join(f"'{kind}'" for kind in LANDMARKS)
    op.execute("drop index events_landmarks")
    op.execute(
        f"create index events_landmarks on events (stream, type, version) where type in ({landmarks})"
        " or (type = 'BlanksReceived' and data->>'source' = 'OPENING')"
    )
