"""What routes are given: settings, database, object store and the queue.

The functions are coroutines because FastAPI would run each plain one in a thread.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from core.database import reading_scope, session_scope
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

    def read_rows(self) -> AbstractContextManager[Connection]:
        """As `read`, without objects: for what is polled."""
        return reading_scope(self.db_engine)

    def write(self) -> AbstractContextManager[Session]:
        """A session that may write."""
        return session_scope(self.db_engine)


@dataclass(frozen=True)
class ProjectDatabase(Database):
    """The database as a request sees it.

    Args:
        project_id: whose models, datasets and jobs the repositories are to find.
    """

    project_id: str


@dataclass(frozen=True)
class Queue:
    """The doorbell of the workers; to be rung only after the commit."""

    ring: Callable[[str, int], bool]
    ring_prediction: Callable[[str], bool]


async def get_settings(request: Request) -> Settings:
    """The settings the application was made with."""
    settings: Settings = request.app.state.settings
    return settings


async def get_service_database(request: Request) -> Database:
    """The application's database, for what belongs to no project."""
    database: Database = request.app.state.database
    return database


async def get_database(request: Request) -> ProjectDatabase:
    """The application's database for the project of whoever asks."""
    return ProjectDatabase(request.app.state.database.db_engine, request.state.principal.project_id)


async def get_store(request: Request) -> ObjectStore:
    """The application's object store."""
    store: ObjectStore = request.app.state.store
    return store


async def get_queue(request: Request) -> Queue:
    """The application's queue."""
    queue: Queue = request.app.state.queue
    return queue


SettingsDep = Annotated[Settings, Depends(get_settings)]
ServiceDatabaseDep = Annotated[Database, Depends(get_service_database)]
DatabaseDep = Annotated[ProjectDatabase, Depends(get_database)]
StoreDep = Annotated[ObjectStore, Depends(get_store)]
QueueDep = Annotated[Queue, Depends(get_queue)]
