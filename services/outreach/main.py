"""The web root of outreach: `uvicorn services.outreach.main:app`."""

from services.outreach.api import api
from services.outreach.service import OUTREACH
from shared.http import create_app
from shared.settings import Settings

app = create_app(OUTREACH, api, settings=Settings())
