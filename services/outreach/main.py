"""The web root of outreach: `uvicorn services.outreach.main:app`."""

from services.outreach.api import api
from services.outreach.sealing import Keyring
from services.outreach.service import OUTREACH
from shared.http import create_app
from shared.settings import Settings

app = create_app(OUTREACH, api, settings=Settings())
# Now, and not at the first request: a service that cannot seal does not start.
app.state.keyring = Keyring.of_settings()
