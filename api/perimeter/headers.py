"""The headers that tell browsers what the service's answers may do."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]

_PAGES: Final = ("/dashboard", "/docs")

# What plotly.min.js adds to a page: an empty style sheet, which it fills by script, and the one of its maps.
_EMPTY_STYLE: Final = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
_MAP_STYLE: Final = "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='"

_PAGE_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        f"style-src 'self' {_EMPTY_STYLE} {_MAP_STYLE}",
        "img-src 'self' data: blob:",  # icons in style sheets; charts that are saved as pictures
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_DATA_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"
)
_UNUSED_FEATURES: Final = (
    "accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "hid",
    "magnetometer", "microphone", "midi", "payment", "serial", "usb",
)  # fmt: skip


def _encode(**headers: str) -> Headers:
    return [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]


_EVERYWHERE: Final = _encode(
    x_content_type_options="nosniff",
    # Not `no-referrer`: with it, browsers hide the origin of the service's own forms from the service.
    referrer_policy="same-origin",
    cross_origin_opener_policy="same-origin",
    cross_origin_resource_policy="same-origin",
    permissions_policy=", ".join(f"{name}=()" for name in _UNUSED_FEATURES),
)
# Pages and their scripts are asked for anew each time, so that an upgrade counts at once; data is kept nowhere.
_PAGE_HEADERS: Final = _EVERYWHERE + _encode(content_security_policy=_PAGE_POLICY, cache_control="no-cache")
_DATA_HEADERS: Final = _EVERYWHERE + _encode(content_security_policy=_DATA_POLICY, cache_control="no-store")


class SecurityHeadersMiddleware:
    """Gives each answer the headers that it does not have yet.

    Source: the OWASP Secure Headers Project; Content Security Policy Level 3 (W3C).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = _PAGE_HEADERS if scope["path"].startswith(_PAGES) else _DATA_HEADERS

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", ()))
                names = {name.lower() for name, _ in given}
                message = {**message, "headers": given + [pair for pair in headers if pair[0] not in names]}
            await send(message)

        await self.app(scope, receive, send_with_headers)
