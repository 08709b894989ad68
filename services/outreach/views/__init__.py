"""Read tables of outreach, and the questions they answer. A module for each question."""

from services.outreach.views.coverage import YOUTH_SHARE, counted_youth, recorded_since, schools_of, schools_visited
from services.outreach.views.forecasts import forecast, forecasts_of, judged, judgement, judgements_of, made_on
from services.outreach.views.need import COMES_AT_ONCE, Used, as_needed, heard_of, known_now, used_by, visits_ahead
from services.outreach.views.recordings import nobody_waits, recordings_among, recordings_of, waiting
from services.outreach.views.rows import project
from services.outreach.views.surges import KNOWN_VERSION, KnownSurge, felt_in, surges_in_force, versions_of
from services.outreach.views.tables import metadata
from services.outreach.views.visits import calendar_of, visit, visits_by_day

__all__ = [
    "COMES_AT_ONCE",
    "KNOWN_VERSION",
    "YOUTH_SHARE",
    "KnownSurge",
    "Used",
    "as_needed",
    "calendar_of",
    "counted_youth",
    "felt_in",
    "forecast",
    "forecasts_of",
    "heard_of",
    "judged",
    "judgement",
    "judgements_of",
    "known_now",
    "made_on",
    "metadata",
    "nobody_waits",
    "project",
    "recorded_since",
    "recordings_among",
    "recordings_of",
    "schools_of",
    "schools_visited",
    "surges_in_force",
    "used_by",
    "versions_of",
    "visit",
    "visits_ahead",
    "visits_by_day",
    "waiting",
]
