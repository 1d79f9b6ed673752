"""Servers that need keys, with keys of two projects."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.routing import BaseRoute, Mount, Route

from api.app import create_app
from core.access.keys import Limits, create_key
from core.access.projects import open_project
from core.access.scopes import Scope
from core.settings import Settings
from tests.api_process import ApiProcess


@dataclass
class Guarded:
    """A server that needs keys."""

    server: ApiProcess
    stack: ExitStack

    def make_key(
        self, project: str, scope: Scope = Scope.ADMIN, name: str = "me", limits: Limits | None = None
    ) -> tuple[str, str]:
        """Make a key beside the server, as `python -m core.keys` does. Returns: its id, and the key."""
        with self.server.session() as session:
            row, key = create_key(session, open_project(session, project).id, name, scope, limits)
            return row.id, key

    def connect(self, key: str | None = None) -> httpx.Client:
        """A client that sends this key."""
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        return self.stack.enter_context(httpx.Client(base_url=self.server.url, timeout=60, headers=headers))


@pytest.fixture(scope="session")
def guarded_sqlite(tmp_path_factory: pytest.TempPathFactory, serve_sqlite: Any) -> Iterator[Guarded]:
    """A server that needs keys, for what has nothing to do with the kind of database."""
    with serve_sqlite(tmp_path_factory.mktemp("guarded"), require_keys=True) as server, ExitStack() as stack:
        yield Guarded(server, stack)


@pytest.fixture(scope="session")
def guarded_postgresql(
    tmp_path_factory: pytest.TempPathFactory, serve_at: Any, session_postgresql_url: str
) -> Iterator[Guarded]:
    home = tmp_path_factory.mktemp("guarded-postgresql")
    with serve_at(home, session_postgresql_url, require_keys=True) as server, ExitStack() as stack:
        yield Guarded(server, stack)


@pytest.fixture(params=["sqlite", "postgresql"])
def guarded(request: pytest.FixtureRequest) -> Guarded:
    """A server that needs keys, on each database; its rows stay from test to test."""
    found: Guarded = request.getfixturevalue(f"guarded_{request.param}")
    return found


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    home = tmp_path_factory.mktemp("app")
    app = create_app(Settings(home=home))
    yield app
    app.state.database.db_engine.dispose()


@pytest.fixture(scope="session")
def app_routes(app: FastAPI) -> set[tuple[str, str]]:
    """Every method and path of the route table; a mount stands for all that is below it."""
    return set(walk(app.routes))


def walk(routes: Iterable[BaseRoute]) -> Iterator[tuple[str, str]]:
    for route in routes:
        if isinstance(route, Mount):
            yield "GET", route.path
        else:
            assert isinstance(route, Route), f"what is {type(route)}? This test is to walk it too."
            yield from ((method, route.path) for method in (route.methods or ()) if method != "HEAD")
