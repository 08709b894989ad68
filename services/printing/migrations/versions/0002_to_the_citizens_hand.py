"""From print-ready to the citizen's hand: more of a job, and the read tables of all that is new."""

import sqlalchemy as sa
from alembic import op

from shared.migrate import grant, install_append_batch

revision = "0002"
down_revision = "0001"

TABLES = ("jobs", "queues", "day_book", "lapsed_claims", "policies", "empty_spells", "quarantine", "alarms")

WAITING = "state in ('QUEUED', 'CLAIMED', 'HELD')"


def upgrade() -> None:
    widen_jobs()
    widen_queues()
    create_day_book()
    create_lapsed_claims()
    create_policies()
    create_empty_spells()
    create_quarantine()
    create_alarms()
    install_append_batch(TABLES)
    grant("printing", TABLES)


def text(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def widen_jobs() -> None:
    op.add_column("jobs", sa.Column("priority", sa.Text(), nullable=False, server_default=""))
    op.add_column("jobs", sa.Column("placed", sa.Boolean(), nullable=False, server_default="false"))
    for name in ("put_off", "claim", "workstation", "letter"):
        op.add_column("jobs", text(name, nullable=True))
    for name in ("print_ready_at", "claimed_until", "handed_over_at"):
        op.add_column("jobs", moment(name, nullable=True))
    op.add_column("jobs", sa.Column("letter_until", sa.Date(), nullable=True))
    op.execute("update jobs set print_ready_at = queued_at")
    op.alter_column("jobs", "print_ready_at", nullable=False)
    op.drop_index("jobs_by_age", "jobs")
    op.create_index("jobs_by_age", "jobs", ["office", "state", "print_ready_at", "job"])
    # The queue as it is dealt: each class by age, those apart that have their place in a quota.
    op.create_index(
        "jobs_to_deal",
        "jobs",
        ["office", "item", "priority", "placed", "print_ready_at", "job"],
        postgresql_where=sa.text("state = 'QUEUED'"),
    )
    op.create_index("jobs_claimed", "jobs", ["office", "claimed_until"], postgresql_where=sa.text("state = 'CLAIMED'"))
    op.create_index(
        "jobs_put_off", "jobs", ["office", "item"], postgresql_where=sa.text(f"put_off is not null and {WAITING}")
    )
    op.create_index(
        "jobs_with_letters",
        "jobs",
        ["office", "letter_until", "job"],
        postgresql_where=sa.text("letter_until is not null"),
    )
    op.create_index("jobs_uncollected", "jobs", ["office", "printed_at"], postgresql_where=sa.text("state = 'PRINTED'"))


def widen_queues() -> None:
    for name in ("on_hand", "available"):
        op.add_column("queues", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("queues", sa.Column("quota_day", sa.Date(), nullable=True))
    op.add_column("queues", sa.Column("taken", sa.JSON(), nullable=False, server_default="{}"))
    for name in ("owed", "put_off"):
        op.add_column("queues", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("queues", sa.Column("by_reason", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("queues", moment("oldest_since", nullable=True))
    for name in ("level", "since", "as_of"):
        # A queue may have quotas and debts before stock has told of it.
        op.alter_column("queues", name, nullable=True)


def create_day_book() -> None:
    op.create_table(
        "day_book",
        text("subject"),
        text("kind"),
        sa.Column("number", sa.Integer(), nullable=False),
        text("office"),
        text("location"),
        moment("at"),
        *(text(name, nullable=True) for name in ("item", "reason", "cause", "workstation", "printer", "operator")),
        *(text(name, nullable=True) for name in ("batch", "blank_serial")),
        moment("print_ready_at", nullable=True),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("sheets", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "kind", "number"),
    )
    op.create_index("day_book_by_day", "day_book", ["office", "at"])
    op.create_index("ribbons", "day_book", ["office", "printer", "at"], postgresql_where=sa.text("kind = 'RIBBON'"))


def create_lapsed_claims() -> None:
    op.create_table(
        "lapsed_claims",
        *(text(name) for name in ("job", "claim", "office", "workstation")),
        moment("until"),
        sa.PrimaryKeyConstraint("job", "claim"),
    )
    op.create_index("lapsed_by_workstation", "lapsed_claims", ["office", "workstation"])


def create_policies() -> None:
    op.create_table(
        "policies",
        text("office"),
        sa.Column("version", sa.Integer(), nullable=False),
        text("kind"),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        text("set_by"),
        sa.PrimaryKeyConstraint("office", "version"),
    )


def create_empty_spells() -> None:
    op.create_table(
        "empty_spells",
        text("office"),
        text("item"),
        moment("began"),
        moment("ended", nullable=True),
        sa.PrimaryKeyConstraint("office", "item", "began"),
    )


def create_quarantine() -> None:
    op.create_table(
        "quarantine",
        text("office"),
        text("batch"),
        *(text(name, nullable=True) for name in ("first_serial", "last_serial")),
        text("note"),
        moment("quarantined_at"),
        text("quarantined_by"),
        sa.PrimaryKeyConstraint("office", "batch"),
    )


def create_alarms() -> None:
    op.create_table(
        "alarms",
        text("office"),
        text("kind"),
        sa.Column("number", sa.Integer(), nullable=False),
        moment("at"),
        *(text(name) for name in ("item", "location")),
        *(text(name, nullable=True) for name in ("job", "workstation", "batch", "first_serial", "last_serial")),
        sa.Column("holders", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("office", "kind", "number"),
    )
    op.create_index("alarms_by_time", "alarms", ["office", "at"])
