"""What strangers send to be predicted is read apart from the API, and kept from its memory."""

import io
from pathlib import Path

import httpx
import numpy as np
import pytest

from tests.api_process import ApiProcess
from tests.hostile.conftest import Traps
from tests.hostile.test_arrays import ATTACKS, MIB, READ_BY_PREDICTIONS
from tests.trained_job import add_trained_job

INPUTS = [{"name": "x", "shape": [None, 1024], "dtype": "float32", "vocabulary_size": None}]


@pytest.fixture(scope="module")
def address(api: httpx.Client, server: ApiProcess) -> str:
    """Where a job that has a model predicts."""
    job_id = api.post("/v1/jobs", json={"external": True, "epochs": 1}).json()["id"]
    add_trained_job(server, job_id, INPUTS)
    return f"/v1/jobs/{job_id}/predict?timeout_seconds=0.01"


@pytest.mark.parametrize("form", ["npy", "npz", "json"])
@pytest.mark.parametrize("attack", READ_BY_PREDICTIONS)
def test_what_is_no_array_is_refused(
    form: str, attack: str, address: str, traps: Traps, api: httpx.Client
) -> None:
    headers = {"content-type": "application/json" if form == "json" else f"application/x-{form}"}
    answer = api.post(address, content=ATTACKS[attack](traps), headers=headers)
    assert answer.status_code in (400, 413, 422), answer.text


def test_json_that_takes_much_memory_is_refused(address: str, api: httpx.Client) -> None:
    body = b'{"x": [' + b"[" * 4_000 + b"]" * 4_000 + b"]}"
    assert api.post(address, content=body, headers={"content-type": "application/json"}).status_code in (
        400,
        422,
    )
    lists = b'{"x": [' + b"[]," * (5 * MIB) + b"[]]}"
    assert api.post(address, content=lists, headers={"content-type": "application/json"}).status_code == 422


def test_large_arrays_pass_by_the_memory_of_the_api(
    address: str, api: httpx.Client, server: ApiProcess
) -> None:
    file = io.BytesIO()
    np.savez_compressed(file, x=np.zeros((15 * 1024, 1024), np.float32))
    before = reset_peak(server.pid)
    headers = {"content-type": "application/x-npz"}
    answer = api.post(address, content=file.getvalue(), headers=headers)
    assert answer.status_code == 504, answer.text  # the array was taken, and nobody predicts
    assert read_bytes(server.pid, "VmHWM") - before < 30 * MIB


def reset_peak(pid: int) -> int:
    """Begin to look for the peak of a process's memory anew (Linux). Returns: what it has now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return read_bytes(pid, "VmRSS")


def read_bytes(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))
