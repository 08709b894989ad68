"""How fast the ledger appends, beside pgbench and the `eventsourcing` library.

An append is a whole command: event with sequence and hash, state, key and a row of the view `balances`.
"""

from collections.abc import Callable
from functools import partial

from bench.books import Books
from bench.figures import Effort, Figure, Findings, Void, at_least, interleaved, measures, series
from bench.helper import Helper
from bench.pgbench import PgBench
from bench.site import Site


@measures(Figure("append_1_vs_pgbench", at_least(0.8)), Figure("append_1_vs_bare_row"), Figure("append_1", unit="/s"))
def one_caller(site: Site, effort: Effort) -> Findings:
    return _beside_pgbench(site, effort, callers=1, clients=1)


@measures(
    Figure("append_32_vs_pgbench", at_least(2.5)),
    Figure("append_32_vs_bare_row"),
    Figure("append_32_vs_eventsourcing", at_least(6)),
    Figure("append_32", unit="/s"),
)
def thirty_two_callers(site: Site, effort: Effort) -> Findings:
    return _beside_pgbench(site, effort, callers=32, clients=32, library=True)


@measures(
    Figure("append_256_vs_pgbench", at_least(4)), Figure("append_256_vs_bare_row"), Figure("append_256", unit="/s")
)
def many_callers(site: Site, effort: Effort) -> Findings:
    return _beside_pgbench(site, effort, callers=256, clients=32)


def _beside_pgbench(site: Site, effort: Effort, callers: int, clients: int, library: bool = False) -> Findings:
    books = Books(site, f"append_{callers}").opened()
    with (
        Helper("bench.helpers.appends", site.folder / "appends.log") as ledger,
        Helper("bench.helpers.aggregates", site.folder / "aggregates.log") as aggregates,
    ):
        append_rate(ledger, books, callers, 1)  # leaves the row that pgbench copies
        pgbench = PgBench(site, books)
        modes: dict[str, Callable[[], float]] = {
            "ledger": partial(append_rate, ledger, books, callers, effort.seconds),
            "same rows": partial(pgbench.rate, "same_rows", clients, effort.seconds),
            "bare row": partial(pgbench.rate, "bare_row", clients, effort.seconds),
        }
        if library:
            modes["library"] = partial(_library, aggregates, site, callers, effort.seconds)
        rounds = interleaved(modes, effort.rounds)
    name = f"append_{callers}"
    found = {
        f"{name}_vs_pgbench": series([r["ledger"] / r["same rows"] for r in rounds]),
        f"{name}_vs_bare_row": series([r["ledger"] / r["bare row"] for r in rounds]),
        name: series([r["ledger"] for r in rounds]),
    }
    if library:
        found[f"{name}_vs_eventsourcing"] = series([r["ledger"] / r["library"] for r in rounds])
    return found


def append_rate(helper: Helper, books: Books, callers: int, seconds: int) -> float:
    """Appends a second of `bench.helpers.appends`. Raises `Void` unless each that was answered is stored."""
    books.reset()
    answer = helper.ask(url=books.url, callers=callers, seconds=seconds)
    if books.facts() != answer["answered"]:
        raise Void(f"{answer['answered']} appends were answered, {books.facts()} facts are stored")
    return float(answer["rate"])


def _library(helper: Helper, site: Site, callers: int, seconds: int) -> float:
    url = site.postgres.url
    site.postgres.drop_database("library")
    site.postgres.sql("create database library; checkpoint")
    answer = helper.ask(url=url, database="library", callers=callers, seconds=seconds)
    stored = int(site.postgres.sql("select count(*) from bookkeeping_events", "library"))
    if stored != answer["saved"]:
        raise Void(f"eventsourcing saved {answer['saved']} events, {stored} are stored")
    return float(answer["rate"])
