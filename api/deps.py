"""What routes are given: settings, database, object store and the queue."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.database import session_scope
from core.settings import Settings
from core.storage import ObjectStore


@dataclass(frozen=True)
class Database:
    """Sessions for a request: each block is one transaction, committed when it ends.

    A route opens the block itself, in the thread it runs in: a session opened by a dependency would need a
    second thread to commit, and a full thread pool would then wait for itself.
    """

    db_engine: Engine

    def read(self) -> AbstractContextManager[Session]:
        """A session that only reads and waits for no writer."""
        return session_scope(self.db_engine, read_only=True)

    def write(self) -> AbstractContextManager[Session]:
        """A session that may write."""
        return session_scope(self.db_engine)


@dataclass(frozen=True)
class Queue:
    """The doorbell of the workers; to be rung only after the commit."""

    ring: Callable[[str, int], bool]
    ring_prediction: Callable[[str], bool]


def get_settings(request: Request) -> Settings:
    """The settings the application was made with."""
    settings: Settings = request.app.state.settings
    return settings


def get_database(request: Request) -> Database:
    """The application's database."""
    database: Database = request.app.state.database
    return database


def get_store(request: Request) -> ObjectStore:
    """The application's object store."""
    store: ObjectStore = request.app.state.store
    return store


def get_queue(request: Request) -> Queue:
    """The application's queue."""
    queue: Queue = request.app.state.queue
    return queue


SettingsDep = Annotated[Settings, Depends(get_settings)]
DatabaseDep = Annotated[Database, Depends(get_database)]
StoreDep = Annotated[ObjectStore, Depends(get_store)]
QueueDep = Annotated[Queue, Depends(get_queue)]
