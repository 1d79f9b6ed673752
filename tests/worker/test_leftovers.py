from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine

from core.identifiers import new_id
from core.settings import Settings
from core.storage import open_store
from worker.attempt import Attempt
from worker.leftovers import remove_leftovers


def test_only_what_ended_jobs_left_is_removed(
    tmp_path: Path, db_engine: Engine, claim_job: Callable[..., Attempt]
) -> None:
    settings = Settings(home=tmp_path)
    store = open_store(settings)
    assert remove_leftovers(settings, db_engine, store) == []
    ended, going_on, gone = claim_job(), claim_job(), new_id("job")
    for job_id in (ended.job_id, going_on.job_id, gone):
        folder = settings.runs_path / job_id / "spool"
        folder.mkdir(parents=True)
        (folder / "000001.jsonl").write_text("{}\n")
        store.put_checkpoint(job_id, folder / "000001.jsonl")
    ended.fail({"title": "no"})
    assert sorted(remove_leftovers(settings, db_engine, store)) == sorted([ended.job_id, gone])
    assert [path.name for path in settings.runs_path.iterdir()] == [going_on.job_id]
    assert store.get_checkpoint(going_on.job_id) is not None
    assert store.get_checkpoint(ended.job_id) is None
