import sqlalchemy as sa
from alembic import op

from shared.migrate import grant, install_append_batch, install_ledger

revision = "0001"
down_revision = None


def upgrade() -> None:
    install_ledger()
    op.create_table(
        "jars", sa.Column("name", sa.Text, primary_key=True), sa.Column("count", sa.Integer, nullable=False)
    )
    op.create_table(
        "labels",
        sa.Column("told", sa.JSON, nullable=False),
        sa.Column("label", sa.Text, primary_key=True),
        sa.Column("jar", sa.Text, primary_key=True),
    )
    install_append_batch(["jars", "labels"])
    grant("toy", ["jars", "labels"])
