"""The headers of every kind of answer, and that the pages do with what they allow."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.pages import show_plotly

DIRECTIVES = {
    "/dashboard/": {"default-src": "'none'", "script-src": "'self'", "connect-src": "'self'"},
    "/dashboard/jobs.js": {"default-src": "'none'", "script-src": "'self'"},
    "/dashboard/nothing": {"default-src": "'none'", "script-src": "'self'"},
    "/docs": {"default-src": "'none'", "script-src": "'self'", "connect-src": "'self'"},
    "/": {"default-src": "'none'", "sandbox": ""},
    "/v1/jobs": {"default-src": "'none'", "sandbox": ""},
    "/v1/jobs/job_0": {"default-src": "'none'"},
    "/v1/jobs?limit=-1": {"default-src": "'none'"},
    "/nothing": {"default-src": "'none'"},
    "/healthz": {"default-src": "'none'"},
}


def read_policy(answer: httpx.Response) -> dict[str, str]:
    (policy,) = answer.headers.get_list("content-security-policy")
    directives = (directive.strip().partition(" ") for directive in policy.split(";"))
    return {name: value for name, _, value in directives}


def check_headers(answer: httpx.Response) -> None:
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in answer.headers["permissions-policy"]
    assert "access-control-allow-origin" not in answer.headers
    assert "server" not in answer.headers
    policy = read_policy(answer)
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert "unsafe" not in answer.headers["content-security-policy"]


@pytest.mark.parametrize(("path", "directives"), DIRECTIVES.items(), ids=DIRECTIVES)
def test_every_answer_has_them(api: httpx.Client, path: str, directives: dict[str, str]) -> None:
    answer = api.get(path)
    check_headers(answer)
    assert directives.items() <= read_policy(answer).items()


def test_refusals_before_any_route_have_them(api: httpx.Client) -> None:
    answer = api.post("/v1/jobs", content=b" " * (16 * 1024**2 + 1))
    assert answer.status_code == 413
    check_headers(answer)


def test_unforeseen_failures_have_them(tmp_path: Path, serve_sqlite: Any) -> None:
    with serve_sqlite(tmp_path) as server:
        httpx.post(f"{server.url}/v1/jobs", json={"external": True, "epochs": 1})
        with server.db_engine.begin() as connection:
            connection.exec_driver_sql("UPDATE jobs SET created_at = 'no time'")
        answer = httpx.get(f"{server.url}/v1/jobs")
    assert answer.status_code == 500
    check_headers(answer)


def test_private_data_stays_out_of_shared_caches(api: httpx.Client, job_id: str) -> None:
    assert api.get(f"/v1/jobs/{job_id}").headers["cache-control"] == "no-store"
    first = api.get(f"/v1/jobs/{job_id}/metrics")
    assert first.headers["cache-control"] == "private, no-cache"
    again = api.get(f"/v1/jobs/{job_id}/metrics", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, "private, no-cache")
    assert api.get("/dashboard/jobs.js").headers["cache-control"] == "no-cache"


def test_pages_hold_no_scripts_and_styles_inline(api: httpx.Client) -> None:
    for path in ("/dashboard/", "/dashboard/job.html", "/docs"):
        page = api.get(path).text
        assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", page) == []


def test_the_hashes_are_of_what_the_chart_library_adds(api: httpx.Client) -> None:
    """A new version of plotly may bring another style sheet of maps; its hash stands in api/perimeter/headers.py."""
    allowed = read_policy(api.get("/dashboard/"))["style-src"].split()
    assert allowed[0] == "'self'"
    script = Path(show_plotly().path).read_text()
    (map_style,) = re.findall(r"\.textContent='(\.maplibregl-map\{[^']*)'", script)
    assert set(allowed[1:]) == {hash_source(""), hash_source(map_style)}


def hash_source(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
