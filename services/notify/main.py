"""The web root of notify: `uvicorn services.notify.main:app`."""

from services.notify.api import api
from services.notify.service import NOTIFY
from shared.http import create_app
from shared.settings import Settings

app = create_app(NOTIFY, api, settings=Settings(), misses="notices")
