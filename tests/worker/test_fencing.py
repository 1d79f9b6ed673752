"""Two never train one job: whoever was stopped for so long that it was thought dead may write nothing more."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from sqlalchemy import Engine

from core.database import session_scope
from core.jobs import cursor, lease
from core.jobs.errors import StaleAttemptError
from core.settings import Settings
from core.storage import open_store
from engine.training.state import TrainingState
from tests.worker.test_worker import SOME, assert_same_weights
from worker.attempt import Attempt
from worker.run.checkpoint import Checkpointer, read_checkpoint

CHECKPOINT = {"class_name": "ModelCheckpoint", "config": {"monitor": "loss"}}
STOP_BEFORE_THE_PUT = """
import os, signal, sys
from pathlib import Path
import numpy as np
from core.database import create_db_engine, session_scope
from core.jobs import cursor
from core.settings import Settings
from core.storage import open_store
from engine.training.state import TrainingState
from worker.run.checkpoint import Checkpointer

home, job_id, epoch = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
settings = Settings(home=home)
db_engine = create_db_engine(settings.database_url)

def check():
    with session_scope(db_engine) as session:
        cursor.reserve(session, job_id, 0, 1)

def check_and_stop():
    check()
    os.kill(os.getpid(), signal.SIGSTOP)

checkpointer = Checkpointer(
    open_store(settings), job_id, 1, home, seconds=0, must_yield=lambda: False,
    may_write=check_and_stop, written=check, resumed=None,
)
checkpointer.keep(TrainingState({"epoch": epoch, "batch": 0, "is_stopped": False}, {"weights": np.ones(3)}))
"""


def keep_checkpoint(db_engine: Engine, home: Path, job_id: str, attempt: int, epoch: int) -> None:
    def check() -> None:
        with session_scope(db_engine) as session:
            cursor.reserve(session, job_id, 0, attempt)

    (folder := home / str(attempt)).mkdir(exist_ok=True)
    checkpointer = Checkpointer(
        open_store(Settings(home=home)),
        job_id,
        attempt,
        folder,
        seconds=0,
        must_yield=lambda: False,
        may_write=check,
        written=check,
        resumed=None,
    )
    facts = {"epoch": epoch, "batch": 0, "is_stopped": False}
    checkpointer.keep(TrainingState(facts, {"weights": np.zeros(3)}))


def test_a_run_stopped_just_before_it_writes_its_checkpoint_replaces_no_newer_one(
    tmp_path: Path, db_engine: Engine, claim_job: Callable[..., Attempt]
) -> None:
    job_id = claim_job().job_id
    stale = subprocess.Popen(
        [sys.executable, "-c", STOP_BEFORE_THE_PUT, str(tmp_path), job_id, "3"], stderr=subprocess.PIPE
    )
    with stale:
        process = psutil.Process(stale.pid)
        assert stale.stderr is not None
        while process.status() != psutil.STATUS_STOPPED:
            assert stale.poll() is None, stale.stderr.read().decode()
        with session_scope(db_engine) as session:
            lease.release(session, job_id, 1, "its lease ran out")
            assert lease.claim(session, job_id, "worker-2", 30) is not None
        keep_checkpoint(db_engine, tmp_path, job_id, attempt=2, epoch=7)
        process.send_signal(signal.SIGCONT)
        _, complaint = stale.communicate(timeout=60)
    assert stale.returncode == 1
    assert StaleAttemptError.__name__ in complaint.decode()
    store = open_store(Settings(home=tmp_path))
    checkpoint = read_checkpoint(store, job_id)
    assert checkpoint is not None
    assert checkpoint.state.epoch == 7
    # The next checkpoint takes the late one away.
    keep_checkpoint(db_engine, tmp_path, job_id, attempt=2, epoch=8)
    assert [path.name for path in (tmp_path / "objects" / "attempts" / job_id).iterdir()] == ["2"]


def test_a_worker_and_a_run_that_were_thought_dead_write_nothing_more(service: Any) -> None:
    first = service.start_worker()
    dataset = service.add_dataset(
        {"x": np.random.default_rng(1).normal(size=(200, 4)), "y": np.arange(200) % 3}
    )
    request = {**SOME, "dataset": dataset, "callbacks": [CHECKPOINT]}
    undisturbed = service.submit(**request)
    service.wait_for(undisturbed, "succeeded")
    disturbed = service.submit(**request)
    service.wait_for_epoch(disturbed, 2)
    training = service.find_training(disturbed)
    training.suspend()
    first.popen.send_signal(signal.SIGSTOP)
    assert service.job(disturbed)["state"] == "running"
    service.start_worker()
    service.wait_until(lambda: service.job(disturbed)["attempt"] == 2, "the second attempt")
    # Without its worker, so that nobody but the service tells it to stop.
    training.resume()
    service.wait_until(lambda: training.status() == psutil.STATUS_ZOMBIE, "the end of the first run")
    first.popen.send_signal(signal.SIGCONT)
    job = service.wait_for(disturbed, "succeeded")
    assert [row["outcome"] for row in job["attempts"]] == ["queued", "succeeded"]
    assert "ran out" in job["attempts"][0]["reason"]
    for name in ("model.h5", "best.h5"):
        assert_same_weights(service.artifact(undisturbed, name), service.artifact(disturbed, name))
    assert service.artifact(undisturbed, "history.csv") == service.artifact(disturbed, "history.csv")
    one, other = service.metrics(undisturbed), service.metrics(disturbed)
    assert other["step"] == list(range(60))
    for name in one.keys() - {"recorded_at"}:
        assert one[name] == other[name], name
    # Both workers are well and go on.
    assert {process.status for process in service.processes if process.name == "worker"} == {None}
    service.wait_until(lambda: len(service.get("/v1/workers")["data"]) == 2, "the first worker's word")
    service.wait_for(service.submit(fit={"epochs": 1}), "succeeded")
