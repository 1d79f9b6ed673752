"""Which sites' pages may speak to the service through a visitor's browser: its own, and no others.

Where no key is needed, whoever reaches the service may use it, and a browser reaches it for every page that it
shows. So the name by which it is spoken to must be its own (else a stranger's name that is made to lead to this
machine, DNS rebinding, would make the stranger's page one of the service), and what changes anything must not come from
a page of another origin.
"""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import ProblemError
from core.access.exposure import needs_keys
from core.settings import Settings

_SAFE_METHODS: Final = {"GET", "HEAD", "OPTIONS"}
_HOST: Final = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{1,5})?")
_OWN_SITES: Final = {b"same-origin", b"none"}
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


def is_local_name(name: str) -> bool:
    """Whether a name leads to the machine that looks it up (RFC 6761, section 6.3), or is such an address."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class OriginMiddleware:
    """Refuses requests by a name that is not the service's, and changes that pages of other origins ask for.

    Source: RFC 9110, section 7.4 (421); Fetch Metadata Request Headers (W3C); the OWASP cheat sheet on cross-site
    request forgery.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        own = urlsplit(settings.api_url).hostname
        self.names = {
            name.lower().rstrip(".") for name in (*settings.allowed_hosts, settings.host, own or "")
        }
        self.checks_names = bool(settings.allowed_hosts) or not needs_keys(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = self._find_problem(scope) if scope["type"] == "http" else None
        if problem is None:
            await self.app(scope, receive, send)
        else:
            await problem.respond()(scope, receive, send)

    def _find_problem(self, scope: Scope) -> ProblemError | None:
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if not hosts and scope["http_version"] == "1.0":
            hosts = [b"localhost"]  # of a time before the header; no browser sends that
        if len(hosts) != 1 or (found := _HOST.fullmatch(hosts[0])) is None:
            return _bad_host(hosts)
        if self.checks_names and not self._is_own(found[1].decode().lower()):
            return _wrong_host(found[1].decode())
        if scope["method"] not in _SAFE_METHODS:
            return _find_foreign_origin(scope["headers"], hosts[0])
        return None

    def _is_own(self, name: str) -> bool:
        name = name.strip("[]").rstrip(".")
        return is_local_name(name) or name in self.names


def _find_foreign_origin(headers: Iterable[tuple[bytes, bytes]], host: bytes) -> ProblemError | None:
    origin = site = None
    for name, value in headers:
        if name == b"x-api-key" or (name == b"authorization" and value[:7].lower() == b"bearer "):
            return None  # no page of another origin can add these: browsers would ask the service first
        if name == b"sec-fetch-site":
            site = value
        elif name == b"origin":
            origin = value
    if site is not None:
        return None if site in _OWN_SITES else _foreign(origin, host)
    if origin is None or _names_host(origin, host):
        return None  # what is no browser names no origin
    return _foreign(origin, host)


def _names_host(origin: bytes, host: bytes) -> bool:
    """Whether an origin is at this host; its scheme is not looked at, since proxies change it."""
    scheme, _, place = origin.decode("latin-1").lower().partition("://")
    named = host.decode("latin-1").lower()
    default = _DEFAULT_PORTS.get(scheme, "")
    return place.removesuffix(default) == named.removesuffix(default) != ""


def _bad_host(hosts: list[bytes]) -> ProblemError:
    found = ", ".join(repr(host.decode("latin-1")[:100]) for host in hosts) or "none"
    detail = f"A request needs one header Host with a name or an address; found {found}."
    return ProblemError(400, detail, name="bad-host", headers={"Connection": "close"})


def _wrong_host(name: str) -> ProblemError:
    detail = (
        f"The service does not answer to the name {name[:100]!r}. Use localhost or 127.0.0.1, or name it in the "
        "setting allowed_hosts, or let the service ask for keys (setting require_keys)."
    )
    return ProblemError(421, detail, name="unknown-host", headers={"Connection": "close"})


def _foreign(origin: bytes | None, host: bytes) -> ProblemError:
    place = repr(origin.decode("latin-1")[:100]) if origin else "another site"
    own = host.decode("latin-1")[:100]
    detail = (
        f"A page of {place} asked for this through a browser, and {own!r} takes changes from its own pages alone. "
        "A program that is no page sends its key in the header Authorization or X-API-Key, and no Origin."
    )
    return ProblemError(403, detail, name="foreign-origin", headers={"Connection": "close"})
