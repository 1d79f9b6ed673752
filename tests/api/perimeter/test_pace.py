"""Requests that come slowly, in part, or with too much in front."""

import os
import re
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.perimeter.pace import Pace
from tests.api_process import ApiProcess

GRACE_SECONDS = 0.5
HEADER_SECONDS = 0.5
# What a loaded machine may need beyond a limit.
PATIENCE_SECONDS = 30
BOUNDARY = "b"
FORM = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\na,b\n1,'


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, serve_sqlite: Any) -> Iterator[ApiProcess]:
    settings = {
        "upload_grace_seconds": GRACE_SECONDS,
        "min_upload_bytes_per_second": 1000,
        "header_seconds": HEADER_SECONDS,
        "max_header_bytes": 8192,
        "max_headers": 20,
        "max_body_bytes": 10_000,
    }
    with serve_sqlite(tmp_path_factory.mktemp("strict"), **settings) as server:
        yield server


class TestPace:
    pace = Pace(grace_seconds=10, bytes_per_second=100)

    def test_waiting_spends_the_grace(self) -> None:
        assert self.pace.continue_from(10, 4, 0) == 6

    def test_bytes_earn_it_back(self) -> None:
        assert self.pace.continue_from(6, 1, 300) == 8

    def test_never_more_than_the_grace(self) -> None:
        assert self.pace.continue_from(6, 1, 10**9) == 10

    def test_who_keeps_the_pace_is_waited_for(self) -> None:
        left = 10.0
        for _ in range(10_000):
            left = self.pace.continue_from(left, 1, 100)
        assert left == 10

    def test_who_trickles_is_not(self) -> None:
        left, seconds = 10.0, 0
        while left > 0:
            left, seconds = self.pace.continue_from(left, 1, 1), seconds + 1
        assert seconds == 11


def connect(server: ApiProcess) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_SECONDS)


def trickle(connection: socket.socket, start: bytes, drop: bytes) -> tuple[bytes, float]:
    """Send a start, then a drop now and then until the other side has enough. Returns: what it said, and when."""
    connection.sendall(start)
    connection.settimeout(0.1)
    started, heard = time.monotonic(), b""
    while time.monotonic() - started < PATIENCE_SECONDS:
        try:
            block = connection.recv(65_536)
            if not block:
                break
            heard += block
        except TimeoutError:
            connection.sendall(drop)
        except OSError:
            break
        if not drop:
            connection.settimeout(PATIENCE_SECONDS)
    return heard, time.monotonic() - started


