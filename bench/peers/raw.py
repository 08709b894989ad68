"""An echo with nothing around it, which shows how fast the load generator is."""

from starlette.types import Message, Receive, Scope, Send

START: Message = {"type": "http.response.start", "status": 200}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    await send({**START, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})
