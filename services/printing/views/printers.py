"""What printers made, and what was put into them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

_CHANGES = text("""
select printer, item, at, quantity as cards, location
  from day_book
 where office = :office and kind = 'RIBBON' and at >= :since
   and (cast(:printer as text) is null or printer = :printer)
 order by printer, at desc, subject
""")
_MADE_SINCE = text("""
select count(*)
  from day_book
 where office = :office and kind in ('PRINTED', 'SPOILED') and printer = :printer
   and at > :since and at <= :until
""")
# One reading of the office's lines, however many printers it has.
_MADE = text("""
with changed as (
    select printer, max(at) filter (where item = 'RIBBON') as ribbon, max(at) filter (where item = 'FILM') as film
      from day_book
     where office = :office and kind = 'RIBBON' and at >= :since
     group by printer
)
select d.printer, max(d.at) as last_at,
       count(*) filter (where d.kind = 'PRINTED' and d.at >= :recent) as printed,
       count(*) filter (where d.kind = 'SPOILED' and d.at >= :recent) as spoiled,
       count(*) filter (where d.at > c.ribbon) as since_ribbon,
       count(*) filter (where d.at > c.film) as since_film
  from day_book d
  left join changed c on c.printer = d.printer
 where d.office = :office and d.kind in ('PRINTED', 'SPOILED')
   and d.at >= least(:recent, (select min(least(ribbon, film)) from changed))
 group by d.printer
 order by d.printer
""")


async def changes_of(
    connection: AsyncConnection, office: str, since: datetime, printer: str | None = None
) -> Sequence[RowMapping]:
    """Changes of ribbon and film since that moment, the newest of each printer first, of one printer or of all."""
    asked = {"office": office, "since": since, "printer": printer}
    return (await connection.execute(_CHANGES, asked)).mappings().all()


async def made_since(connection: AsyncConnection, office: str, printer: str, since: datetime, until: datetime) -> int:
    """Cards printed and blanks spoiled that a printer reported of the time after `since`, `until` included."""
    asked = {"office": office, "printer": printer, "since": since, "until": until}
    return int((await connection.execute(_MADE_SINCE, asked)).scalar_one())


async def made(connection: AsyncConnection, office: str, since: datetime, recent: datetime) -> Sequence[RowMapping]:
    """Of every printer the cards printed and the blanks spoiled since `recent`, and both since its last changes.

    Changes before `since` are not looked for.
    """
    asked = {"office": office, "since": since, "recent": recent}
    return (await connection.execute(_MADE, asked)).mappings().all()
