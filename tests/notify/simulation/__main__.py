"""`python -m tests.notify.simulation SEED` plays a seed again and shows each step."""

import sys

from tests.notify.simulation.scheduler import run

if __name__ == "__main__":
    run(int(sys.argv[1]), print)
