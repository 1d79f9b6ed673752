"""What all tests share: repeatable random numbers, and the servers and programs that are skipped where absent."""

import os
import random
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import numpy as np
import psycopg
import pytest
import redis
import torch
from sqlalchemy.engine import make_url

POSTGRESQL_URL = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
REDIS_URL = "redis://127.0.0.1:6379"
REDIS_DATABASES = range(1, 16)
REDIS_CLAIM_SECONDS = 900
CONNECT_TIMEOUT_SECONDS = 3
SEED = 20
HERE = Path(__file__).parent

# Several tests run at a time, and small tensors gain nothing by threads that wait for each other.
torch.set_num_threads(1)


LONG = ("worker", "chaos", "e2e", "migrations", "client", "benchmarks", "fuzz", "examples")
"""Folders whose files take minutes: begun last, they would leave the other processes without work at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long."""
    ranks = {name: rank for rank, name in enumerate(LONG)}
    items.sort(key=lambda item: ranks.get(item.path.relative_to(HERE).parts[0], len(LONG)))


@pytest.fixture(autouse=True)
def _seed() -> None:
    """Makes what a test draws the same whichever tests ran before it."""
    random.seed(SEED)
    np.random.seed(SEED)
    torch.manual_seed(SEED)


@pytest.fixture(scope="session")
def require() -> Callable[[str], NoReturn]:
    """Gives a function that skips a test for want of something, or fails it where nothing may be missing."""

    def end_test(need: str) -> NoReturn:
        if os.environ.get("KERASD_TEST_REQUIRE") == "1":
            pytest.fail(f"needs {need}, and KERASD_TEST_REQUIRE=1 forbids to skip", pytrace=False)
        pytest.skip(f"needs {need}")

    return end_test


@pytest.fixture
def postgresql_url(require: Callable[[str], NoReturn]) -> Iterator[str]:
    """Gives the SQLAlchemy URL of a new, empty PostgreSQL database, dropped when the test ends."""
    with new_postgresql_database(require) as url:
        yield url


@pytest.fixture(scope="session")
def session_postgresql_url(require: Callable[[str], NoReturn]) -> Iterator[str]:
    """Gives the SQLAlchemy URL of a PostgreSQL database for the whole session, empty at its start."""
    with new_postgresql_database(require) as url:
        yield url


@pytest.fixture(scope="module")
def module_postgresql_url(require: Callable[[str], NoReturn]) -> Iterator[str]:
    """Gives the SQLAlchemy URL of a PostgreSQL database for one module, empty at its start."""
    with new_postgresql_database(require) as url:
        yield url


@contextmanager
def new_postgresql_database(require: Callable[[str], NoReturn]) -> Iterator[str]:
    server = make_url(os.environ.get("KERASD_TEST_POSTGRESQL_URL", POSTGRESQL_URL))
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    name = f"kerasd_test_{secrets.token_hex(6)}"
    try:
        connection = psycopg.connect(plain, autocommit=True, connect_timeout=CONNECT_TIMEOUT_SECONDS)
    except psycopg.OperationalError as error:
        require(f"PostgreSQL at {server.host}:{server.port} ({error})")
    with connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def redis_url(require: Callable[[str], NoReturn]) -> Iterator[str]:
    """Gives the URL of an empty Redis database that no other test uses, emptied when the test ends."""
    with new_redis_database(require) as url:
        yield url


@pytest.fixture(scope="module")
def module_redis_url(require: Callable[[str], NoReturn]) -> Iterator[str]:
    """Gives the URL of a Redis database for one module, empty at its start and emptied at its end."""
    with new_redis_database(require) as url:
        yield url


@contextmanager
def new_redis_database(require: Callable[[str], NoReturn]) -> Iterator[str]:
    server = os.environ.get("KERASD_TEST_REDIS_URL", REDIS_URL).rstrip("/")
    with redis.Redis.from_url(f"{server}/0", socket_timeout=CONNECT_TIMEOUT_SECONDS) as claims:
        try:
            claims.ping()
        except redis.RedisError as error:
            require(f"Redis at {server} ({error})")
        number = claim_redis_database(claims)
        try:
            with redis.Redis.from_url(f"{server}/{number}") as database:
                database.flushdb()
                yield f"{server}/{number}"
                database.flushdb()
        finally:
            claims.delete(claim_key(number))


def claim_redis_database(claims: redis.Redis) -> int:
    for number in REDIS_DATABASES:
        if claims.set(claim_key(number), 1, nx=True, ex=REDIS_CLAIM_SECONDS):
            return number
    pytest.fail("every Redis database from 1 to 15 is claimed by another test run")


def claim_key(number: int) -> str:
    return f"kerasd-test-database-{number}"


@pytest.fixture(scope="session")
def chromium_path(require: Callable[[str], NoReturn]) -> str:
    """Gives the path of the Chromium that Debian installs."""
    return shutil.which("chromium") or require("chromium (Debian: apt-get install chromium)")


@pytest.fixture(scope="session")
def dot_path(require: Callable[[str], NoReturn]) -> str:
    """Gives the path of Graphviz's `dot`."""
    return shutil.which("dot") or require("dot (Debian: apt-get install graphviz)")
