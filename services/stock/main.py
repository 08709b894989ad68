"""The web root of stock: `uvicorn services.stock.main:app`."""

from services.stock.api import api
from services.stock.service import STOCK
from shared.http import create_app
from shared.settings import Settings

app = create_app(STOCK, api, settings=Settings())
