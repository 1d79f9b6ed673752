"""Whole histories: read once, and then only what came since."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from api.metrics.cache import Cache
from api.metrics.repository import Points, Standing, read_points
from api.metrics.schemas import Kind

_MAX_VALUES: Final = 1_000_000
"""Of all histories that are kept; a value takes some 30 bytes."""


@dataclass(frozen=True, slots=True)
class _History:
    """Points as a cursor shows them; never changed, since others may be reading them."""

    cursor: int
    points: Points


class Histories:
    """The histories asked for last, each brought up to date by the few points that are new."""

    def __init__(self) -> None:
        self._known: Cache[_History] = Cache(_MAX_VALUES)

    def read(
        self,
        connection: Connection,
        job_id: str,
        standing: Standing,
        kind: Kind,
        names: Collection[str] | None,
    ) -> Points:
        """Read all metrics of a kind.

        Args: standing: of the job, read on this connection before. names: only these metrics.
        """
        # A retry may have taken all points away; whatever else changes gets a new number.
        key = job_id, standing.retried_at, kind, None if names is None else frozenset(names)
        known = self._known.get(key)
        points = None
        if known is not None:
            points = _append(known.points, read_points(connection, job_id, known.cursor, kind, names))
        if points is None:
            points = read_points(connection, job_id, 0, kind, names)
        size = len(points.steps) * (3 + len(points.values))
        self._known.keep(key, _History(standing.cursor, points), size)
        return points


def _append(points: Points, news: Points) -> Points | None:
    """Both in one, or none where a step is not behind all that are known: it may replace one."""
    if not news.steps:
        return points
    if points.steps and news.steps[0] <= points.steps[-1]:
        return None
    before, behind = [None] * len(points.steps), [None] * len(news.steps)
    return Points(
        points.steps + news.steps,
        points.epochs + news.epochs,
        points.recorded_at + news.recorded_at,
        {
            name: [*points.values.get(name, before), *news.values.get(name, behind)]
            for name in points.values | news.values
        },
    )
