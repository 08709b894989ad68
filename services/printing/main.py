"""The web root of printing: `uvicorn services.printing.main:app`."""

from services.printing.api import api
from services.printing.service import PRINTING
from shared.http import create_app
from shared.settings import Settings

app = create_app(PRINTING, api, settings=Settings())
