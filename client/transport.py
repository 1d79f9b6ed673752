"""HTTP as the SDK speaks it: repeats what may be repeated, turns problems into errors."""

import random
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx

from client.errors import KerasdError, read_problem

NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""Errors after which the request certainly did not reach the service."""

_BUSY_STATUSES: Final = frozenset({409, 429, 503})
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "DELETE"})
_LONGEST_PAUSE_SECONDS: Final = 5.0
_UPLOAD_READ_SECONDS: Final = 600.0

Body = bytes | Callable[[], Iterable[bytes]]
"""A request body; one that is streamed is given as a function that starts it anew for each try."""


class Transport:
    """Sends requests to one service.

    Args:
        base_url: the service's address. retries: further tries after a failed connection or a busy service.
        timeout_seconds: for connecting, and between two pieces of an answer. headers: sent with each request.
    """

    def __init__(
        self, base_url: str, *, retries: int, timeout_seconds: float, headers: Mapping[str, str] | None = None
    ) -> None:
        self.http = httpx.Client(base_url=base_url, timeout=timeout_seconds, headers=headers)
        self.base_url = base_url
        self.retries = retries
        # A large upload is read through before it is answered.
        self.upload_timeout = httpx.Timeout(timeout_seconds, read=max(timeout_seconds, _UPLOAD_READ_SECONDS))

    def request(
        self,
        method: str,
        path: str,
        *,
        is_repeatable: bool | None = None,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> httpx.Response:
        """Send a request and return its answer, read whole.

        Args:
            is_repeatable: whether sending it twice does no harm; default: what HTTP says of the method.
            options: further arguments of `httpx.Client.request`, such as `json` and `params`.
        Raises: KerasdError: the service refused or was not reached.
        """
        repeatable = method in _SAFE_METHODS if is_repeatable is None else is_repeatable
        if "params" in options:
            options["params"] = {
                name: value for name, value in options["params"].items() if value is not None
            }
        for attempt in range(self.retries + 1):
            is_last = attempt == self.retries
            content = body() if callable(body) else body
            try:
                response = self.http.request(method, path, content=content, headers=headers, **options)
            except httpx.TransportError as exc:
                if is_last or not (repeatable or isinstance(exc, NEVER_SENT)):
                    raise self.describe_failure(exc) from exc
                time.sleep(choose_pause(attempt))
                continue
            if response.is_success:
                return response
            pause = _read_pause(response, attempt)
            if is_last or not repeatable or pause is None:
                raise read_problem(response)
            time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def create(self, path: str, *, idempotency_key: str | None = None, **options: Any) -> httpx.Response:
        """POST what must come into being once, however often it has to be sent."""
        headers = {
            **(options.pop("headers", None) or {}),
            "Idempotency-Key": idempotency_key or uuid.uuid4().hex,
        }
        return self.request("POST", path, is_repeatable=True, headers=headers, **options)

    @contextmanager
    def stream(
        self, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Iterator[httpx.Response]:
        """GET an answer piece by piece, once: whoever reads knows how to go on after a break.

        Raises: KerasdError: the service refused. httpx.TransportError: the connection failed.
        """
        with self.http.stream("GET", path, headers=headers, **options) as response:
            if not response.is_success:
                response.read()
                raise read_problem(response)
            yield response

    def describe_failure(self, exc: httpx.TransportError) -> KerasdError:
        """The error for a service that could not be reached."""
        reason = str(exc) or type(exc).__name__
        if isinstance(exc, httpx.ConnectError):
            detail = (
                f"Nothing answers at {self.base_url} ({reason}). Is the service up? `kerasd up` starts one."
            )
        else:
            detail = f"The connection to {self.base_url} broke: {reason}."
        return KerasdError("No connection", detail)


def choose_pause(attempt: int) -> float:
    """Seconds to wait before try number `attempt` + 2: twice as long each time, with some chance in it."""
    longest: float = min(0.1 * 2.0**attempt, _LONGEST_PAUSE_SECONDS)
    return longest * random.uniform(0.5, 1.0)


def _read_pause(response: httpx.Response, attempt: int) -> float | None:
    """Seconds after which a busy service asks to be tried again, None when trying again is useless."""
    if response.status_code not in _BUSY_STATUSES or "retry-after" not in response.headers:
        return None
    wanted = response.headers["retry-after"]
    return min(float(wanted), _LONGEST_PAUSE_SECONDS) if wanted.isdigit() else choose_pause(attempt)
