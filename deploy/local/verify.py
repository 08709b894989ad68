"""`make verify`: every service's history on the running stack, against its own chain and against Kafka."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence

from deploy.local.paths import home
from deploy.local.process import CannotStart
from deploy.local.stack import SERVICES, Ports, Stack


def for_each_service(command: Callable[[str], Sequence[str]]) -> None:
    """Runs a module, with arguments, in the settings of each service in turn.

    Exits with 1 when one of them did, or when the stack does not run.
    """
    whole = True
    try:
        stack = Stack(home(), Ports.usual(os.environ), environment=os.environ)
        for service in SERVICES:
            settings = stack.settings_of(service)
            print(f"{service}: ", end="", flush=True)
            done = subprocess.run([sys.executable, "-m", *command(service)], env=os.environ | settings, check=False)
            whole = whole and done.returncode == 0
    except CannotStart as reason:
        sys.exit(f"Is Blanko running (make run)? {reason}")
    sys.exit(not whole)


if __name__ == "__main__":
    for_each_service(lambda _: ("shared.verify", "--kafka"))
