"""Jobs: how soon a tiny one runs, ends its first epoch and is done, how many a minute; and the stack when idle."""

from __future__ import annotations

import io
import json
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.service.bare_tasks import time_round_trips
from benchmarks.service.measuring import Context, Row, find_p95
from benchmarks.service.servers import Server, run_bare_worker, run_stack
from benchmarks.service.traffic import Connection

MIB = 1024**2
LOOK_SECONDS = 0.01
SELDOM_SECONDS = 0.1
DEADLINE_SECONDS = 120
REST_SECONDS = 2.0
ROUND_TRIPS = 50
TERMINAL = {"succeeded", "failed", "cancelled"}


def measure_stack(context: Context) -> None:
    """Start the embedded stack, train tiny jobs on it, and watch it doing nothing."""
    with run_stack(context.folder / "stack", context.url) as (stack, start_seconds):
        context.rows.append(Row("stack: from its start to ready", context.database, "s", start_seconds))
        connection = stack.connect()
        body = _upload_tiny(connection)
        _wait_until_rested(context, stack)
        _time_job(connection, body)
        _measure_latencies(context, stack, connection, body)
        _measure_throughput(context, stack, connection, body)
        _wait_until_rested(context, stack)
        _watch_idle(context, stack)


def _measure_latencies(context: Context, stack: Server, connection: Connection, body: dict[str, Any]) -> None:
    times = []
    for _ in range(context.scale.trainings):
        _wait_until_rested(context, stack)
        times.append(_time_job(connection, body))
    round_trip = _measure_round_trip(context.folder / "stack")
    for title, seconds in zip(("running", "its first epoch", "done"), zip(*times), strict=True):
        figures = 1000 * statistics.median(seconds), round_trip, 1000 * find_p95(seconds)
        note = "bare: one Celery round trip"
        context.rows.append(
            Row(f"tiny job: submission to {title}", context.database, "ms", *figures, note=note)
        )


def _measure_round_trip(home: Path) -> float | None:
    """Milliseconds that a bare Celery task takes over the stack's broker; none over files, which give no results."""
    broker = (home / "broker" / "url").read_text().strip()
    if not broker.startswith("redis"):
        return None
    with run_bare_worker(home / "celery", broker):
        return 1000 * statistics.median(time_round_trips(broker, ROUND_TRIPS))


def _measure_throughput(
    context: Context, stack: Server, connection: Connection, body: dict[str, Any]
) -> None:
    _wait_until_rested(context, stack)
    spent, begin = _sum_cpu_seconds(stack), time.perf_counter()
    ids = [connection.call("POST", "/v1/jobs", body)["id"] for _ in range(context.scale.trainings)]
    for job_id in ids:
        # Looks come seldom here, since they would take the cores from the jobs.
        _wait_for(connection, job_id, lambda job: job["state"] in TERMINAL, SELDOM_SECONDS)
    each = (time.perf_counter() - begin) / len(ids)
    cpu = 1000 * (_sum_cpu_seconds(stack) - spent) / len(ids)
    context.rows.append(
        Row(
            "tiny jobs, one slot",
            context.database,
            "jobs a minute",
            60 / each,
            cpu_ours=cpu,
            note="processor: of all processes, a job",
        )
    )


def _watch_idle(context: Context, stack: Server) -> None:
    family = stack.family()
    before = {process: _cpu_seconds(process) for process in family}
    time.sleep(context.scale.idle_seconds)
    seconds = {process: _cpu_seconds(process) - spent for process, spent in before.items()}
    share = 100 * sum(seconds.values()) / context.scale.idle_seconds
    memory = sum(process.memory_full_info().pss for process in family) / MIB
    busiest = max(seconds, key=lambda process: seconds[process])
    note = f"most: {' '.join(busiest.cmdline()[1:3])}"
    context.rows.append(Row("stack, idle: of one core", context.database, "%", share, note=note))
    note = f"{len(family)} processes, shared pages counted once"
    context.rows.append(Row("stack, idle: memory", context.database, "MiB", memory, note=note))


def _sum_cpu_seconds(stack: Server) -> float:
    """Of all processes, those that have ended too."""
    times = [process.cpu_times() for process in stack.family()]
    return sum(each.user + each.system + each.children_user + each.children_system for each in times)


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _upload_tiny(connection: Connection) -> dict[str, Any]:
    """Send a tiny data set and model; returns the body of a job for them."""
    rng = np.random.default_rng(0)
    file = io.BytesIO()
    np.savez(file, x=rng.normal(size=(64, 8)).astype("float32"), y=rng.normal(size=(64, 1)))
    request = connection.encode(
        "POST", "/v1/datasets?name=tiny&format=npz", file.getvalue(), "application/octet-stream"
    )
    first = {"name": "dense_1", "units": 4, "batch_input_shape": [None, 8], "trainable": True}
    layers = [first, {"name": "dense_2", "units": 1, "trainable": True}]
    config = [{"class_name": "Dense", "config": layer} for layer in layers]
    model = connection.call("POST", "/v1/models", {"class_name": "Sequential", "config": config})
    return {
        "model": model["id"],
        "dataset": json.loads(connection.send(request))["id"],
        "compile": {"optimizer": "sgd", "loss": "mse"},
        "fit": {"epochs": 3},
    }


def _wait_until_rested(context: Context, stack: Server) -> None:
    """Wait until no process of the stack does much: the worker's next child is warm then."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    spent: dict[psutil.Process, float] = {}
    while time.monotonic() < deadline:
        before, spent = spent, {process: _cpu_seconds(process) for process in stack.family()}
        if (
            spent.keys() == before.keys()
            and sum(spent.values()) - sum(before.values()) < context.scale.rest_share * REST_SECONDS
        ):
            return
        time.sleep(REST_SECONDS)
    raise SystemExit("The stack found no rest.")


def _time_job(connection: Connection, body: dict[str, Any]) -> tuple[float, float, float]:
    """Seconds from the request to the state running, to the first epoch's row and to the end."""
    begin = time.perf_counter()
    job_id = connection.call("POST", "/v1/jobs", body)["id"]
    seconds = []
    for holds in (
        lambda job: job["started_at"] and job["state"] != "starting",
        lambda job: job["epoch"] >= 1,
        lambda job: job["state"] in TERMINAL,
    ):
        job = _wait_for(connection, job_id, holds)
        seconds.append(time.perf_counter() - begin)
    if job["state"] != "succeeded":
        raise SystemExit(f"The tiny job has {job['state']}: {job['error']}")
    return seconds[0], seconds[1], seconds[2]


def _wait_for(
    connection: Connection, job_id: str, holds: Any, look_seconds: float = LOOK_SECONDS
) -> dict[str, Any]:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        job: dict[str, Any] = connection.call("GET", f"/v1/jobs/{job_id}")
        if holds(job):
            return job
        time.sleep(look_seconds)
    raise SystemExit(f"The job did not get on within {DEADLINE_SECONDS} seconds: {job}")
