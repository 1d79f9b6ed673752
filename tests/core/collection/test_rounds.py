"""Rounds of collection on both databases and both stores."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import Engine

from core.collection import Collection, collect, collect_when_due
from core.collection.rounds import DUTY
from core.database import session_scope, utc_now
from core.identifiers import new_id
from core.jobs.states import JobState
from core.settings import Settings
from core.storage import ObjectStore, open_store
from core.storage.keys import checkpoint_key, object_key
from core.storage.local import LocalStore
from core.tables import Artifact, Dataset, Duty, Job, Model, Prediction

REFERRED = ("dataset", "weights", "artifact", "input", "output")


def refer_in_every_way(store: ObjectStore, db_engine: Engine, job_id: str) -> set[str]:
    """Keep an object for each column that may name one. Returns their digests."""
    digests = {name: store.put_stream([name.encode()]).sha256 for name in REFERRED}
    size = {"size_bytes": 1}
    with session_scope(db_engine) as session:
        session.add(
            Dataset(id=new_id("dst"), name="x", format="npy", sha256=digests["dataset"], rows=1, **size)
        )
        session.add(
            Model(
                id=new_id("mdl"),
                name="x",
                class_name="Model",
                definition="{}",
                definition_sha256="0" * 64,
                weights_sha256=digests["weights"],
            )
        )
        session.add(
            Artifact(job_id=job_id, name="m.h5", sha256=digests["artifact"], media_type="x/y", **size)
        )
        session.add(
            Prediction(
                id=new_id("prd"),
                job_id=job_id,
                input_sha256=digests["input"],
                output_sha256=digests["output"],
            )
        )
    return set(digests.values())


def test_what_a_row_refers_to_stays_and_the_rest_goes(
    store: ObjectStore, db_engine: Engine, add_job: Callable[..., str], tmp_path: Path
) -> None:
    count = 120 if isinstance(store, LocalStore) else 5
    live = refer_in_every_way(store, db_engine, add_job())
    dead = {store.put_stream([b"dead", bytes([number])]).sha256 for number in range(count)}
    settings, patient = Settings(home=tmp_path, orphan_seconds=0), Settings(home=tmp_path)
    age_local_files(tmp_path, seconds=1)
    assert collect(patient, db_engine, store) == Collection()
    begun = int(time.time())
    while int(time.time()) == begun:  # S3 tells ages in whole seconds
        time.sleep(0.01)
    expected = Collection(objects=count, size_bytes=5 * count)
    assert collect(settings, db_engine, store, is_dry_run=True) == expected
    assert set(store.list_objects()) == live | dead
    assert collect(settings, db_engine, store) == expected
    assert set(store.list_objects()) == live


def age_local_files(home: Path, seconds: float) -> None:
    then = utc_now().timestamp() - seconds
    for path in (home / "objects").rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def test_checkpoints_that_no_job_wants_go(
    db_engine: Engine, run_job: Callable[..., str], tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    store = open_store(settings)
    running, paused, succeeded, failed, retriable = (
        run_job(state)
        for state in (
            JobState.RUNNING,
            JobState.PAUSED,
            JobState.SUCCEEDED,
            JobState.FAILED,
            JobState.FAILED,
        )
    )
    gone, young = new_id("job"), new_id("job")
    with session_scope(db_engine) as session:
        session.get_one(Job, retriable).checkpoint_at = utc_now()
    path = tmp_path / "checkpoint"
    path.write_bytes(b"weights")
    for job_id in (running, paused, succeeded, failed, retriable, gone, young):
        store.put_checkpoint(job_id, 1, path)
        if job_id != young:
            os.utime(tmp_path / "objects" / checkpoint_key(job_id, 1), (0, 0))
    expected = Collection(checkpoints=3, size_bytes=3 * len(b"weights"))
    assert collect(settings, db_engine, store, is_dry_run=True) == expected
    assert collect(settings, db_engine, store) == expected
    assert set(store.list_checkpoints()) == {running, paused, retriable, young}


def test_of_many_that_ask_at_once_one_collects(db_engine: Engine, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, collect_seconds=3600)
    store = open_store(settings)
    sha256 = store.put_stream([b"dead"]).sha256
    os.utime(tmp_path / "objects" / object_key(sha256), (0, 0))
    together = Barrier(6)

    def ask(_: int) -> Collection | None:
        together.wait()
        return collect_when_due(settings, db_engine, store, lambda: False)

    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(ask, range(6)))
    assert [one for one in found if one is not None] == [Collection(objects=1, size_bytes=4)]
    assert collect_when_due(settings, db_engine, store, lambda: False) is None
    hasty = Settings(home=tmp_path, collect_seconds=0.001)
    with session_scope(db_engine) as session:
        session.get_one(Duty, DUTY).due_at = utc_now()
    assert collect_when_due(hasty, db_engine, store, lambda: False) == Collection()


def test_a_round_ends_early_when_it_is_told_to(db_engine: Engine, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, orphan_seconds=0)
    store = open_store(settings)
    sha256 = store.put_stream([b"dead"]).sha256
    assert collect(settings, db_engine, store, must_stop=lambda: True) == Collection()
    assert store.exists(sha256)


def test_a_store_that_is_down_breaks_the_round_off_and_is_told(
    db_engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    options = {
        "key": "k",
        "secret": "s",
        "endpoint_url": "http://127.0.0.1:9",
        "config_kwargs": {"retries": {"max_attempts": 0}},
    }
    settings = Settings(home=tmp_path, storage_url="s3://bucket/x", storage_options=options)
    assert collect_when_due(settings, db_engine, open_store(settings), lambda: False) is None
    assert "the collection broke off" in caplog.text


def test_the_command_tells_and_then_removes(db_engine: Engine, database_url: str, tmp_path: Path) -> None:
    store = open_store(Settings(home=tmp_path))
    sha256 = store.put_stream([b"dead"]).sha256
    os.utime(tmp_path / "objects" / object_key(sha256), (0, 0))
    environment = {**os.environ, "KERASD_HOME": str(tmp_path), "KERASD_DATABASE_URL": database_url}

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "core.collect", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    assert run("--dry-run") == "would remove 1 objects and 0 checkpoints: 4 bytes\n"
    assert store.exists(sha256)
    assert run() == "removed 1 objects and 0 checkpoints: 4 bytes\n"
    assert not store.exists(sha256)
