"""The table of a run, and `bench/out/latest.json`."""

import json
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.figures import Figure, Series

LATEST = Path(__file__).parent / "out" / "latest.json"


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure and what was found; nothing, and why, when the experiment failed."""

    figure: Figure
    series: Series | None
    void: str | None

    @property
    def value(self) -> float | None:
        return None if self.series is None or self.void else self.series.value

    @property
    def missed(self) -> bool:
        """It has a goal and did not reach it, or does not count."""
        return self.figure.goal is not None and (self.value is None or not self.figure.goal.met(self.value))


def reading(figure: Figure, series: Series) -> Reading:
    return Reading(figure, series, series.void)


def clear(file: Path = LATEST) -> None:
    """What an earlier run found is not to be taken for this one's."""
    file.unlink(missing_ok=True)


def write(readings: list[Reading], file: Path = LATEST) -> None:
    """A void figure has the value null, and its rounds, so that one can see what was found."""
    rows = [
        {
            "name": reading.figure.name,
            "value": None if reading.value is None else round(reading.value, 4),
            "unit": reading.figure.unit,
            "goal": None if reading.figure.goal is None else str(reading.figure.goal),
            "rounds": [round(value, 4) for value in reading.series.rounds] if reading.series else [],
        }
        for reading in readings
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")


def show(readings: list[Reading], console: Console) -> None:
    """Prints the table; figures without a goal are dimmed."""
    table = Table(title="Blanko, measured", caption="value: median of the rounds unless it says otherwise")
    table.add_column("figure")
    for column in ("value", "spread", "rounds", "goal"):
        table.add_column(column, justify="right")
    table.add_column("")
    for reading in readings:
        table.add_row(*_row(reading), style=None if reading.figure.goal else "dim")
    console.print(table)
    for reason in dict.fromkeys(reading.void for reading in readings if reading.void):
        names = ", ".join(reading.figure.name for reading in readings if reading.void == reason)
        console.print(f"[red]Void:[/] {names}: {reason}", highlight=False)


def _row(reading: Reading) -> tuple[str, ...]:
    figure, rounds = reading.figure, reading.series.rounds if reading.series else ()
    value = "void" if reading.value is None else _text(reading.value)
    spread = f"{_text(min(rounds))} – {_text(max(rounds))}" if rounds else ""
    verdict = "" if figure.goal is None else "[red]missed" if reading.missed else "[green]met"
    unit = "" if figure.unit == "ratio" else f" {figure.unit}"
    return figure.name, f"{value}{unit}", spread, str(len(rounds)), str(figure.goal or ""), verdict


def _text(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
