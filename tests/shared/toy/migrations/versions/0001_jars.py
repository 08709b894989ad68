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
    install_append_batch(["jars"])
    grant("toy", ["jars"])
