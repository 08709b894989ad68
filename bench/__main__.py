"""`python -m bench [name,name] [--quick]`: measures all figures, or the named ones and those measured with them."""

import argparse
import importlib
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from bench import report
from bench.figures import MEASUREMENTS, Effort, Measurement, Void
from bench.report import Reading
from bench.site import Site
from deploy.local.process import CannotStart

EXPERIMENTS = (
    "web",
    "receiving",
    "appends",
    "history",
    "growth",
    "printing",
    "sync",
    "forecast",
    "loop",
    "inbox",
    "outage",
    "whole",
)
FULL = Effort(rounds=5, seconds=3)
QUICK = Effort(rounds=5, seconds=1, events=200_000)


def main() -> None:
    """Exits with 1 when a goal was missed or a figure is void, with 2 when a name is unknown."""
    for name in EXPERIMENTS:
        importlib.import_module(f"bench.{name}")
    parser = argparse.ArgumentParser(description="Measures Blanko, side by side with its peers.")
    parser.add_argument("only", nargs="?", default="", help="names of figures, parted by commas")
    parser.add_argument("--quick", action="store_true", help="windows of a second, a past of days: does it work?")
    wish = parser.parse_args()
    chosen = _chosen([name for name in wish.only.split(",") if name], parser)
    report.clear()
    readings = _measure(chosen, QUICK if wish.quick else FULL, Console(stderr=True))
    report.write(readings)
    report.show(readings, Console(width=None if sys.stdout.isatty() else 110))
    sys.exit(any(reading.missed for reading in readings))


def _chosen(names: list[str], parser: argparse.ArgumentParser) -> list[Measurement]:
    known = {figure.name: measurement for measurement in MEASUREMENTS for figure in measurement.figures}
    if strangers := [name for name in names if name not in known]:
        parser.error(f"no figure is called {', '.join(strangers)}; there are {', '.join(known)}")
    return [m for m in MEASUREMENTS if not names or any(known[name] is m for name in names)]


def _measure(chosen: list[Measurement], effort: Effort, console: Console) -> list[Reading]:
    readings: list[Reading] = []
    with tempfile.TemporaryDirectory(prefix="blanko-bench-") as folder, Site(Path(folder)) as site:
        for measurement in chosen:
            began = time.monotonic()
            with console.status(", ".join(figure.name for figure in measurement.figures if figure.goal)):
                readings += _readings(measurement, site, effort)
            first = measurement.figures[0].name
            console.print(f"{first}: {time.monotonic() - began:.0f} s", highlight=False)
    return readings


def _readings(measurement: Measurement, site: Site, effort: Effort) -> list[Reading]:
    try:
        findings = measurement.run(site, effort)
    except (Void, CannotStart) as reason:
        return [Reading(figure, None, str(reason)) for figure in measurement.figures]
    return [report.reading(figure, findings[figure.name]) for figure in measurement.figures]


if __name__ == "__main__":
    main()
