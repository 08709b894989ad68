"""`make verify`: every service's history on the running stack, against its own chain and against Kafka."""

import os
import subprocess
import sys

from deploy.local.paths import home
from deploy.local.process import CannotStart
from deploy.local.stack import SERVICES, Ports, Stack


def main() -> None:
    """Exits with 1 when a break is found, or when the stack does not run."""
    command = [sys.executable, "-m", "shared.verify", "--kafka"]
    whole = True
    try:
        stack = Stack(home(), Ports.usual(os.environ), environment=os.environ)
        for service in SERVICES:
            settings = stack.settings_of(service)
            print(f"{service}: ", end="", flush=True)
            done = subprocess.run(command, env=os.environ | settings, check=False)
            whole = whole and done.returncode == 0
    except CannotStart as reason:
        sys.exit(f"Is Blanko running (make run)? {reason}")
    sys.exit(not whole)


if __name__ == "__main__":
    main()
