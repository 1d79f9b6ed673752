"""Which names and origins requests may come by."""

import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.perimeter.origins import is_local_name
from tests.api_process import ApiProcess

JOB = {"external": True, "epochs": 1}
OPEN = "/v1/jobs"


@pytest.mark.parametrize(
    ("name", "is_local"),
    [
        ("localhost", True), ("a.localhost", True), ("127.0.0.1", True), ("127.1.2.3", True), ("::1", True),
        ("localhost.example", False), ("127.0.0.1.example", False), ("0.0.0.0", False), ("10.0.0.1", False),
        ("", False), ("notlocalhost", False), ("2130706433", False),
    ],
)  # fmt: skip
def test_names_of_this_machine(name: str, is_local: bool) -> None:
    assert is_local_name(name) is is_local


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:1", "LOCALHOST:8000", "127.0.0.1", "[::1]:8000", "localhost.", "box.localhost"]
)  # fmt: skip
def test_own_names_are_answered(api: httpx.Client, host: str) -> None:
    assert api.get("/v1/jobs", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/", "/dashboard/", "/docs", "/openapi.json", "/v1/jobs", "/healthz", "/nothing"]
)
@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "10.0.0.1"])
def test_names_of_others_are_refused(api: httpx.Client, problem: Any, host: str, path: str) -> None:
    """DNS rebinding: a name of a stranger's that leads here."""
    assert problem(api.get(path, headers={"host": host}), 421)["type"] == "urn:kerasd:problem:unknown-host"


@pytest.mark.parametrize(
    "host", ["", "a b", "localhost/", "user@localhost", "localhost:x", "local\u00e9", "localhost,evil", "[::1"]
)  # fmt: skip
def test_names_that_are_none_are_refused(api: httpx.Client, problem: Any, host: str) -> None:
    problem(api.get("/v1/jobs", headers={"host": host.encode("utf-8")}), 400)


@pytest.mark.parametrize("names", [[], ["localhost", "evil.example"]], ids=["none", "two"])
def test_one_name_is_needed(server: ApiProcess, names: list[str]) -> None:
    lines = "".join(f"Host: {name}\r\n" for name in names)
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        connection.sendall(f"GET /v1/jobs HTTP/1.1\r\n{lines}Connection: close\r\n\r\n".encode())
        assert connection.recv(65_536).startswith(b"HTTP/1.1 400")


FOREIGN = {
    "another site": {"sec-fetch-site": "cross-site", "origin": "http://evil.example"},
    "another port of this machine": {"sec-fetch-site": "same-site", "origin": "http://localhost:1"},
    "an older browser": {"origin": "http://evil.example"},
    "a file": {"origin": "null"},
    "this name on another port": {"origin": "http://localhost:1"},
    "a longer name": {"origin": "http://localhost.evil.example"},
    "no key": {"origin": "http://evil.example", "authorization": "Basic YTpi"},
    "a lie about the origin": {"sec-fetch-site": "cross-site", "origin": "http://localhost"},
}
OWN = {
    "a program": {},
    "the dashboard": {"sec-fetch-site": "same-origin", "origin": "http://localhost"},
    "an address that was typed": {"sec-fetch-site": "none"},
    "an older browser": {"origin": "http://localhost"},
    "the port that is left away": {"origin": "http://localhost:80"},
}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_pages_of_others_change_nothing(
    api: httpx.Client, problem: Any, method: str, headers: dict[str, str]
) -> None:
    before = api.get(OPEN).json()
    answer = api.request(method, OPEN, json=JOB, headers={"host": "localhost", **headers})
    assert problem(answer, 403)["type"] == "urn:kerasd:problem:foreign-origin"
    assert api.get(OPEN).json() == before


@pytest.mark.parametrize("headers", OWN.values(), ids=OWN)
def test_own_pages_and_programs_go_on_working(api: httpx.Client, headers: dict[str, str]) -> None:
    answer = api.post(OPEN, json=JOB, headers={"host": "localhost", **headers})
    assert answer.status_code == 202, answer.text


def test_the_address_for_workers_and_allowed_names_are_own_names(tmp_path: Path, serve_sqlite: Any) -> None:
    settings = {"api_url": "http://gpu-box:9000", "allowed_hosts": '["Kerasd.Example"]'}
    with serve_sqlite(tmp_path, **settings) as server:
        for host, status in {"gpu-box": 200, "kerasd.example:80": 200, "evil.example": 421}.items():
            assert httpx.get(f"{server.url}/v1/jobs", headers={"host": host}).status_code == status


def test_remote_monitors_of_stock_keras_go_on_working(api: httpx.Client, server: ApiProcess) -> None:
    """They send what the library requests sends: no Origin, and the address they were given as Host."""
    job = api.post(OPEN, json=JOB).json()["id"]
    url = f"http://localhost:{server.port}/v1/jobs/{job}/publish/epoch/end/"
    answer = httpx.post(url, data={"data": '{"epoch": 0, "loss": NaN}'})
    assert answer.status_code == 200, answer.text
