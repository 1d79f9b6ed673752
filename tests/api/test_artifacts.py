"""Artifacts over HTTP: listed, fetched whole, in parts, and not at all when they are known."""

import hashlib
import os
from typing import Any

import httpx
import pytest

from core.settings import Settings
from core.storage import open_store
from core.tables import Artifact


@pytest.fixture
def content(server: Any, job_id: str) -> bytes:
    """What was stored as the job's model.h5."""
    found = os.urandom(200_000)
    stored = open_store(Settings(home=server.home)).put_stream([found])
    with server.session() as session:
        session.add(
            Artifact(
                job_id=job_id,
                name="model.h5",
                sha256=stored.sha256,
                size_bytes=stored.size_bytes,
                media_type="application/x-hdf5",
            )
        )
    return found


def test_list_says_where(api: httpx.Client, job_id: str, content: bytes) -> None:
    (artifact,) = api.get(f"/v1/jobs/{job_id}/artifacts").json()["data"]
    assert artifact == {
        "name": "model.h5",
        "size_bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "media_type": "application/x-hdf5",
        "url": f"/v1/jobs/{job_id}/artifacts/model.h5",
    }
    answer = api.get(artifact["url"])
    assert answer.content == content
    assert answer.headers["content-type"] == "application/x-hdf5"
    assert answer.headers["content-disposition"] == 'attachment; filename="model.h5"'


def test_part_of_a_file(api: httpx.Client, job_id: str, content: bytes) -> None:
    address = f"/v1/jobs/{job_id}/artifacts/model.h5"
    part = api.get(address, headers={"Range": "bytes=100000-100009"})
    assert (part.status_code, part.content) == (206, content[100_000:100_010])
    assert part.headers["content-range"] == f"bytes 100000-100009/{len(content)}"
    etag = part.headers["etag"]
    resumed = api.get(address, headers={"Range": "bytes=199990-", "If-Range": etag})
    assert (resumed.status_code, resumed.content) == (206, content[199_990:])
    other = api.get(address, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (other.status_code, other.content) == (200, content)


def test_known_file_is_not_sent(api: httpx.Client, job_id: str, content: bytes) -> None:
    address = f"/v1/jobs/{job_id}/artifacts/model.h5"
    etag = f'"{hashlib.sha256(content).hexdigest()}"'
    answer = api.get(address, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)


@pytest.mark.parametrize("name", ["best.h5", "..%2Fkerasd.db", "%2e%2e", ".hidden", "a%00", "x" * 300])
def test_unknown_name_is_404(api: httpx.Client, job_id: str, content: bytes, problem: Any, name: str) -> None:
    problem(api.get(f"/v1/jobs/{job_id}/artifacts/{name}"), 404)


def test_missing_file_says_what_there_is(
    api: httpx.Client, job_id: str, content: bytes, problem: Any
) -> None:
    detail = problem(api.get(f"/v1/jobs/{job_id}/artifacts/best.h5"), 404)["detail"]
    assert "model.h5" in detail
