"""The fixtures of conftest.py give servers that tests can use side by side."""

import redis
from sqlalchemy import create_engine, text


def test_postgresql_database_is_new_and_empty(postgresql_url: str) -> None:
    db_engine = create_engine(postgresql_url)
    with db_engine.begin() as connection:
        tables = connection.execute(
            text("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")
        ).scalar_one()
        connection.execute(text("CREATE TABLE left_behind (id integer)"))
    assert tables == 0
    db_engine.dispose()


def test_redis_database_is_empty_and_not_number_zero(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as server:
        assert server.dbsize() == 0
        server.set("left behind", 1)
    assert not redis_url.endswith("/0")
