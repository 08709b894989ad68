"""The background root of printing: publishes what was printed, hears of stock's levels and of who is print ready."""

from services.printing.reactions import READS, react
from services.printing.service import PRINTING
from shared.settings import Settings
from shared.worker import run

if __name__ == "__main__":
    run(PRINTING, Settings(), reads=READS, react=react)
