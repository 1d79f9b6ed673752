"""Events of a job as they happen: streamed, taken up again after a break, polled where nothing streams."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx

from client.errors import KerasdError
from client.records import TERMINAL_STATES, read_numbers
from client.transport import NEVER_SENT, Transport, choose_pause

_MEDIA_TYPE: Final = "text/event-stream"
_FRUITLESS_STREAMS: Final = 3
_PASSING_STATUSES: Final = frozenset({500, 502, 503, 504})


@dataclass(frozen=True)
class Event:
    """Something that happened to a job.

    Attributes:
        id: its place; a later watch with `since=id` goes on behind it. None where the service gave none.
        kind: `state`, `log`, `metrics` or `end`, the last one.
        data: of a state: state, attempt, reason, error; of a log: line;
            of metrics: kind (`epoch` or `batch`), step, epoch, values.
    """

    id: int | None
    kind: str
    data: dict[str, Any]


class Watch:
    """The events of one job, in order and none twice, until its end.

    A stream that breaks is opened again with `Last-Event-ID`. Where streams bring nothing, as behind a proxy
    that holds them back, the same events are polled.

    Args:
        since: place to go on behind; 0 is the beginning.
        silence_seconds: a stream without even a sign of life for so long is broken.
        poll_seconds: pause between polls.
        patience_seconds: how long the service may be away before `KerasdError` is raised.
    """

    def __init__(
        self,
        transport: Transport,
        job_id: str,
        *,
        since: int = 0,
        silence_seconds: float = 45.0,
        poll_seconds: float = 1.0,
        patience_seconds: float = 300.0,
    ) -> None:
        self.cursor = since
        self._transport = transport
        self._path = f"/v1/jobs/{job_id}"
        self._silence_seconds = silence_seconds
        self._poll_seconds = poll_seconds
        self._patience_seconds = patience_seconds
        self._fruitless = 0

    def __iter__(self) -> Iterator[Event]:
        failures = 0
        last_contact = time.monotonic()
        while True:
            before = self.cursor
            streaming = self._fruitless < _FRUITLESS_STREAMS
            try:
                for event in self._stream() if streaming else self._poll():
                    yield event
                    if event.kind == "end":
                        return
                failures, last_contact = 0, time.monotonic()
            except (httpx.TransportError, KerasdError) as exc:
                if self.cursor > before:
                    failures, last_contact = 0, time.monotonic()
                failures += 1
                self._give_up_unless_passing(exc, time.monotonic() - last_contact)
                time.sleep(choose_pause(failures))
                if isinstance(exc, NEVER_SENT):
                    continue
            if streaming:
                self._fruitless = 0 if self.cursor > before else self._fruitless + 1

    def _give_up_unless_passing(self, exc: httpx.TransportError | KerasdError, away_seconds: float) -> None:
        problem = self._transport.describe_failure(exc) if isinstance(exc, httpx.TransportError) else exc
        if problem.status is not None and problem.status not in _PASSING_STATUSES:
            raise problem
        if away_seconds > self._patience_seconds:
            raise problem

    def _stream(self) -> Iterator[Event]:
        headers = {"Accept": _MEDIA_TYPE, "Cache-Control": "no-store", "Last-Event-ID": str(self.cursor)}
        timeout = httpx.Timeout(self._silence_seconds)
        with self._transport.stream(f"{self._path}/events", headers=headers, timeout=timeout) as response:
            if not response.headers.get("content-type", "").startswith(_MEDIA_TYPE):
                return
            for event in parse_events(response.iter_bytes()):
                self.cursor = event.id or self.cursor
                yield event

    def _poll(self) -> Iterator[Event]:
        # The state first: events that are missing from the page below were then written before the end.
        state = self._transport.request("GET", self._path).json()["state"]
        page = fetch_events(self._transport, self._path, self.cursor)
        for event in page:
            self.cursor = event.id or self.cursor
            yield event
        if not page and state in TERMINAL_STATES:
            yield Event(None, "end", {"state": state})
        if not page:
            time.sleep(self._poll_seconds)


def fetch_events(transport: Transport, job_path: str, since: int) -> list[Event]:
    """Fetch the events behind `since` that there are now."""
    answer = transport.request("GET", f"{job_path}/events", params={"format": "json", "since": since})
    return [_make_event(item["id"], item["event"], item["data"]) for item in answer.json()["data"]]


def parse_events(chunks: Iterator[bytes]) -> Iterator[Event]:
    """Read server-sent events (WHATWG HTML, section 9.2) whose data is JSON.

    Comments, which servers send as signs of life, are passed over.
    """
    fields: dict[str, str] = {}
    for line in _split_lines(chunks):
        if not line:
            if "data" in fields:
                identifier = fields.get("id", "")
                data = json.loads(fields["data"] or "{}")
                yield _make_event(
                    int(identifier) if identifier.isdigit() else None, fields.get("event", "message"), data
                )
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            fields[name] = f"{fields['data']}\n{value}" if name == "data" and "data" in fields else value


def _make_event(identifier: int | None, kind: str, data: dict[str, Any]) -> Event:
    if kind == "metrics":
        data = {**data, "values": read_numbers(data["values"])}
    return Event(identifier, kind, data)


def _split_lines(chunks: Iterator[bytes]) -> Iterator[str]:
    """Split at LF, CRLF and CR alone; `str.splitlines` would also split inside of JSON text."""
    pending = b""
    for chunk in chunks:
        pending += chunk
        # A CR at the very end may be the first half of a CRLF.
        complete = pending[:-1] if pending.endswith(b"\r") else pending
        *lines, rest = complete.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        pending = rest + pending[len(complete) :]
        for line in lines:
            yield line.decode("utf-8", "replace")
