"""How a notice leaves Blanko: e-mail, signed webhooks, gateways to telephones and chats."""

from services.notify.channels.channels import Channels
from services.notify.channels.limiter import Limiter, RateLimit
from services.notify.channels.message import Attachment, Destination, Kind, Message, Outcome, Result
from services.notify.channels.settings import ChannelSettings, Security
from services.notify.channels.webhook import may_be_kept

__all__ = [
    "Attachment",
    "ChannelSettings",
    "Channels",
    "Destination",
    "Kind",
    "Limiter",
    "Message",
    "Outcome",
    "RateLimit",
    "Result",
    "Security",
    "may_be_kept",
]
