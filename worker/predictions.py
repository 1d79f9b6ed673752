"""Predictions, seen from the worker: one child of its own answers them, one after the other."""

import logging
import threading
from datetime import timedelta
from queue import Empty, Queue
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import SQLAlchemyError

from core.database import reading_scope, session_scope, utc_now
from core.tables import Prediction
from worker.child import Child
from worker.death import count_memory_kills, describe_death
from worker.spare import Spare

_LOOK_SECONDS = 2.0
_UNHEARD_SECONDS = 2.0
_ABANDONED_SECONDS = 600.0
_ANSWER_SECONDS = 120.0
_WAIT_SECONDS = 0.2
_CLOSE_SECONDS = 1.0

_log = logging.getLogger(__name__)


class PredictionDesk:
    """Passes predictions to a warm child that keeps the models it has used.

    Args:
        db_engine: the database.
        spare: where the child is taken from, at the first prediction.
    """

    def __init__(self, db_engine: Engine, spare: Spare) -> None:
        self._db_engine = db_engine
        self._spare = spare
        self._child: Child | None = None
        self._waiting: Queue[str] = Queue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="predictions")

    def start(self) -> None:
        """Begin to serve, in a thread of its own."""
        self._thread.start()

    def add(self, prediction_id: str) -> None:
        """The doorbell: a prediction waits."""
        self._waiting.put(prediction_id)

    def close(self) -> None:
        """Serve no more and end the child."""
        self._closing.set()
        self._waiting.put("")  # so that the wait for the next one ends
        self._thread.join(_CLOSE_SECONDS)
        if self._child is not None:
            self._child.stop(grace_seconds=0.2)

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                for prediction_id in self._next():
                    if self._closing.is_set():
                        return
                    self._answer(prediction_id)
            except (SQLAlchemyError, OSError) as error:
                _log.warning("predictions: %s: %s", type(error).__name__, error)

    def _next(self) -> list[str]:
        """The one that was rung for, or after a while of silence those whose message was lost."""
        try:
            return [self._waiting.get(timeout=_LOOK_SECONDS)]
        except Empty:
            return self._find_unheard()

    def _find_unheard(self) -> list[str]:
        now = utc_now()
        statement = select(Prediction.id).where(
            Prediction.state == "queued",
            Prediction.created_at < now - timedelta(seconds=_UNHEARD_SECONDS),
            Prediction.created_at > now - timedelta(seconds=_ABANDONED_SECONDS),
        )
        with reading_scope(self._db_engine) as connection:
            return list(connection.scalars(statement.order_by(Prediction.id)))

    def _answer(self, prediction_id: str) -> None:
        if self._child is None or self._child.status is not None:
            self._child = self._spare.take()
        child, memory_kills = self._child, count_memory_kills()
        child.order(kind="predict", prediction_id=prediction_id)
        for _ in range(int(_ANSWER_SECONDS / _WAIT_SECONDS)):
            message = child.receive(_WAIT_SECONDS)
            if message is not None and message.get("answered") == prediction_id:
                return
            if self._closing.is_set():
                return
            if message is None and child.status is not None:
                return self._fail(
                    prediction_id, describe_death(child.status, count_memory_kills() - memory_kills)
                )
        child.stop(grace_seconds=0)
        detail = f"The prediction took longer than {_ANSWER_SECONDS:g} seconds; send fewer rows at a time."
        return self._fail(prediction_id, {"type": "time-limit", "title": "Too slow", "detail": detail})

    def _fail(self, prediction_id: str, error: dict[str, Any]) -> None:
        with session_scope(self._db_engine) as session:
            session.execute(
                update(Prediction)
                .where(Prediction.id == prediction_id, Prediction.state == "queued")
                .values(state="failed", error=error, finished_at=utc_now())
            )
