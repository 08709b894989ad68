"""Books that balance whatever happens: more of a balance, and the read tables of all that is new."""

import sqlalchemy as sa
from alembic import op

from shared.migrate import grant, install_append_batch

revision = "0002"
down_revision = "0001"

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


LANDMARKS = (
    "BookClosed",
    "StockCounted",
    "DiscrepancyFound",
    "StockLow",
    "StockRecovered",
    "ThresholdsSet",
    "DailyUseEstimated",
)
"""What a question about a book's past looks for: few among many, and found without reading the many."""


def upgrade() -> None:
    for name in ("loan", "request"):
        op.add_column("consignments", sa.Column(name, sa.Text(), nullable=True))
    for name in ("asked", "approved"):
        op.add_column("consignments", sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))
    for name in ("overdue", "dispatched"):
        op.add_column("consignments", sa.Column(name, sa.Boolean(), nullable=False, server_default="false"))
    widen_balances()
    create_premises()
    create_counts()
    create_loans()
    create_custody_reads()
    create_replenishment()
    create_thresholds()
    create_old_cards()
    index_spoilage()
    index_questions()
    fill_old_rows()
    install_append_batch(TABLES)
    grant("stock", TABLES)


def widen_balances() -> None:
    op.add_column("balances", sa.Column("quarantined", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("balances", sa.Column("versions", sa.JSON(), nullable=False, server_default="{}"))


def fill_old_rows() -> None:
    """What pages ask of each row, and what stock will want to be woken for: a rebuild leaves deadlines as they are.

    The rest of the read tables is `python -m shared.rebuild stock`'s to fill.
    """
    op.execute("update consignments set dispatched = true where sender is not null")
    op.execute(
        "update balances set locations = coalesce((select json_object_agg(shelf.key, shelf.value::jsonb || '0')"
        " from json_each(locations) shelf), '{}')"
    )
    # The promised day ends in the west last; by then it has ended everywhere.
    op.execute(
        "insert into deadlines select 'consignment/' || consignment || '/consignment/' || item,"
        " 'consignment/' || consignment, receiver, (promised_on + 1)::timestamp at time zone 'Asia/Jakarta',"
        " 'consignment', item from consignments where dispatched and in_transit + rejected > 0"
    )
    op.execute(
        "insert into deadlines select concat('office/', office, '/', item, '/relief/', episode, '/', level),"
        " concat('office/', office, '/', item), office, '2000-01-01Z', 'relief', concat(episode, '/', level)"
        " from balances where level <> 'OK' and office like '%.%'"
    )


def create_premises() -> None:
    op.create_table(
        "premises",
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("locations", sa.JSON(), nullable=False),
        sa.Column("printers", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("office"),
    )


def create_counts() -> None:
    op.create_table(
        "counts",
        sa.Column("count", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("location", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("entry", sa.BigInteger(), nullable=False),
        sa.Column("through_entry", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counters", sa.JSON(), nullable=False),
        sa.Column("counted", sa.BigInteger(), nullable=True),
        sa.Column("expected", sa.BigInteger(), nullable=True),
        sa.Column("tolerance", sa.BigInteger(), nullable=True),
        sa.Column("submitted_by", sa.Text(), nullable=True),
        sa.Column("repeated", sa.BigInteger(), nullable=True),
        sa.Column("repeated_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("count"),
    )
    op.create_index("counts_office", "counts", ["office", "started_at"])


def create_loans() -> None:
    op.create_table(
        "loans",
        sa.Column("loan", sa.Text(), nullable=False),
        sa.Column("lender", sa.Text(), nullable=False),
        sa.Column("borrower", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("granted", sa.BigInteger(), nullable=False),
        sa.Column("lent", sa.BigInteger(), nullable=False),
        sa.Column("returned", sa.BigInteger(), nullable=False),
        sa.Column("outstanding", sa.BigInteger(), nullable=False),
        sa.Column("return_by", sa.Date(), nullable=False),
        sa.Column("overdue", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("loan"),
    )
    op.create_index("loans_lender", "loans", ["lender"])
    op.create_index("loans_borrower", "loans", ["borrower"])


def create_custody_reads() -> None:
    """A plain table: it is written by who asks, and follows from no fact."""
    op.create_table(
        "custody_reads",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("found", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.execute("grant select, insert on custody_reads to stock")


def index_questions() -> None:
    landmarks = ", ".join(f"'{kind}'" for kind in LANDMARKS)
    op.execute(
        f"create index events_landmarks on events (stream, type, version) where type in ({landmarks})"
        " or (type = 'BlanksReceived' and data->>'source' = 'OPENING')"
    )
    op.execute(
        "create index events_reversals on events (stream, ((data->>'reverses')::integer))"
        " where type = 'MovementReversed'"
    )
    op.create_index("consignments_sender", "consignments", ["sender"])
    op.create_index("consignments_receiver", "consignments", ["receiver"])
    op.create_index(
        "consignments_in_transit",
        "consignments",
        ["item", "receiver"],
        postgresql_where=sa.text("in_transit > 0 or rejected > 0"),
    )


def create_replenishment() -> None:
    op.create_table(
        "allocations",
        sa.Column("allocation", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("from_office", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("dispatched", sa.BigInteger(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=True),
        sa.Column("request", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("allocation"),
    )
    op.create_index(
        "allocations_to_come", "allocations", ["item", "office"], postgresql_where=sa.text("quantity > dispatched")
    )
    op.create_table(
        "days_of_use",
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("ran_out", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("office", "item", "day"),
    )
    op.create_table(
        "relief_proposals",
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.Column("covered", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("office", "item", "episode", "level"),
    )
    op.create_table(
        "requests",
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("requested_on", sa.Date(), nullable=True),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("filled", sa.BigInteger(), nullable=False),
        sa.Column("forwarded", sa.BigInteger(), nullable=False),
        sa.Column("approved", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("situation", sa.JSON(), nullable=True),
        sa.Column("letter", sa.Text(), nullable=True),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("request"),
    )
    op.create_index("requests_by_day", "requests", ["status", "requested_on", "request"])
    op.create_index("requests_office", "requests", ["office"])


def create_thresholds() -> None:
    op.create_table(
        "thresholds",
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("low", sa.BigInteger(), nullable=True),
        sa.Column("critical", sa.BigInteger(), nullable=True),
        sa.Column("recovery", sa.BigInteger(), nullable=True),
        sa.Column("low_days", sa.Integer(), nullable=True),
        sa.Column("critical_days", sa.Integer(), nullable=True),
        sa.Column("set_by", sa.Text(), nullable=True),
        sa.Column("entry", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("office", "item", "version"),
    )


def create_old_cards() -> None:
    op.create_table(
        "old_cards",
        sa.Column("office", sa.Text(), nullable=False),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("awaiting", sa.BigInteger(), nullable=False),
        sa.Column("destroyed", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("office", "item"),
    )


def index_spoilage() -> None:
    """For the monthly report. Withdrawn cards are many and only counted, which the index alone answers."""
    op.execute(
        "create index events_spoilage on events (occurred_at) where type in"
        " ('BlankSpoiled', 'BlanksDestroyed', 'BlanksReportedLost', 'MovementReversed', 'OldCardsDestroyed')"
    )
    op.execute("create index events_withdrawn on events (occurred_at) include (stream) where type = 'OldCardBooked'")
