"""The limit on the size of a request's body, kept while the body arrives."""

import re
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.principal import Principal
from api.errors import ProblemError
from core.settings import Settings

_UPLOAD_PATHS: Final = re.compile(r"/v1/(models|datasets|jobs/[^/]+/predict)")
_TEXT_TYPES: Final = re.compile(
    r"application/(json|.*\+json|yaml|x-yaml|x-www-form-urlencoded)|text/(x-)?yaml"
)
_SESSION_BYTES: Final = 4096
_DRAIN_BYTES: Final = 32 * 1024**2


def find_limit(path: str, media_type: str, settings: Settings) -> tuple[str, int]:
    """What limits a body, in words and in bytes."""
    if path == "/v1/session":
        return "it holds a key and nothing else", _SESSION_BYTES
    is_text = _TEXT_TYPES.fullmatch(media_type) is not None
    if _UPLOAD_PATHS.fullmatch(path) and not is_text:
        return "setting max_upload_bytes", settings.max_upload_bytes
    if path == "/v1/models":
        return "setting max_definition_bytes", settings.max_definition_bytes
    return "setting max_body_bytes", settings.max_body_bytes


class BodyLimitMiddleware:
    """Refuses a body over its limit with a 413 problem, announced or in chunks."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        setting, limit = find_limit(scope["path"], media_type, self.settings)
        principal: Principal | None = scope.get("state", {}).get("principal")
        if (
            principal is not None
            and principal.max_body_bytes is not None
            and principal.max_body_bytes < limit
        ):
            setting, limit = "max_body_bytes of the key", principal.max_body_bytes
        announced = headers.get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            if "expect" not in headers:
                await _drain(receive)
            await _too_large(setting, limit, announced).respond()(scope, receive, send)
            return
        await self.app(scope, _LimitedReceive(receive, setting, limit), send)


class _LimitedReceive:
    """Passes the body on and raises once it has grown over the limit."""

    def __init__(self, receive: Receive, setting: str, limit: int) -> None:
        self.receive = receive
        self.setting = setting
        self.limit = limit
        self.received = 0

    async def __call__(self) -> Message:
        message = await self.receive()
        if message["type"] == "http.request":
            self.received += len(message.get("body", b""))
            if self.received > self.limit:
                raise _too_large(self.setting, self.limit, f"{self.received} or more")
        return message


def _too_large(setting: str, limit: int, found: str) -> ProblemError:
    detail = (
        f"The body has {found} bytes and the limit is {limit} ({setting}). "
        "Send less, or ask whoever runs the server to raise it."
    )
    return ProblemError(413, detail, name="body-too-large", headers={"Connection": "close"})


async def _drain(receive: Receive) -> None:
    """Read off a moderate excess: a connection closed on unread bytes would swallow the answer."""
    drained = 0
    while drained < _DRAIN_BYTES:
        try:
            message = await receive()
        except ProblemError:
            return  # too slow as well
        if message["type"] != "http.request" or not message.get("more_body"):
            return
        drained += len(message.get("body", b""))
