"""When stock is low here: the head's own thresholds, for the office and for each location."""

from dataclasses import dataclass

from services.stock.domain.commands import StockCommand
from services.stock.domain.facts import ServicePointThresholdSet, ThresholdsSet
from services.stock.domain.levels import OwnThresholds, with_margin
from services.stock.domain.open_book import OpenBook
from shared.decider import Decision, Refused, States


@dataclass(frozen=True, kw_only=True, slots=True)
class SetThresholds(StockCommand):
    """A request: pieces, days of cover, or both; with none, the default days of cover again.

    They replace the defaults, and the forecast counts beside them, unless without `forecast`.
    """

    low: int | None
    critical: int | None
    recovery: int | None
    low_days: int | None = None
    critical_days: int | None = None
    set_by: str | None = None
    forecast: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class SetServicePointThreshold(StockCommand):
    """A request: at so many pieces or fewer this location is low; with none, the default."""

    location: str
    low: int | None
    set_by: str


def set_thresholds(command: SetThresholds, states: States) -> Decision:
    entry = OpenBook(command.office, command.item, command.day, states)
    own = None
    if command.low is not None or command.low_days is not None:
        recovery = command.recovery
        if recovery is None and command.low is not None:
            recovery = with_margin(command.low)
        own = OwnThresholds(command.low, command.critical, recovery, command.low_days, command.critical_days)
        refuse_disorder(own)
    if (own, command.forecast) != (entry.book.own_thresholds, not entry.book.forecast_off):
        entry.write(
            ThresholdsSet(
                office=command.office,
                item=command.item,
                version=entry.book.thresholds_version + 1,
                low=None if own is None else own.low,
                critical=None if own is None else own.critical,
                recovery=None if own is None else own.recovery,
                low_days=None if own is None else own.low_days,
                critical_days=None if own is None else own.critical_days,
                set_by=command.set_by,
                forecast=command.forecast,
            )
        )
    return entry.close()


def refuse_disorder(own: OwnThresholds) -> None:
    """Raises `Refused` unless critical is at most low, and low at most recovery."""
    recovery = own.recovery
    pieces = own.low is None or 0 <= (own.critical or 0) <= own.low <= (own.low if recovery is None else recovery)
    days = own.low_days is None or 0 <= (own.critical_days or 0) <= own.low_days
    if not (pieces and days):
        raise Refused(
            "thresholds_out_of_order",
            "Critical is at most low, and low at most recovery.",
            low=own.low,
            critical=own.critical,
            recovery=recovery,
            low_days=own.low_days,
            critical_days=own.critical_days,
        )


def set_service_point_threshold(command: SetServicePointThreshold, states: States) -> Decision:
    entry = OpenBook(command.office, command.item, command.day, states)
    if entry.book.shelf(command.location).own_low == command.low:
        return []
    entry.write(
        ServicePointThresholdSet(
            office=command.office,
            item=command.item,
            location=command.location,
            low=command.low,
            set_by=command.set_by,
        )
    )
    return entry.close()
