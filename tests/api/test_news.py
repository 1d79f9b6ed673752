"""One look serves all who wait for news of jobs."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from api.deps import Database
from api.events.news import News
from core import migrate
from core.database import create_db_engine, session_scope
from core.identifiers import new_id
from core.jobs import cursor, transitions
from core.tables import Job

FOLLOWERS = 30
LOOK_SECONDS = 0.2
DEADLINE_SECONDS = 30


@pytest.fixture
def db_engine(tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'kerasd.db'}"
    migrate.upgrade(url)
    db_engine = create_db_engine(url)
    yield db_engine
    db_engine.dispose()


@pytest.fixture
def job_id(db_engine: Engine) -> str:
    with session_scope(db_engine) as session:
        return transitions.create(session, Job(id=new_id("job"), name="a", external=True, epochs=1)).id


def advance(db_engine: Engine, job_id: str) -> None:
    with session_scope(db_engine) as session:
        cursor.reserve(session, job_id, 1)


def test_one_look_wakes_all_who_follow(db_engine: Engine, job_id: str) -> None:
    looks: list[str] = []

    async def run() -> None:
        news = News(Database(db_engine), LOOK_SECONDS)
        followers = [asyncio.create_task(news.wait(job_id, 1)) for _ in range(FOLLOWERS)]
        ahead = asyncio.create_task(news.wait(job_id, 2))
        await asyncio.sleep(0)
        await asyncio.to_thread(advance, db_engine, job_id)
        event.listen(db_engine, "before_cursor_execute", lambda *call: looks.append(call[2]))
        async with asyncio.timeout(DEADLINE_SECONDS):
            await asyncio.gather(*followers)
        assert not ahead.done()
        ahead.cancel()

    asyncio.run(run())
    assert len([look for look in looks if look.startswith("SELECT")]) == 1


def test_what_is_told_needs_no_look(db_engine: Engine, job_id: str) -> None:
    async def run() -> None:
        news = News(Database(db_engine), look_seconds=10 * DEADLINE_SECONDS)
        other = asyncio.create_task(news.wait(new_id("job"), 1))
        follower = asyncio.create_task(news.wait(job_id, 1))
        await asyncio.sleep(0)
        news.tell(job_id)
        async with asyncio.timeout(DEADLINE_SECONDS):
            await follower
        assert not other.done()
        other.cancel()

    asyncio.run(run())


@pytest.mark.parametrize("loss", ["job", "database"])
def test_who_waits_hears_of_a_loss(db_engine: Engine, job_id: str, tmp_path: Path, loss: str) -> None:
    lost = db_engine
    if loss == "database":
        lost = create_db_engine(f"sqlite:///{tmp_path / 'never_migrated.db'}")

    async def run() -> None:
        news = News(Database(lost), 0.01)
        async with asyncio.timeout(DEADLINE_SECONDS):
            await news.wait(new_id("job"), 1)

    asyncio.run(run())
    if loss == "database":
        lost.dispose()
