"""How soon a job runs: from `POST /v1/jobs` to the state running, and to the first epoch's row, on a warm worker.

    python -m benchmarks.job_latency [--jobs 15]

Starts the whole embedded stack in a temporary folder and stops it at the end.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

import httpx
import numpy as np

MODEL = {
    "class_name": "Sequential",
    "config": [
        {
            "class_name": "Dense",
            "config": {"name": "dense_1", "units": 4, "batch_input_shape": [None, 8], "trainable": True},
        },
        {"class_name": "Dense", "config": {"name": "dense_2", "units": 1, "trainable": True}},
    ],
}


def start_stack(home: str) -> tuple[subprocess.Popen[str], str]:
    """Start the embedded stack and return its process and address."""
    environment = {**os.environ, "KERASD_HOME": home, "KERASD_PORT": "0"}
    process = subprocess.Popen(
        [sys.executable, "-m", "core.embedded"], env=environment, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["event"] == "ready":
            return process, event["url"]
    raise SystemExit("The stack did not start; see the logs in its folder.")


def upload(client: httpx.Client) -> dict[str, Any]:
    """Send a tiny data set and model; return the body of a job for them."""
    rng = np.random.default_rng(0)
    buffer = io.BytesIO()
    np.savez(buffer, x=rng.normal(size=(64, 8)).astype("float32"), y=rng.normal(size=(64, 1)))
    headers = {"Content-Type": "application/octet-stream"}
    data = client.post("/v1/datasets?name=tiny&format=npz", content=buffer.getvalue(), headers=headers)
    model = client.post("/v1/models", json=MODEL)
    return {
        "model": model.json()["id"],
        "dataset": data.json()["id"],
        "compile": {"optimizer": "sgd", "loss": "mse"},
        "fit": {"epochs": 3},
    }


def time_job(client: httpx.Client, body: dict[str, Any]) -> tuple[float, float]:
    """Return the seconds from the request to the state running and to the first epoch's row."""
    begin = time.perf_counter()
    job = client.post("/v1/jobs", json=body).raise_for_status().json()
    running = 0.0
    deadline = begin + 60
    while time.perf_counter() < deadline:
        job = client.get(f"/v1/jobs/{job['id']}").json()
        if not running and job["started_at"] and job["state"] != "starting":
            running = time.perf_counter() - begin
        if job["epoch"] >= 1:
            return running, time.perf_counter() - begin
        time.sleep(0.002)
    raise SystemExit(f"The job did not get through an epoch in a minute: {job}")


def wait_until_done(client: httpx.Client) -> None:
    """Wait until no job runs, and the worker has warmed up its next child."""
    while client.get("/v1/jobs?state=running").json()["data"]:
        time.sleep(0.05)
    time.sleep(3.0)


def main() -> None:
    """Measure and print medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=7)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kerasd-bench-") as home:
        process, url = start_stack(home)
        try:
            with httpx.Client(base_url=url, timeout=30) as client:
                body = upload(client)
                time_job(client, body)
                times = []
                for _ in range(arguments.jobs):
                    wait_until_done(client)
                    times.append(time_job(client, body))
        finally:
            process.terminate()
            process.wait(timeout=30)
    running, first_epoch = (statistics.median(column) * 1000 for column in zip(*times, strict=True))
    print(f"POST /v1/jobs to running:           {running:.0f} ms (median of {len(times)})")
    print(f"POST /v1/jobs to first epoch's row: {first_epoch:.0f} ms")


if __name__ == "__main__":
    main()
