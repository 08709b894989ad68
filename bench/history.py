"""What a long past costs: replaying all of it, and the first command on a stream that has one."""

import asyncio
from functools import partial

from bench.books import Books
from bench.figures import Effort, Figure, Findings, Series, Void, at_least, at_most, interleaved, measures, series
from bench.helper import Helper
from bench.log import connect
from bench.past import FACTS, LONG, LONG_FACTS, SHORT, Past
from bench.site import Site

_PAST = "past"


def past(site: Site) -> Books:
    """The database with a million facts; written when first asked for."""
    books = site.kept.get(_PAST)
    if books is None:
        books = site.kept[_PAST] = Books(site, _PAST)
        asyncio.run(_write(books.owner_url))
        books.sql("vacuum analyze; checkpoint")
    assert isinstance(books, Books)
    return books


async def _write(url: str) -> None:
    owner = await connect(url)
    await Past().write(owner)
    await owner.close()


@measures(
    Figure("replay_vs_copy", at_least(0.8)),
    Figure("replay_vs_copy_of_what_it_reads"),
    Figure("replay", unit="/s"),
)
def replay(site: Site, effort: Effort) -> Findings:
    """The typed fold of all facts ÷ a COPY of the same events, thrown away undecoded as they come.

    The fold reads two of their twelve columns; the figure beside it compares it with a COPY of just these.
    """
    url = past(site).url
    with Helper("bench.helpers.replay", site.folder / "replay.log") as helper:
        modes = {how: partial(helper.ask, url=url, how=how) for how in ("folded", "events", "two columns")}
        rounds = interleaved(modes, effort.rounds)
    for answer in (r["folded"] for r in rounds):
        if answer["differing"] or answer["facts"] < FACTS:
            raise Void(f"of {answer['facts']} facts {answer['differing']} streams were folded into another state")

    def beside(how: str) -> Series:
        return series([r[how]["seconds"] / r["folded"]["seconds"] for r in rounds])

    return {
        "replay_vs_copy": beside("events"),
        "replay_vs_copy_of_what_it_reads": beside("two columns"),
        "replay": series([r["folded"]["facts"] / r["folded"]["seconds"] for r in rounds]),
    }


@measures(Figure("load_long_vs_short", at_most(1.2)), Figure("load_long", unit="ms"))
def load(site: Site, effort: Effort) -> Findings:
    """The first command on a stream of 100,000 facts ÷ on one of ten, in a process that has not met it yet.

    Each round is a new process. Within it every sample has a new ledger, whose connection has been used for another
    stream before, so that connecting does not hide the difference; long and short take turns, and medians count.
    """
    books = past(site)
    if int(books.sql(f"select version from streams where stream = '{LONG}'")) < LONG_FACTS:
        raise Void(f"{LONG} has fewer than {LONG_FACTS} facts")
    rounds = []
    for number in range(effort.rounds):
        short = SHORT[number :: effort.rounds]
        with Helper("bench.helpers.load_stream", site.folder / "load_stream.log") as helper:
            rounds.append(helper.ask(url=books.url, long=LONG, short=short))
    return {
        "load_long_vs_short": series([answer["long_ms"] / answer["short_ms"] for answer in rounds]),
        "load_long": series([answer["long_ms"] for answer in rounds]),
    }
