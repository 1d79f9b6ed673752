"""Carries spooled points to the API in the background, in order, until they have arrived."""

import json
import logging
import threading
import time

import httpx

from worker.spool import Spool

_BATCH_POINTS = 500
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0
_TIMEOUT_SECONDS = 10.0
_GONE = frozenset({httpx.codes.NOT_FOUND, httpx.codes.CONFLICT})

_log = logging.getLogger(__name__)


class Delivery:
    """Posts points and tries again while the API is away or overburdened.

    Args:
        spool: where the points are.
        url: takes `{"attempt", "points"}`.
        attempt: the number under which this process may write.
    """

    def __init__(self, spool: Spool, url: str, attempt: int) -> None:
        self._spool = spool
        self._url = url
        self._attempt = attempt
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
        with httpx.Client(timeout=_TIMEOUT_SECONDS) as client:
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
            answer = client.post(self._url, content=body, headers={"Content-Type": "application/json"})
        except httpx.HTTPError as error:
            _log.warning("the API did not take metrics, which wait on disk: %s", error)
            return False
        if answer.status_code in _GONE:
            self._is_refused = True
        elif answer.is_success:
            self._spool.confirm(receipt)
        elif answer.is_client_error and answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
            _log.error(
                "the API refused %d points (%s): %s", len(points), answer.status_code, answer.text[:500]
            )
            self._spool.confirm(receipt)
        else:
            _log.warning("the API answered %s to metrics, which wait on disk", answer.status_code)
            return False
        return True
