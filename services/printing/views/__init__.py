"""Read tables of printing, and the questions they answer. A module for each question."""

from services.printing.views.dealing import Rules, held_by, next_jobs, rules_of, undeclared
from services.printing.views.debt import (
    LOOKED_BACK,
    debt_of,
    debts,
    debts_by_location,
    queues_among,
    together,
    told_debts,
)
from services.printing.views.jobs import job, jobs_among, jobs_by_age, uncollected, uncollected_since, waiting
from services.printing.views.letters import letters_of
from services.printing.views.policies import policies_of, policies_on
from services.printing.views.printers import changes_of, made, made_since
from services.printing.views.promise import PROMISE, Pause, hours, on_the_clock, promised_since
from services.printing.views.queues import queues_of
from services.printing.views.reports import Did, added_up, day_of, waiting_at
from services.printing.views.rows import project
from services.printing.views.service_clock import cards_printed, clock_of, pauses_since, waiting_over
from services.printing.views.signals import EXPECTED, Blanks, Spoilage, alarms_of, quarantined, share, spoilage
from services.printing.views.tables import metadata

__all__ = [
    "EXPECTED",
    "LOOKED_BACK",
    "PROMISE",
    "Blanks",
    "Did",
    "Pause",
    "Rules",
    "Spoilage",
    "added_up",
    "alarms_of",
    "cards_printed",
    "changes_of",
    "clock_of",
    "day_of",
    "debt_of",
    "debts",
    "debts_by_location",
    "held_by",
    "hours",
    "job",
    "jobs_among",
    "jobs_by_age",
    "letters_of",
    "made",
    "made_since",
    "metadata",
    "next_jobs",
    "on_the_clock",
    "pauses_since",
    "policies_of",
    "policies_on",
    "project",
    "promised_since",
    "quarantined",
    "queues_among",
    "queues_of",
    "rules_of",
    "share",
    "spoilage",
    "together",
    "told_debts",
    "uncollected",
    "uncollected_since",
    "undeclared",
    "waiting",
    "waiting_at",
    "waiting_over",
]
