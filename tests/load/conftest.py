"""A loaded service on each kind of database and broker."""

from collections.abc import Iterator

import pytest

from tests.load.stack import Stack

WORKERS = 4


@pytest.fixture(scope="module", params=["embedded", "servers"])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Gives the service with workers on SQLite and its own broker, then on PostgreSQL and Redis."""
    settings = {}
    if request.param == "servers":
        settings["database_url"] = request.getfixturevalue("module_postgresql_url")
        settings["broker_url"] = request.getfixturevalue("module_redis_url")
    stack = Stack(tmp_path_factory.mktemp(request.param), WORKERS, **settings)
    try:
        stack.start()
        yield stack
    finally:
        stack.close()
