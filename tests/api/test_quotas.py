"""Quotas as an API client meets them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.settings import Settings
from core.storage import open_store

TRAINING = {
    "model": {
        "class_name": "Sequential",
        "config": [
            {
                "class_name": "Dense",
                "config": {"name": "d", "units": 1, "activation": "linear", "batch_input_shape": [None, 1]},
            }
        ],
    },
    "compile": {"optimizer": "sgd", "loss": "mse"},
    "fit": {"epochs": 1},
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("quotas")


@pytest.fixture(scope="module")
def limited_api(serve_sqlite: Any, home: Path) -> Iterator[httpx.Client]:
    """An API with 1,000 bytes and two jobs."""
    with (
        serve_sqlite(home, max_stored_bytes=1000, max_open_jobs=2) as server,
        httpx.Client(base_url=server.url, timeout=30) as client,
    ):
        yield client


def make_table(size_bytes: int, value: int) -> bytes:
    row = b"%d,2\n" % value
    return (b"a,b\n" + row * size_bytes)[: size_bytes - 1] + b"\n"


def test_uploads_beyond_the_quota_are_refused_and_leave_nothing(
    limited_api: httpx.Client, home: Path, problem: Any
) -> None:
    store = open_store(Settings(home=home))
    first = limited_api.post("/v1/datasets", content=make_table(600, 1))
    assert first.status_code == 201, first.text
    stored = set(store.list_objects())
    refused = problem(limited_api.post("/v1/datasets", content=make_table(440, 3)), 507)
    assert refused["type"] == "urn:kerasd:problem:storage-quota"
    assert "It has 440 bytes, 600 are stored and 1000 are allowed" in refused["detail"]
    problem(limited_api.post("/v1/datasets", content=make_table(1004, 3)), 413)
    assert set(store.list_objects()) == stored
    again = limited_api.post("/v1/datasets", content=make_table(600, 1))
    assert again.status_code == 201, "the same bytes take no room"
    for dataset in (first, again):
        limited_api.delete(f"/v1/datasets/{dataset.json()['id']}")
    fits_now = limited_api.post("/v1/datasets", content=make_table(440, 3))
    assert fits_now.status_code == 201
    limited_api.delete(f"/v1/datasets/{fits_now.json()['id']}")


def test_jobs_beyond_the_quota_are_to_come_back_later(limited_api: httpx.Client, problem: Any) -> None:
    dataset = limited_api.post("/v1/datasets", content=b"x,y\n1,2\n2,4\n3,6\n4,8\n").json()["id"]
    request = {**TRAINING, "dataset": dataset}

    def submit(key: str) -> httpx.Response:
        return limited_api.post("/v1/jobs", json=request, headers={"Idempotency-Key": key})

    first, second, third = (submit(key) for key in "abc")
    assert (first.status_code, second.status_code) == (202, 202), (first.text, second.text)
    refused = problem(third, 429)
    assert refused["type"] == "urn:kerasd:problem:job-quota"
    assert "2 jobs are queued or running and 2 may be" in refused["detail"]
    assert int(third.headers["retry-after"]) > 0
    first_id, second_id = first.json()["id"], second.json()["id"]
    problem(limited_api.post(f"/v1/jobs/{first_id}/clone", json={}), 429)
    assert limited_api.post("/v1/jobs", json={"external": True}).status_code == 202
    limited_api.post(f"/v1/jobs/{first_id}/pause")
    limited_api.post(f"/v1/jobs/{second_id}/cancel")
    third, fourth = submit("c"), submit("d")
    assert (third.status_code, fourth.status_code) == (202, 202), "a refused request frees its key"
    problem(limited_api.post(f"/v1/jobs/{first_id}/resume"), 429)
    problem(limited_api.post(f"/v1/jobs/{second_id}/retry"), 429)
    states = {job: limited_api.get(f"/v1/jobs/{job}").json()["state"] for job in (first_id, second_id)}
    assert states == {first_id: "paused", second_id: "cancelled"}
    limited_api.post(f"/v1/jobs/{third.json()['id']}/cancel")
    assert limited_api.post(f"/v1/jobs/{first_id}/resume").status_code == 202
    assert limited_api.post(f"/v1/jobs/{first_id}/resume").status_code == 202, "twice is once"
