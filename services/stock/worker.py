"""The background root of stock: publishes what it promised, books what others report, and looks at what is due."""

from services.stock.reactions import READS, due, react
from services.stock.service import STOCK
from shared.settings import Settings
from shared.worker import run

if __name__ == "__main__":
    run(STOCK, Settings(), reads=READS, react=react, due=due)