def head(path: str, *lines: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


TRICKLES = {
    "upload": (head("/v1/datasets", "Content-Length: 100000") + b"a,b\n", b"1"),
    "upload in chunks": (head("/v1/datasets", "Transfer-Encoding: chunked") + b"4\r\na,b\n\r\n", b"1\r\n1\r\n"),
    "size of a chunk": (head("/v1/datasets", "Transfer-Encoding: chunked"), b"0"),
    "upload that stands still": (head("/v1/datasets", "Content-Length: 100000") + b"a,b\n", b""),
    "form": (head("/v1/datasets", f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        "Content-Length: 100000") + FORM.encode(), b"1"),
    "model": (head("/v1/models", "Content-Length: 100000", "Content-Type: application/json") + b"{", b" "),
    "job": (head("/v1/jobs", "Content-Length: 5000", "Content-Type: application/json") + b"{", b" "),
    "metrics": (head("/v1/jobs/job_00000000000000000000000000/metrics", "Content-Length: 5000",
        "Content-Type: application/json") + b"{", b" "),
}  # fmt: skip


@pytest.mark.parametrize(("start", "drop"), TRICKLES.values(), ids=TRICKLES)
def test_bodies_that_trickle_are_ended(strict: ApiProcess, start: bytes, drop: bytes) -> None:
    with connect(strict) as connection:
        heard, seconds = trickle(connection, start, drop)
    assert heard.startswith(b"HTTP/1.1 408"), heard[:200]
    assert b"body-too-slow" in heard
    assert GRACE_SECONDS * 0.9 < seconds < PATIENCE_SECONDS
    assert os.listdir(strict.home / "uploads") == []
    assert httpx.get(f"{strict.url}/v1/datasets").json()["data"] == []


def test_a_body_that_nobody_wants_is_not_waited_for(strict: ApiProcess) -> None:
    """The answer went out long ago; what keeps coming must not keep the connection."""
    with connect(strict) as connection:
        heard, _ = trickle(connection, head("/v1/nothing", "Content-Length: 9000"), b"1")
    assert heard.startswith(b"HTTP/1.1 404")


def test_a_body_over_the_limit_is_not_waited_for(strict: ApiProcess) -> None:
    with connect(strict) as connection:
        heard, _ = trickle(connection, head("/v1/jobs", "Content-Length: 1000000"), b"1")
    assert heard.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "start", [b"", b"GET /", b"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nX: "], ids=ascii
)
@pytest.mark.parametrize(
    "before", [b"", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"], ids=["first", "second"]
)
def test_heads_that_trickle_are_ended(strict: ApiProcess, before: bytes, start: bytes) -> None:
    with connect(strict) as connection:
        if before:
            connection.sendall(before)
            hear_until(connection, b'{"status":"ok"}')
        heard, seconds = trickle(connection, start, b"x" if start else b"\r\n")
    assert heard.startswith(b"HTTP/1.1 408"), heard
    assert seconds < PATIENCE_SECONDS


def hear_until(connection: socket.socket, words: bytes) -> bytes:
    heard = b""
    while not heard.endswith(words):
        block = connection.recv(65_536)
        assert block, heard
        heard += block
    return heard


def test_connections_that_say_nothing_are_ended(strict: ApiProcess) -> None:
    with connect(strict) as connection:
        assert connection.recv(1) == b""


def test_streams_and_slow_answers_are_not_ended(strict: ApiProcess) -> None:
    """The limits are for those who send."""
    job = httpx.post(f"{strict.url}/v1/jobs", json={"external": True, "epochs": 1}).json()["id"]
    with httpx.stream("GET", f"{strict.url}/v1/jobs/{job}/events", timeout=PATIENCE_SECONDS) as answer:
        start = time.monotonic()
        heard = ""
        for text in answer.iter_text():
            heard += text
            if time.monotonic() - start < HEADER_SECONDS * 2:
                time.sleep(HEADER_SECONDS * 2)
                httpx.post(f"{strict.url}/v1/jobs/{job}/finish", json={"state": "succeeded"})
    assert "event: end" in heard


HEADS = {
    "lines": ("X: y\r\n" * 21, 431),
    "a long line": ("X: " + "y" * 8192 + "\r\n", 431),
    "many bytes": (("X: " + "y" * 1000 + "\r\n") * 9, 431),
    "as many as may be": ("X: y\r\n" * 18, 200),
    "as long as may be": ("X: " + "y" * 7000 + "\r\n", 200),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "status"), HEADS.values(), ids=HEADS)
def test_heads_have_limits(strict: ApiProcess, lines: str, status: int) -> None:
    with connect(strict) as connection:
        connection.sendall(f"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode())
        heard = hear_until(connection, b"}")
    assert heard.startswith(f"HTTP/1.1 {status}".encode()), heard
    if status == 431:
        assert re.search(rb"urn:kerasd:problem:head-too-large", heard)


def test_addresses_have_limits(strict: ApiProcess) -> None:
    assert httpx.get(f"{strict.url}/v1/jobs?tag={'a' * 9000}").status_code == 431


def test_a_header_without_end_takes_no_memory(strict: ApiProcess) -> None:
    with connect(strict) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nX: ")
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            connection.sendall(b"y" * 64 * 1024**2)


CUT_OFF = {
    "chunks": head("/v1/datasets", "Transfer-Encoding: chunked") + b"8\r\na,b\n1,2\n\r\n",
    "within a chunk": head("/v1/datasets", "Transfer-Encoding: chunked") + b"ff\r\na,b\n1,2\n",
    "length": head("/v1/datasets", "Content-Length: 100") + b"a,b\n1,2\n",
    "form": head("/v1/datasets", f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        "Content-Length: 1000") + FORM.encode(),
    "form in chunks": head("/v1/datasets", f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        "Transfer-Encoding: chunked") + f"{len(FORM):x}\r\n{FORM}\r\n".encode(),
    "job": head("/v1/jobs", "Content-Type: application/json", "Content-Length: 100") + b'{"external": true}',
}  # fmt: skip


@pytest.mark.parametrize("raw", CUT_OFF.values(), ids=CUT_OFF)
def test_what_is_cut_off_is_not_kept(strict: ApiProcess, raw: bytes) -> None:
    kept = [httpx.get(f"{strict.url}/v1/{kind}").json() for kind in ("datasets", "jobs")]
    with connect(strict) as connection:
        connection.sendall(raw)
    wait_for_no_uploads(strict.home / "uploads")
    assert [httpx.get(f"{strict.url}/v1/{kind}").json() for kind in ("datasets", "jobs")] == kept


def wait_for_no_uploads(folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while folder.exists() and os.listdir(folder):
        assert time.monotonic() < deadline
        time.sleep(0.02)
