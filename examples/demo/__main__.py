"""`make demo`: a stack of its own in a temporary folder, Kota Bengkulu in November 2024, and a check of every event."""

import asyncio
import signal
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from deploy.local.process import CannotStart
from deploy.local.stack import Ports, Stack
from examples.demo.november import November
from examples.demo.people import Refused
from examples.demo.witness import NotAsItShouldBe
from examples.printer.machine import Stop
from examples.printer.program import Away

SETTINGS = {"LOG_LEVEL": "WARNING"}


def main() -> None:
    """Exits with 0 only if everything that should have happened did, once, and in order."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="blanko-demo-") as folder,
            Stack(Path(folder), Ports.free(), environment=SETTINGS, tell=console.print) as stack,
        ):
            asyncio.run(November(stack, console).play())
    except CannotStart as reason:
        sys.exit(str(reason))
    except (NotAsItShouldBe, Refused, Stop, Away, TimeoutError) as reason:
        console.print(f"[bold red]Not as it should be:[/] {reason}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    console.print(f"[bold green]All of it held.[/] ({time.monotonic() - began:.0f} s)")


main()
