"""How many requests somebody may send, and how many wrong credentials."""

import math
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.presented import find_credential
from api.access.principal import Principal
from api.errors import ProblemError
from core.access.exposure import needs_keys
from core.settings import Settings

_WINDOW_SECONDS: Final = 60
_DEFAULT_PER_MINUTE: Final = 1200
_REPORT_FACTOR: Final = 50
"""Reports of metrics are many and small, and a run that waits for them is a loss."""
_REPORTS: Final = re.compile(r"/v1/jobs/[^/]+/(metrics|publish/epoch/end/)")
_MAX_KNOWN: Final = 100_000


@dataclass(frozen=True)
class Allowance:
    """What is left after a request: how many more at once, and when there is all again."""

    is_granted: bool
    remaining: int
    reset_seconds: float
    retry_seconds: float = 0


class Buckets:
    """A token bucket for each name: a minute's worth, refilled evenly.

    Each is one number, the moment at which it would be full (the generic cell rate algorithm: ATM Forum, Traffic
    Management 4.0). Full ones are forgotten.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def take(self, name: str, per_minute: int) -> Allowance:
        """Take a token from a bucket, if there is one."""
        return self._look(name, per_minute, cost=1)

    def look(self, name: str, per_minute: int) -> Allowance:
        """Tell whether there is a token."""
        return self._look(name, per_minute, cost=0)

    def _look(self, name: str, per_minute: int, cost: int) -> Allowance:
        now = self._clock()
        interval = _WINDOW_SECONDS / per_minute
        missing = max(self._full_at.get(name, now) - now, 0.0)
        excess = missing + interval - _WINDOW_SECONDS
        if excess > 1e-9:
            return Allowance(False, 0, missing, excess)
        missing += cost * interval
        if cost:
            self._full_at[name] = now + missing
            self._full_at.move_to_end(name)
            self._forget(now)
        return Allowance(True, round((_WINDOW_SECONDS - missing) / interval - 0.5 + 1e-9), missing)

    def _forget(self, now: float) -> None:
        while self._full_at:
            name, full_at = next(iter(self._full_at.items()))
            if full_at > now and len(self._full_at) <= _MAX_KNOWN:
                return
            del self._full_at[name]


class RateLimitMiddleware:
    """Refuses requests of a principal that sends too many, with a 429 problem; tells everybody what is left.

    Source: draft-ietf-httpapi-ratelimit-headers-10 (RateLimit-Policy, RateLimit); RFC 9110, section 10.2.3
    (Retry-After).
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        default = _DEFAULT_PER_MINUTE if needs_keys(settings) else 0
        self.per_minute = default if settings.requests_per_minute is None else settings.requests_per_minute
        self.buckets = Buckets()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        principal = scope.get("state", {}).get("principal") if scope["type"] == "http" else None
        per_minute = 0 if principal is None else self._find_limit(principal)
        if principal is None or per_minute == 0:
            await self.app(scope, receive, send)
            return
        policy = "reports" if is_report(scope) else "requests"
        if policy == "reports":
            per_minute *= _REPORT_FACTOR
        bearer = principal.key_id or principal.job_id or find_address(scope)
        allowance = self.buckets.take(f"{policy} {bearer}", per_minute)
        headers = _tell(policy, per_minute, allowance)

        async def send_with_limits(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *headers]}
            await send(message)

        if allowance.is_granted:
            await self.app(scope, receive, send_with_limits)
        else:
            detail = f"These are more than {per_minute} {policy} a minute; more are taken again in a moment."
            await _too_many(detail, allowance).respond()(scope, receive, send_with_limits)

    def _find_limit(self, principal: Principal) -> int:
        return self.per_minute if principal.requests_per_minute is None else principal.requests_per_minute


class FailureLimitMiddleware:
    """Refuses addresses that send many wrong credentials, with a 429 problem; those that were right go on.

    It stands before authentication and looks at its answers.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.per_minute = settings.wrong_credentials_per_minute
        self.buckets = Buckets()
        # Hashes, so that no credential outlives its request here.
        self.right: OrderedDict[int, None] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        credential = _find_credential(scope) if scope["type"] == "http" else None
        if credential is None:
            await self.app(scope, receive, send)
            return
        address = find_address(scope)
        if credential not in self.right:
            allowance = self.buckets.look(address, self.per_minute)
            if not allowance.is_granted:
                detail = f"Too many wrong credentials came from {address}."
                await _too_many(detail, allowance).respond()(scope, receive, send)
                return

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._count(address, credential, is_wrong=message["status"] == 401)
            await send(message)

        await self.app(scope, receive, send_and_count)

    def _count(self, address: str, credential: int, *, is_wrong: bool) -> None:
        if is_wrong:
            self.right.pop(credential, None)
            self.buckets.take(address, self.per_minute)
        elif credential != _UNKNOWN:
            self.right[credential] = None
            self.right.move_to_end(credential)
            if len(self.right) > _MAX_KNOWN:
                self.right.popitem(last=False)


def is_report(scope: Scope) -> bool:
    """Whether a request brings metrics of a run."""
    return scope["method"] == "POST" and _REPORTS.fullmatch(scope["path"]) is not None


def find_address(scope: Scope) -> str:
    """Where a request came from, as the server tells it."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


_UNKNOWN: Final = 0
"""For credentials in a body, or malformed ones."""


def _find_credential(scope: Scope) -> int | None:
    """The hash of the credential that a request brings; None where it brings none."""
    if scope["path"] == "/v1/session" and scope["method"] == "POST":
        return _UNKNOWN
    try:
        found = find_credential(scope["headers"])
    except ProblemError:
        return _UNKNOWN
    return None if found is None else hash(found) or 1


def _tell(policy: str, per_minute: int, allowance: Allowance) -> list[tuple[bytes, bytes]]:
    left = f'"{policy}";r={allowance.remaining};t={math.ceil(allowance.reset_seconds)}'
    return [
        (b"ratelimit-policy", f'"{policy}";q={per_minute};w={_WINDOW_SECONDS}'.encode()),
        (b"ratelimit", left.encode()),
    ]


def _too_many(detail: str, allowance: Allowance) -> ProblemError:
    seconds = max(1, math.ceil(allowance.retry_seconds))
    detail += f" Try again in {seconds} second{'s' if seconds > 1 else ''}."
    return ProblemError(429, detail, name="too-many-requests", headers={"Retry-After": str(seconds)})
