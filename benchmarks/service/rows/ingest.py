"""Metrics that come in: an epoch at a time as Keras's RemoteMonitor sends them, and in batches as a worker does."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator

from benchmarks.service.measuring import Context, Run, Side, compare
from benchmarks.service.servers import Server
from benchmarks.service.traffic import Connection, time_requests

CLIENTS = 8
BATCH_VALUES = 1000
MOST_BATCHES = 20


def measure_ingest(context: Context) -> None:
    """Posts of one epoch by one client and by several, each to a run of its own; batches by one."""
    api, bare, numbers = context.api, context.bare, itertools.count()
    for clients in (1, CLIENTS):
        own = _post_epochs(api, _open_runs(api, clients), "/publish/epoch/end/", numbers, context)
        other = _post_epochs(bare, _name_runs(clients), "/epoch", numbers, context)
        title = f"post an epoch's metrics, {clients} client{'s' * (clients > 1)}"
        context.rows.append(compare(context, title, own, other, clients=clients))
    own = _post_batches(api, _open_runs(api, 1)[0] + "/metrics", _make_points, numbers, context)
    other = _post_batches(bare, "/jobs/1/values", _make_values, numbers, context)
    context.rows.append(compare(context, f"post {BATCH_VALUES:,} values at once", own, other))


def open_run(connection: Connection) -> str:
    """Open a run that trains elsewhere; returns its address."""
    job = connection.call("POST", "/v1/jobs", {"external": True, "epochs": 1_000_000})
    return f"/v1/jobs/{job['id']}"


def _open_runs(api: Server, count: int) -> list[str]:
    connection = api.connect()
    return [open_run(connection) for _ in range(count)]


def _name_runs(count: int) -> list[str]:
    return [f"/jobs/{number}" for number in range(count)]


def _post_epochs(
    server: Server, addresses: list[str], path: str, numbers: Iterator[int], context: Context
) -> Side:
    connections = [server.connect() for _ in addresses]
    count = max(1, context.scale.requests // len(addresses))

    def make(number: int) -> list[bytes]:
        return [
            connections[number].encode("POST", addresses[number] + path, _make_epoch(next(numbers)))
            for _ in range(count)
        ]

    return server, _send(connections, make)


def _make_epoch(number: int) -> bytes:
    return json.dumps({"epoch": number, "loss": 1 / (number + 1)}).encode()


def _post_batches(
    server: Server,
    address: str,
    make_body: Callable[[int], object],
    numbers: Iterator[int],
    context: Context,
) -> Side:
    connection = server.connect()
    count = min(MOST_BATCHES, context.scale.requests)

    def make(_: int) -> list[bytes]:
        bodies = [json.dumps(make_body(next(numbers) * BATCH_VALUES)).encode() for _ in range(count)]
        return [connection.encode("POST", address, body) for body in bodies]

    return server, _send([connection], make)


def _make_points(first: int) -> object:
    steps = range(first, first + BATCH_VALUES // 2)
    return {
        "points": [
            {
                "kind": "batch",
                "step": step,
                "epoch": 0,
                "values": {"loss": 1 / (step + 1), "acc": 0.5},
                "recorded_at": 1768478401.2,
            }
            for step in steps
        ]
    }


def _make_values(first: int) -> object:
    return [
        {"epoch": step, "name": name, "value": 1 / (step + 1)}
        for step in range(first, first + BATCH_VALUES // 2)
        for name in ("loss", "acc")
    ]


def _send(connections: list[Connection], make: Callable[[int], list[bytes]]) -> Run:
    return lambda: time_requests(connections, make)
