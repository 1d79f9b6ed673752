"""Whether anything was lost."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import func, select

from api.uploads import remove_abandoned_uploads
from core.collection.references import find_referenced
from core.database import create_db_engine, session_scope
from core.jobs.states import TERMINAL
from core.storage import ObjectNotFoundError, open_store
from core.tables import Job
from tests.chaos.clients import Ledger
from tests.chaos.stack import Stack
from tests.worker.conftest import wait_until
from tests.worker.resuming import assert_same_outcome

RETRIED_ERRORS = frozenset({"disk-full"})
"""A job that fails like this was told so rightly, and goes on when it is asked to."""
_END_SECONDS = 600.0


def bring_to_end(stack: Stack, ledger: Ledger, problems: list[str]) -> int:
    """Wait until every job has ended. Returns how many were retried, since their disk had been full."""
    retried = 0
    for job_id in ledger.jobs:
        while True:
            wait_until(
                lambda job_id=job_id: stack.job(job_id)["state"] in TERMINAL,
                f"the end of {job_id}",
                _END_SECONDS,
            )
            job = stack.job(job_id)
            if job["state"] == "failed" and job["error"]["type"] in RETRIED_ERRORS:
                retried += 1
                stack.api.post(f"/v1/jobs/{job_id}/retry").raise_for_status()
                continue
            if job["state"] != "succeeded":
                problems.append(f"{job_id} has {job['state']}: {job['error']}")
            break
    return retried


def compare_jobs(stack: Stack, ledger: Ledger, undisturbed: dict[str, str], problems: list[str]) -> int:
    """Compare each job with the undisturbed one of its kind. Returns how many epochs were compared."""
    epochs = 0
    for job_id, name in ledger.jobs.items():
        if stack.job(job_id)["state"] != "succeeded":
            continue
        try:
            assert_same_outcome(stack, undisturbed[name], job_id)
        except AssertionError as error:
            problems.append(f"{job_id} ({name}) differs: {str(error)[:500]}")
        epochs += len(stack.metrics(job_id)["step"])
    return epochs


def count_jobs(stack: Stack) -> int:
    """How many jobs there are: none may have come into being twice."""
    db_engine = create_db_engine(stack.settings.database_url)
    with session_scope(db_engine, read_only=True) as session:
        found = session.scalar(select(func.count()).select_from(Job)) or 0
    db_engine.dispose()
    return found


def check_uploads(stack: Stack, ledger: Ledger, problems: list[str]) -> None:
    """Read every dataset that was answered 201."""
    store = open_store(stack.settings)
    for dataset_id, sha256 in ledger.uploads.items():
        told = stack.get(f"/v1/datasets/{dataset_id}").get("sha256", sha256)
        try:
            with store.open(sha256) as file:
                found = hashlib.sha256(file.read()).hexdigest()
        except ObjectNotFoundError as error:
            found = str(error)
        if not found == told == sha256:
            problems.append(
                f"dataset {dataset_id} should be {sha256}, is told as {told} and found as {found}"
            )


def check_files(stack: Stack, problems: list[str]) -> dict[str, int]:
    """After a collection nothing may be left that nobody refers to. Returns how many files there are, by kind."""
    home = stack.settings.home
    wait_until(lambda: not any(stack.settings.runs_path.glob("*")), "the removal of the runs' folders", 120)
    store = open_store(stack.settings)
    wait_until(lambda: not list(store.list_checkpoints()), "the removal of the checkpoints", 120)
    environment = {**os.environ, **stack.environment, "KERASD_ORPHAN_SECONDS": "0", "LD_PRELOAD": ""}
    subprocess.run(
        [sys.executable, "-m", "core.collect"], env=environment, check=True, stdout=subprocess.DEVNULL
    )
    objects = set(store.list_objects())
    db_engine = create_db_engine(stack.settings.database_url)
    with session_scope(db_engine, read_only=True) as session:
        referenced = find_referenced(session, objects)
    db_engine.dispose()
    problems += [f"nothing refers to the object {sha256}" for sha256 in objects - referenced]
    # What a killed writer left goes after a day, at the next write or upload.
    parts = _age(home / "objects" / "staging") + _age(home / "uploads")
    store.check()
    remove_abandoned_uploads(stack.settings)
    folders = (home / "objects" / "staging", home / "uploads")
    problems += [f"{path} is left" for folder in folders for path in folder.glob("*")]
    left = [path for path in (home / "tmp").rglob("*") if path.is_file()]
    return {"objects": len(objects), "parts of killed writers": parts, "temporary files": len(left)}


def _age(folder: Path) -> int:
    found = list(folder.glob("*"))
    for path in found:
        os.utime(path, (0, 0))
    return len(found)
