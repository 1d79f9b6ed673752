"""Which credentials let a request in, and how soon they no longer do."""

import socket
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx

from api.access.authenticator import KEPT_SECONDS
from core.access.keys import Limits
from core.access.scopes import Scope
from core.database import utc_now
from core.tables import ApiKey
from tests.api.access.conftest import Guarded

DEADLINE_SECONDS = 30


def wait_until(holds: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come within {DEADLINE_SECONDS} seconds"
        time.sleep(0.05)


def ask(guarded: Guarded, headers: list[tuple[str, str]]) -> httpx.Response:
    return httpx.get(f"{guarded.server.url}/v1/jobs", headers=headers, timeout=30)


def test_a_key_comes_by_either_header_or_the_cookie(guarded_sqlite: Guarded) -> None:
    _, key = guarded_sqlite.make_key("a", Scope.READ)
    for headers in (
        [("Authorization", f"Bearer {key}")],
        [("Authorization", f"bearer  {key}")],
        [("X-API-Key", key)],
        [("Cookie", f"theme=dark; kerasd_session={key}")],
        [("X-API-Key", key), ("Authorization", f"Bearer {key}"), ("Cookie", f"kerasd_session={key}")],
    ):
        assert ask(guarded_sqlite, headers).status_code == 200, headers


def test_what_is_missing_wrong_doubled_or_malformed_is_refused(guarded_sqlite: Guarded, problem: Any) -> None:
    (_, key), (_, other) = guarded_sqlite.make_key("a"), guarded_sqlite.make_key("a")
    wrong = key[:-1] + ("a" if key[-1] != "a" else "b")
    for headers in (
        [],
        [("Authorization", f"Bearer {wrong}")],
        [("Authorization", f"Bearer {key.upper()}")],
        [("Authorization", f"Bearer {key} {key}")],
        [("Authorization", f"Basic {key}")],
        [("Authorization", "Bearer")],
        [("Authorization", key)],
        [("Authorization", "")],
        [("Authorization", f"Bearer {key}"), ("Authorization", f"Bearer {key}")],
        [("Authorization", f"Bearer {key}"), ("X-API-Key", other)],
        [("X-API-Key", key), ("X-API-Key", other)],
        [("X-API-Key", "")],
        [("X-API-Key", key), ("Cookie", f"kerasd_session={other}")],
        [("Cookie", f"kerasd_session={key}; kerasd_session={other}")],
        [("Cookie", "kerasd_session=")],
    ):
        answer = ask(guarded_sqlite, headers)
        refused = problem(answer, 401)
        assert refused["type"] == "urn:kerasd:problem:unauthorized"
        assert answer.headers["www-authenticate"].startswith('Bearer realm="kerasd"'), headers
        assert key not in answer.text


def test_a_wrong_key_is_refused_even_where_none_is_needed(sqlite_server: Any, problem: Any) -> None:
    assert httpx.get(f"{sqlite_server.url}/v1/jobs").status_code == 200
    for headers in ({"Authorization": "Bearer kerasd"}, {"X-API-Key": "x"}, {"Cookie": "kerasd_session=x"}):
        problem(httpx.get(f"{sqlite_server.url}/v1/jobs", headers=headers), 401)
        assert httpx.get(f"{sqlite_server.url}/healthz", headers=headers).status_code == 200


def test_no_body_is_waited_for_before_the_sender_is_known(guarded_sqlite: Guarded) -> None:
    # The body never comes: an answer shows that nobody waited for it.
    request = b"POST /v1/datasets HTTP/1.1\r\nHost: kerasd\r\nContent-Length: 1000000\r\n\r\n"
    with socket.create_connection(("127.0.0.1", guarded_sqlite.server.port), timeout=30) as connection:
        connection.sendall(request)
        assert connection.recv(1000).startswith(b"HTTP/1.1 401 ")


def test_a_revoked_key_is_refused_within_the_time_it_is_remembered(guarded: Guarded) -> None:
    key_id, key = guarded.make_key("a", Scope.READ)
    client = guarded.connect(key)
    assert client.get("/v1/jobs").status_code == 200
    with guarded.server.session() as session:
        session.get_one(ApiKey, key_id).revoked_at = utc_now()
    revoked_at = time.monotonic()
    wait_until(lambda: client.get("/v1/jobs").status_code == 401, "the refusal")
    assert time.monotonic() - revoked_at < KEPT_SECONDS + 5


def test_a_stream_of_events_breaks_off_when_its_key_is_revoked(guarded: Guarded) -> None:
    key_id, key = guarded.make_key("a", Scope.SUBMIT)
    client = guarded.connect(key)
    job_id = client.post("/v1/jobs", json={"external": True}).json()["id"]
    with client.stream("GET", f"/v1/jobs/{job_id}/events", timeout=DEADLINE_SECONDS) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "id: 1"
        with guarded.server.session() as session:
            session.get_one(ApiKey, key_id).revoked_at = utc_now()
        assert "event: end" not in list(lines), "the job goes on, and the stream does not"


def test_a_key_ends_when_it_was_to(guarded_sqlite: Guarded) -> None:
    _, key = guarded_sqlite.make_key("a", Scope.READ, limits=Limits(utc_now() + timedelta(seconds=3)))
    client = guarded_sqlite.connect(key)
    assert client.get("/v1/jobs").status_code == 200
    wait_until(lambda: client.get("/v1/jobs").status_code == 401, "the end")


def test_the_last_use_is_written_down_once_a_minute(guarded: Guarded) -> None:
    key_id, key = guarded.make_key("a", Scope.READ)
    client = guarded.connect(key)

    def read() -> Any:
        with guarded.server.session() as session:
            return session.get_one(ApiKey, key_id).last_used_at

    assert read() is None
    before = utc_now()
    client.get("/v1/jobs")
    wait_until(read, "the last use")
    first = read()
    assert before <= first <= utc_now()
    for _ in range(5):
        client.get("/v1/jobs")
    time.sleep(1.5)  # longer than the pause between two looks at what is to be written
    assert read() == first
