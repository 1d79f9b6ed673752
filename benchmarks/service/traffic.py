"""Clients that take as little time as can be, so that what is measured is the server."""

from __future__ import annotations

import json
import socket
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 120


def find_free_port() -> int:
    """Return a port of the loopback interface that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Connection:
    """One kept-alive HTTP connection; sends bytes that were made beforehand.

    Args:
        url: of the server.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.netloc
        self._socket = socket.create_connection((parts.hostname, parts.port), timeout=TIMEOUT_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = self._socket.makefile("rb", buffering=1 << 20)

    def encode(self, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> bytes:
        """Return the bytes of a request."""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n"
        if body:
            head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
        return head.encode() + b"\r\n" + body

    def send(self, request: bytes) -> bytes:
        """Send a request and return the body of its answer."""
        self._socket.sendall(request)
        status = self._received.readline()
        if not status:
            raise SystemExit(f"{self._host} hung up before it answered {request[:200]!r}")
        length = 0
        while line := self._received.readline().rstrip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        body = self._received.read(length)
        if not status.startswith(b"HTTP/1.1 2"):
            raise SystemExit(f"{request[:200]!r} was answered by {status!r} {body[:500]!r}")
        return body

    def call(self, method: str, path: str, content: Any = None) -> Any:
        """Send JSON and return that of the answer."""
        return json.loads(
            self.send(self.encode(method, path, b"" if content is None else json.dumps(content).encode()))
        )

    def close(self) -> None:
        """Hang up."""
        self._received.close()
        self._socket.close()


@dataclass(frozen=True)
class Timing:
    """Seconds of each request, and those from the first to the last of all clients."""

    latencies: list[float]
    seconds: float

    @property
    def median(self) -> float:
        """The median latency."""
        return statistics.median(self.latencies)


def time_requests(connections: Sequence[Connection], requests: Callable[[int], Sequence[bytes]]) -> Timing:
    """Send requests over all connections at once; `requests` gives those of a connection by its number."""
    prepared = [requests(number) for number in range(len(connections))]
    latencies: list[list[float]] = [[] for _ in connections]
    failures: list[BaseException] = []

    def run(number: int) -> None:
        send, found = connections[number].send, latencies[number]
        try:
            for request in prepared[number]:
                begin = time.perf_counter()
                send(request)
                found.append(time.perf_counter() - begin)
        except BaseException as failure:
            failures.append(failure)

    begin = time.perf_counter()
    if len(connections) == 1:
        run(0)
    else:
        threads = [threading.Thread(target=run, args=(number,)) for number in range(len(connections))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    seconds = time.perf_counter() - begin
    if failures:
        raise failures[0]
    return Timing([latency for found in latencies for latency in found], seconds)
