"""`make simulate`: offices at work in virtual time, on a stack of its own; then everything is compared.

python -m examples.simulator --province 65 --days 30 --seed 1 --scale 1.0 --journal play.jsonl
"""

import argparse
import asyncio
import signal
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from rich.console import Console

from deploy.local.process import CannotStart
from deploy.local.stack import Ports
from examples.simulator.desks import Unexpected
from examples.simulator.play import Wish, of_provinces
from examples.simulator.quiet import Parked
from examples.simulator.stage import SimulatedStack, begin_of, check, staged


def main() -> None:
    """Exits with 0 only if the journal and the services say the same."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    asked = _arguments()
    try:
        wish = Wish(of_provinces(asked.province), asked.first, asked.days, asked.seed, asked.scale, asked.speed)
        journal = asked.journal or Path(f"simulated-{wish.first}-{wish.seed}.jsonl")
        sys.exit(_play(wish, journal, asked.stay, console))
    except (CannotStart, ValueError, FileExistsError) as reason:
        sys.exit(str(reason))
    except KeyboardInterrupt:
        sys.exit(130)


def _play(wish: Wish, journal: Path, stay: bool, console: Console) -> int:
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="blanko-simulator-") as folder,
        SimulatedStack(Path(folder), Ports.free(), begin_of(wish), console.print) as stack,
    ):
        try:
            asyncio.run(_run(stack, journal, wish, console))
        except (Unexpected, Parked, TimeoutError) as reason:
            console.print(f"[bold red]Not as it should be:[/] {reason}")
            return 1
        console.print(f"Played in {time.monotonic() - began:.0f} s. The journal is {journal}.")
        verdict = check(journal, stack.environment_of_checks())
        if stay:
            settings = " ".join(f"{name}={value}" for name, value in stack.environment_of_checks().items())
            console.print(f"\n{settings} \\\n  python -m examples.simulator.check {journal}", soft_wrap=True)
            console.input("\nThe stack stays, and its clock stands still, until Enter is pressed. ")
        return verdict


async def _run(stack: SimulatedStack, journal: Path, wish: Wish, console: Console) -> None:
    async with staged(stack, journal, wish, console.print) as play:
        await play.run()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m examples.simulator", description="Plays offices at work.")
    parser.add_argument(
        "--province", action="append", default=[], help="its code; may be given again; none: the nation"
    )
    parser.add_argument("--first", type=date.fromisoformat, default=date(2024, 11, 1), help="the first day")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0, help="of the demand, e.g. 0.1")
    parser.add_argument("--speed", type=float, help="virtual seconds in a real one; left out: as fast as it goes")
    parser.add_argument("--journal", type=Path, help="a file that is not there yet")
    parser.add_argument("--stay", action="store_true", help="keep the stack up afterwards")
    return parser.parse_args()


main()
