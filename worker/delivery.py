"""Carries spooled points to the API in the background, in order, until they have arrived."""

import json
import logging
import ssl
import threading
import time
from functools import cache

import httpx

from worker.spool import Spool

_BATCH_POINTS = 500
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0
_TIMEOUT_SECONDS = 10.0
_BARRED = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN})
_MOST_REFUSALS = 3
_PASSING = frozenset(
    {httpx.codes.REQUEST_TIMEOUT, httpx.codes.MISDIRECTED_REQUEST, httpx.codes.TOO_MANY_REQUESTS}
)
_GONE = frozenset({httpx.codes.NOT_FOUND, httpx.codes.CONFLICT})

_log = logging.getLogger(__name__)


@cache
def trust_context() -> ssl.SSLContext:
    """The authorities that httpx trusts, read once; it would read them for each client."""
    return httpx.create_ssl_context()


class Delivery:
    """Posts points and tries again while the API is away or overburdened.

    Args:
        spool: where the points are.
        url: takes `{"attempt", "points"}`.
        attempt: the number under which this process may write.
        token: of the attempt, which lets it.
    """

    def __init__(self, spool: Spool, url: str, attempt: int, token: str) -> None:
        self._spool = spool
        self._url = url
        self._attempt = attempt
        self._headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        self._refusals = 0
        self._changed = threading.Condition()
        self._has_news = True
        self._is_closed = False
        self._is_refused = False
        self._thread = threading.Thread(target=self._carry, name="delivery", daemon=True)

    @property
    def is_refused(self) -> bool:
        """Whether the API no longer takes points of this attempt; the run must stop."""
        return self._is_refused

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def notify(self) -> None:
        """There are new points."""
        with self._changed:
            self._has_news = True
            self._changed.notify_all()

    def flush(self, seconds: float | None = None) -> bool:
        """Wait until all points have arrived, for so long at most. Returns whether they have."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while not (self._is_refused or self._spool.is_empty()):
            # It ends where it is refused, which may have happened just now.
            if not self._thread.is_alive() and not self._is_refused:
                raise RuntimeError(
                    "The delivery of metrics has ended for a reason that the worker's log tells."
                )
            if deadline is not None and time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return not self._is_refused

    def close(self) -> None:
        """Deliver no more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._thread.join()

    def _carry(self) -> None:
        pause_seconds = _FIRST_PAUSE_SECONDS
        with httpx.Client(timeout=_TIMEOUT_SECONDS, verify=trust_context()) as client:
            while self._await_news():
                if self._deliver(client):
                    pause_seconds = _FIRST_PAUSE_SECONDS
                else:
                    self._pause(pause_seconds)
                    pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)

    def _await_news(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._has_news or self._is_closed)
            return not (self._is_closed or self._is_refused)

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed, seconds)

    def _deliver(self, client: httpx.Client) -> bool:
        """Deliver one batch. Returns whether there is no need to wait before the next."""
        with self._changed:
            self._has_news = False
        points, receipt = self._spool.read(_BATCH_POINTS)
        if receipt is None:
            return True
        with self._changed:
            self._has_news = True
        try:
            # Python's JSON writes NaN and infinities as bare words, which this address takes.
            body = json.dumps({"attempt": self._attempt, "points": points})
            answer = client.post(self._url, content=body, headers=self._headers)
        except httpx.HTTPError as error:
            _log.warning("the API did not take metrics, which wait on disk: %s", error)
            return False
        if answer.status_code in _BARRED:
            return self._count_refusal(answer.status_code)
        self._refusals = 0
        if answer.status_code in _GONE:
            self._is_refused = True
        elif answer.is_success:
            self._spool.confirm(receipt)
        elif answer.is_client_error and answer.status_code not in _PASSING:
            _log.error(
                "the API refused %d points (%s): %s", len(points), answer.status_code, answer.text[:500]
            )
            self._spool.confirm(receipt)
        else:
            _log.warning("the API answered %s to metrics, which wait on disk", answer.status_code)
            return False
        return True

    def _count_refusal(self, status: int) -> bool:
        """A token that is refused several times over is dead, and with it the attempt; the points stay on disk."""
        self._refusals += 1
        if self._refusals < _MOST_REFUSALS:
            _log.warning(
                "the API refused the token of attempt %d (%s) and is asked again", self._attempt, status
            )
            return False
        _log.error(
            "the API takes the token of attempt %d no more (%s): this run must stop, and its metrics wait on disk "
            "for the next attempt",
            self._attempt,
            status,
        )
        self._is_refused = True
        return True
