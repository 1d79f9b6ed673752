"""The name of each request, in its answer and in every line that is logged for it."""

import logging
import re
import secrets
from contextvars import ContextVar
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEADER: Final = b"x-request-id"
_GIVEN: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_current: Final[ContextVar[str]] = ContextVar("request_id", default="-")


class RequestIdMiddleware:
    """Names each request by its header X-Request-ID, which a proxy may have set, or by a new random name."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == _HEADER), b"")
        request_id = given if _GIVEN.fullmatch(given) else secrets.token_hex(8).encode()
        scope.setdefault("state", {})["request_id"] = request_id.decode()
        # Never taken back: each request has a context of its own, and its failure is logged after this returns.
        _current.set(request_id.decode())

        async def send_with_name(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), (_HEADER, request_id)]}
            await send(message)

        await self.app(scope, receive, send_with_name)


class RequestIdFilter(logging.Filter):
    """Gives each record of a log the field `request_id`."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = _current.get()
        return True
