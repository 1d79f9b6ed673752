from datetime import timedelta
from pathlib import Path

from sqlalchemy import Engine, select

from core.database import session_scope, utc_now
from core.settings import Settings
from core.tables import Worker
from worker.registration import Registration


def rows(db_engine: Engine) -> list[Worker]:
    with session_scope(db_engine, read_only=True) as session:
        return list(session.scalars(select(Worker).order_by(Worker.id)))


def test_a_worker_tells_of_itself_until_it_withdraws(tmp_path: Path, db_engine: Engine) -> None:
    registration = Registration(Settings(home=tmp_path, worker_slots=2), db_engine)
    assert registration.report([]) == 2
    registration.device = "cpu"
    registration.report(["job_1"])
    (row,) = rows(db_engine)
    assert (row.device, row.running, row.slots) == ("cpu", ["job_1"], 2)
    registration.withdraw()
    assert rows(db_engine) == []


def test_slots_of_all_workers_on_the_machine_are_added(tmp_path: Path, db_engine: Engine) -> None:
    first, second = (Registration(Settings(home=tmp_path, worker_slots=slots), db_engine) for slots in (1, 3))
    assert first.report([]) == 1
    assert second.report([]) == 4
    with session_scope(db_engine) as session:
        session.get_one(Worker, second.worker_id).hostname = "elsewhere"
    assert first.report([]) == 1


def test_workers_long_silent_are_forgotten(tmp_path: Path, db_engine: Engine) -> None:
    settings = Settings(home=tmp_path)
    dead, alive = Registration(settings, db_engine), Registration(settings, db_engine)
    dead.report([])
    with session_scope(db_engine) as session:
        row = session.get_one(Worker, dead.worker_id)
        row.seen_at = utc_now() - timedelta(seconds=30 * settings.lease_seconds)
    alive.report([])
    assert [row.id for row in rows(db_engine)] == [alive.worker_id]
