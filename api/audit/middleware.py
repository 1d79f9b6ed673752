"""Notes each request that would change something, let in or refused."""

import re
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.authenticator import NOBODY, Authenticator
from api.access.principal import Principal
from api.audit.writer import AuditWriter
from api.perimeter.rates import find_address, is_report
from core.database import utc_now
from core.identifiers import new_id

_SAFE_METHODS: Final = {"GET", "HEAD", "OPTIONS"}
_ID: Final = re.compile(r"[a-z]{3}_[0-9A-Z]{26}")
_LONGEST_ROUTE: Final = 200


class AuditMiddleware:
    """Gives the audit log an entry once the status of an answer is known; reports of metrics are no news."""

    def __init__(self, app: ASGIApp, authenticator: Authenticator, writer: AuditWriter) -> None:
        self.app = app
        self.authenticator = authenticator
        self.writer = writer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in _SAFE_METHODS or is_report(scope):
            await self.app(scope, receive, send)
            return

        async def send_and_note(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.writer.note(self._describe(scope, message))
            await send(message)

        await self.app(scope, receive, send_and_note)

    def _describe(self, scope: Scope, message: Message) -> dict[str, Any]:
        principal: Principal | None = scope["state"].get("principal")
        if principal is None and not self.authenticator.needs_keys:
            principal = NOBODY
        return {
            "id": new_id("aud"),
            "at": utc_now(),
            "project_id": principal and principal.project_id,
            "key_id": principal and principal.key_id,
            "address": find_address(scope)[:100],
            "method": scope["method"][:20],
            "route": _find_route(scope),
            "object_id": _find_object(scope, message),
            "status": message["status"],
            "request_id": scope["state"]["request_id"],
        }


def _find_route(scope: Scope) -> str:
    """The address as the documentation has it; of a request that got to no route, what is left without ids."""
    route = scope.get("route")
    path = getattr(route, "path", None) or _ID.sub("{id}", scope["path"])
    return path.encode("ascii", "replace").decode().replace("\x00", "?")[:_LONGEST_ROUTE]


def _find_object(scope: Scope, message: Message) -> str | None:
    """What was made, else what the address names."""
    for name, value in message.get("headers", ()):
        if name.lower() == b"location" and (made := _ID.search(value.decode("latin-1"))):
            return made[0]
    named = _ID.findall(scope["path"])
    return named[-1] if named else None
