"""Where too many blanks are spoiled, which batches nothing is printed on, and what is alarming."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import exp, lgamma, log, log1p

from sqlalchemy import RowMapping, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from services.printing.views.tables import alarms, quarantine

EXPECTED = 0.01
"""The share of blanks that is spoiled where nothing is wrong: "about 1 % of blanks are spoiled" (`DOMAIN.md`)."""
UNLIKELY = 0.001
"""With fifty printers, batches and operators looked at, one is flagged for nothing in twenty looks."""
AT_LEAST = 3
"""Spoiled blanks; fewer are no pattern, however few cards were printed beside them."""

_BLANKS = text("""
select printer, batch, operator, cause, count(*) as blanks
  from day_book
 where office = :office and at >= :since and at < :until and kind in ('PRINTED', 'SPOILED')
 group by printer, batch, operator, cause
""")


@dataclass(slots=True)
class Blanks:
    """What became of blanks: printed and spoiled."""

    printed: int = 0
    spoiled: int = 0

    def add(self, blanks: int, spoiled: bool) -> None:
        if spoiled:
            self.spoiled += blanks
        else:
            self.printed += blanks

    @property
    def share(self) -> float | None:
        """The spoiled share of all blanks used; None if none was."""
        return share(self.printed, self.spoiled)

    @property
    def flagged(self) -> bool:
        """Whether so many are spoiled significantly more often than expected.

        They are if there are at least `AT_LEAST`, and if as many or more of so many blanks would be spoiled
        by chance, at the `EXPECTED` share, less often than `UNLIKELY`: the one-sided exact binomial test.
        """
        return self.spoiled >= AT_LEAST and chance_of(self.spoiled, self.printed + self.spoiled) < UNLIKELY


@dataclass(slots=True)
class Spoilage:
    """All blanks of a time, and the same by printer, batch and operator (None: not told); spoiled ones by cause."""

    all: Blanks = field(default_factory=Blanks)
    printers: dict[str | None, Blanks] = field(default_factory=dict)
    batches: dict[str | None, Blanks] = field(default_factory=dict)
    operators: dict[str | None, Blanks] = field(default_factory=dict)
    causes: dict[str, int] = field(default_factory=dict)


def share(printed: int, spoiled: int) -> float | None:
    """The spoiled share of all blanks used, to four digits; None if none was."""
    return round(spoiled / (printed + spoiled), 4) if printed + spoiled else None


def chance_of(spoiled: int, blanks: int, expected: float = EXPECTED) -> float:
    """How likely it is that of so many blanks so many or more are spoiled, each with the `expected` chance."""
    if spoiled <= 0:
        return 1.0
    if spoiled > blanks:
        return 0.0
    if spoiled <= blanks * expected:
        # From above its mean the distribution only falls, so that nothing is lost: the others are what is counted.
        return 1.0 - chance_of(blanks - spoiled + 1, blanks, 1 - expected)
    # By logarithms, for the factorials of thousands are beyond any float; from term to term it is a product.
    ways = lgamma(blanks + 1) - lgamma(spoiled + 1) - lgamma(blanks - spoiled + 1)
    term = exp(ways + spoiled * log(expected) + (blanks - spoiled) * log1p(-expected))
    chance = 0.0
    for k in range(spoiled, blanks + 1):
        chance += term
        term *= (blanks - k) / (k + 1) * expected / (1 - expected)
        if term <= chance * sys.float_info.epsilon:
            break
    return chance


async def spoilage(connection: AsyncConnection, office: str, since: datetime, until: datetime) -> Spoilage:
    """What became of an office's blanks from `since` to just before `until`."""
    found = Spoilage()
    for row in await connection.execute(_BLANKS, {"office": office, "since": since, "until": until}):
        spoiled = row.cause is not None
        found.all.add(row.blanks, spoiled)
        for name, blanks in (
            (row.printer, found.printers),
            (row.batch, found.batches),
            (row.operator, found.operators),
        ):
            blanks.setdefault(name, Blanks()).add(row.blanks, spoiled)
        if spoiled:
            found.causes[row.cause] = found.causes.get(row.cause, 0) + row.blanks
    return found


async def quarantined(connection: AsyncConnection, office: str) -> Sequence[RowMapping]:
    """The office's batches in quarantine, by name."""
    q = quarantine.c
    query = (
        select(q.batch, q.first_serial, q.last_serial, q.note, q.quarantined_at, q.quarantined_by)
        .where(q.office == office)
        .order_by(q.batch)
    )
    return (await connection.execute(query)).mappings().all()


async def alarms_of(
    connection: AsyncConnection,
    offices: Sequence[str],
    before: tuple[datetime, str, str, int] | None,
    limit: int,
) -> Sequence[RowMapping]:
    """The alarms of these offices, the newest first; `before` is the last one seen: when, office, kind and number."""
    key = (alarms.c.at, alarms.c.office, alarms.c.kind, alarms.c.number)
    query = select(alarms).where(alarms.c.office.in_(offices)).order_by(*(column.desc() for column in key)).limit(limit)
    if before is not None:
        query = query.where(tuple_(*key) < tuple_(*before))
    return (await connection.execute(query)).mappings().all()
