"""The background root of stock: publishes what it promised, and books what printing printed and spoiled."""

from services.stock.reactions import READS, react
from services.stock.service import STOCK
from shared.settings import Settings
from shared.worker import run

if __name__ == "__main__":
    run(STOCK, Settings(), reads=READS, react=react)
