"""Signing in by a key in a cookie."""

from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest

from core.access.keys import revoke_key
from core.access.scopes import Scope
from core.tables import ApiKey
from tests.api.access.conftest import Guarded

JOB = {"external": True, "epochs": 1}


def sign_in(guarded: Guarded, key: str, **headers: str) -> httpx.Response:
    return httpx.post(f"{guarded.server.url}/v1/session", json={"key": key}, headers=headers, timeout=60)


def test_the_cookie_is_for_this_site_and_for_no_script(guarded: Guarded) -> None:
    _, key = guarded.make_key("a")
    answer = sign_in(guarded, key)
    assert (answer.status_code, answer.content) == (204, b"")
    cookie = SimpleCookie(answer.headers["set-cookie"])["kerasd_session"]
    assert cookie.value == key
    assert (cookie["path"], cookie["samesite"].lower(), cookie["httponly"]) == ("/v1", "strict", True)
    assert not cookie["secure"]
    assert not cookie["domain"]


def test_the_cookie_is_sent_over_https_alone_where_it_came_so(guarded: Guarded) -> None:
    _, key = guarded.make_key("a")
    answer = sign_in(guarded, key, **{"X-Forwarded-Proto": "https"})
    assert SimpleCookie(answer.headers["set-cookie"])["kerasd_session"]["secure"]


def test_the_cookie_opens_what_its_key_opens(guarded: Guarded, problem: Any) -> None:
    key_id, key = guarded.make_key("a", Scope.READ)
    with httpx.Client(base_url=guarded.server.url, timeout=60) as browser:
        problem(browser.get("/v1/jobs"), 401)
        browser.post("/v1/session", json={"key": key})
        assert browser.get("/v1/jobs").status_code == 200
        problem(browser.post("/v1/jobs", json=JOB), 403)
        browser.delete("/v1/session")
        assert not browser.cookies
        problem(browser.get("/v1/jobs"), 401)
    assert key_id


def test_the_cookie_does_nothing_for_pages_of_others(guarded: Guarded, problem: Any) -> None:
    _, key = guarded.make_key("a")
    headers = {"Cookie": f"kerasd_session={key}", "Origin": "http://evil.example"}
    answer = httpx.post(f"{guarded.server.url}/v1/jobs", json=JOB, headers=headers)
    assert problem(answer, 403)["type"] == "urn:kerasd:problem:foreign-origin"


@pytest.mark.parametrize("key", ["kerasd_aaaaaaaa_" + "a" * 43, "x", "Bearer"])
def test_wrong_keys_are_refused(guarded: Guarded, problem: Any, key: str) -> None:
    answer = sign_in(guarded, key, **{"X-Forwarded-For": "198.51.100.1"})
    assert problem(answer, 401)
    assert "set-cookie" not in answer.headers
    assert key not in answer.json()["detail"].split()


@pytest.mark.parametrize(
    "body", [{}, {"key": ""}, {"key": "a\r\nb"}, {"key": 1}, {"key": "a" * 201}, [], None]
)
def test_what_is_no_key_is_refused(guarded: Guarded, problem: Any, body: Any) -> None:
    problem(httpx.post(f"{guarded.server.url}/v1/session", json=body, timeout=60), 422)


def test_what_is_much_longer_than_a_key_is_not_read(guarded: Guarded, problem: Any) -> None:
    problem(sign_in(guarded, "a" * 10_000), 413)


def test_revoked_keys_are_refused(guarded: Guarded, problem: Any) -> None:
    key_id, key = guarded.make_key("a")
    with guarded.server.session() as session:
        revoke_key(session.get_one(ApiKey, key_id))
    problem(sign_in(guarded, key), 401)


def test_a_cookie_that_no_longer_counts_does_not_keep_from_signing_in(guarded: Guarded) -> None:
    _, key = guarded.make_key("a")
    url = f"{guarded.server.url}/v1/session"
    stale = {"Cookie": "kerasd_session=kerasd_aaaaaaaa_" + "a" * 43, "X-Forwarded-For": "198.51.100.2"}
    assert httpx.post(url, json={"key": key}, headers=stale).status_code == 204
    assert httpx.delete(url, headers=stale).status_code == 204
