"""Metrics that are polled: whole histories, as they are and after each new point, and what came since a number."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

from sqlalchemy import Engine, insert, update

from benchmarks.service.bare_app import POINTS
from benchmarks.service.measuring import Context, compare
from benchmarks.service.rows.ingest import open_run
from benchmarks.service.servers import Server, analyze
from benchmarks.service.traffic import Timing, time_requests
from core.tables import Job, Metric

ROWS_A_STATEMENT = 50_000
WHOLE_HISTORY_VALUES = 1_000_000
"""Of all requests of a round together, so that long histories are asked for a few times only."""


def measure_polling(context: Context) -> None:
    """Polls of histories of several lengths; the rows are put in directly."""
    for points in context.scale.points:
        address, bare_id = open_run(context.api.connect()), str(points)
        _fill(context.db_engine, address.rpartition("/")[2], points)
        _fill_bare(context.bare_engine, bare_id, points)
        ours = Poller(context.api, f"{address}/metrics", f"{address}/publish/epoch/end/", points)
        bare = Poller(context.bare, f"/jobs/{bare_id}/points", f"/jobs/{bare_id}/epoch", points)
        _measure(context, ours, bare, points)


def _measure(context: Context, ours: Poller, bare: Poller, points: int) -> None:
    many = context.scale.requests
    whole = max(1, min(many, WHOLE_HISTORY_VALUES // points))
    history = f"history of {points:,} points"
    for title, ask, by_cpu in (
        (f"{history}, again", lambda poller: poller.poll_again(whole), True),
        (f"{history}, after a new point", lambda poller: poller.poll_news(min(whole, 20)), False),
        (f"{history}, one new point by `since`", lambda poller: poller.poll_since(many), False),
    ):
        sides = [(poller.server, partial(ask, poller)) for poller in (ours, bare)]
        context.rows.append(compare(context, title, *sides, by_cpu=by_cpu))


class Poller:
    """Polls a history, and lets it grow.

    Args:
        server: of the history.
        path, growth: where it is read, and where an epoch is posted.
        points: that it has.
    """

    def __init__(self, server: Server, path: str, growth: str, points: int) -> None:
        self.server = server
        self._path = path
        self._growth = growth
        self._points = points
        self._connection = server.connect()

    def poll_again(self, count: int) -> Timing:
        """Ask for the whole history, which does not change."""
        request = self._connection.encode("GET", self._path)
        return time_requests([self._connection], lambda _: [request] * count)

    def poll_news(self, count: int) -> Timing:
        """Ask for the whole history, after a point was added each time."""
        return self._collect(count, lambda: self._connection.encode("GET", self._path))

    def poll_since(self, count: int) -> Timing:
        """Ask for what came after the last answer, which is a point each time."""
        answer = json.loads(self._connection.send(self._connection.encode("GET", self._path)))
        cursor = answer["cursor"] if "cursor" in answer else answer["seq"][-1]

        def ask() -> bytes:
            nonlocal cursor
            cursor += 1
            return self._connection.encode("GET", f"{self._path}?since={cursor - 1}")

        return self._collect(count, ask)

    def _collect(self, count: int, ask: Callable[[], bytes]) -> Timing:
        latencies = []
        for _ in range(count):
            self._connection.call("POST", self._growth, {"epoch": self._points, "loss": 0.5})
            self._points += 1
            requests = [ask()]
            latencies += time_requests([self._connection], lambda _, sent=requests: sent).latencies
        return Timing(latencies, sum(latencies))


def _fill(db_engine: Engine, job_id: str, points: int) -> None:
    """Put an epoch's row for each point, as if they had come one by one."""
    with db_engine.begin() as connection:
        for first in range(0, points, ROWS_A_STATEMENT):
            rows = [
                {
                    "job_id": job_id,
                    "kind": "epoch",
                    "step": step,
                    "name": "loss",
                    "seq": step + 2,
                    "value": 1 / (step + 1),
                    "epoch": step,
                    "recorded_at": 1768478401.25 + step,
                }
                for step in range(first, min(points, first + ROWS_A_STATEMENT))
            ]
            connection.execute(insert(Metric), rows)
        ended = {"last_seq": points + 1, "epoch": points, "last_metrics": {"loss": 1 / points}}
        connection.execute(update(Job).where(Job.id == job_id).values(**ended))
    analyze(db_engine)


def _fill_bare(db_engine: Engine, job_id: str, points: int) -> None:
    with db_engine.begin() as connection:
        for first in range(0, points, ROWS_A_STATEMENT):
            rows = [
                {"job_id": job_id, "epoch": step, "name": "loss", "value": 1 / (step + 1)}
                for step in range(first, min(points, first + ROWS_A_STATEMENT))
            ]
            connection.execute(insert(POINTS), rows)
    analyze(db_engine)
