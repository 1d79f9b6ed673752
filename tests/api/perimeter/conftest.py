"""What stands around the API is the same on every database: one is enough."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.api.access.conftest import Guarded
from tests.api_process import ApiProcess


@pytest.fixture
def server(sqlite_server: ApiProcess) -> ApiProcess:
    return sqlite_server


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory, serve_sqlite: Any) -> Iterator[Guarded]:
    """A server that needs keys, behind a proxy on this machine that tells where requests came from."""
    settings = {"require_keys": True, "trusted_proxies": "127.0.0.1", "collect_seconds": 3600}
    with serve_sqlite(tmp_path_factory.mktemp("guarded"), **settings) as server, ExitStack() as stack:
        yield Guarded(server, stack)
