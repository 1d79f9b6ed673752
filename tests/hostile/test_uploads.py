"""Requests that are slow, broken, or say what they are not."""

import os
import socket
import time
from contextlib import suppress
from typing import Any

import httpx
import pytest

from tests.api_process import ApiProcess

BOUNDARY = "----boundary"
HEADER = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(disposition: str, body: bytes = b"a,b\n1,2\n") -> bytes:
    return f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + body + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()

BROKEN = {
    "no boundary": (b"x", {"content-type": "multipart/form-data"}),
    "empty": (b"", HEADER),
    "no end": (part('form-data; name="file"; filename="a"'), HEADER),
    "no header": (f"--{BOUNDARY}\r\n\r\nx\r\n".encode() + END, HEADER),
    "no name": (part("form-data") + END, HEADER),
    "not the boundary": (b"--other\r\n\r\nx\r\n--other--\r\n", HEADER),
    "bytes that are no text": (part('form-data; name="\xff"') + END, HEADER),
    "a thousand fields": (b"".join(part(f'form-data; name="f{n}"') for n in range(1_000)) + END, HEADER),
    "three files": (b"".join(part(f'form-data; name="f{n}"; filename="a"') for n in range(3)) + END, HEADER),
    "a header without end": (f"--{BOUNDARY}\r\n".encode() + b"X: " + b"a" * 100_000, HEADER),
    "file as a field": (part('form-data; name="file"') + END, HEADER),
    "no such encoding": (
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"\r\n"
        f"Content-Type: text/plain; charset=nothing\r\n\r\nx\r\n".encode() + END, HEADER),
    "boundary of a kilometre": (b"x", {"content-type": "multipart/form-data; boundary=" + "b" * 5_000}),
}  # fmt: skip


@pytest.mark.parametrize("place", ["/v1/datasets", "/v1/models"])
@pytest.mark.parametrize(("body", "headers"), BROKEN.values(), ids=BROKEN)
def test_broken_forms_are_refused(
    place: str, body: bytes, headers: dict[str, str], api: httpx.Client, server: ApiProcess
) -> None:
    answer = api.post(place, content=body, headers=headers)
    assert answer.status_code in (400, 413, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert not os.listdir(server.home / "uploads")


@pytest.mark.parametrize(
    "name",
    ["../../canary.csv", "/etc/canary.csv", "..\\canary.csv", "a\x00b.csv", "=cmd|'/C calc'!A0.csv", "\u202evsc.a"],
)  # fmt: skip
def test_names_of_files_become_harmless(name: str, api: httpx.Client, server: ApiProcess) -> None:
    answer = api.post("/v1/datasets", files={"file": (name, b"a,b\n1,2\n")})
    assert answer.status_code == 201, answer.text
    kept = answer.json()["name"]
    assert kept.replace("_", "").replace("-", "").replace(".", "").isalnum()
    assert not kept.startswith(".")
    assert not [path for path in server.home.rglob("*canary*") if path.name != "canary"]


def connect(server: ApiProcess) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=20)


def test_slow_uploads_hold_up_nobody(api: httpx.Client, server: ApiProcess) -> None:
    """Bodies and headers that never come take no thread: others are answered meanwhile."""
    slow = [connect(server) for _ in range(100)]
    try:
        for number, each in enumerate(slow):
            each.sendall(b"POST /v1/datasets HTTP/1.1\r\nHost: localhost\r\n")
            if number % 2:
                each.sendall(b"Content-Length: 1000000\r\n\r\na,b\n")
        start = time.monotonic()
        assert api.post("/v1/datasets", content=b"a,b\n1,2\n").status_code == 201
        assert time.monotonic() - start < 20
    finally:
        for each in slow:
            each.close()
    wait_for_no_uploads(server)


def wait_for_no_uploads(server: ApiProcess) -> None:
    """What half an upload left behind is removed when the sender hangs up."""
    deadline = time.monotonic() + 20
    while os.listdir(server.home / "uploads"):
        assert time.monotonic() < deadline
        time.sleep(0.02)


RAW = {
    "two lengths": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 20\r\n\r\n{}",
    "length and chunks": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n{}",
    "length below zero": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: -2\r\n\r\n{}",
    "length that is no number": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: \xc2\xb2\r\n\r\n{}",
    "chunk below zero": b"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n",
    "header of a megabyte": b"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 1024**2 + b"\r\n\r\n",
    "path of a megabyte": b"GET /v1/" + b"a" * 1024**2 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "NUL in a header": b"GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
}


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW)
def test_what_is_no_request_is_refused(raw: bytes, api: httpx.Client, server: ApiProcess) -> None:
    with connect(server) as connection:
        with suppress(OSError):  # the server may have hung up by then
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
        answer = read_all(connection)
    assert answer == b"" or answer.split()[1].startswith(b"4"), answer[:200]
    assert api.get("/healthz").is_success


def read_all(connection: socket.socket) -> bytes:
    received = b""
    try:
        while block := connection.recv(65_536):
            received += block
    except ConnectionResetError:
        pass
    return received


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b=c", "a\nb", "\u0130", "a" * 300, "=1+1"])
def test_no_header_comes_from_a_name(value: Any, api: httpx.Client) -> None:
    answer = api.get("/v1/jobs", params={"after": value, "tag": value})
    assert answer.status_code < 500
    assert "set-cookie" not in answer.headers
