"""Claims, heartbeats, sweeps: one winner, and no word from the dead."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from core.database import session_scope, utc_now
from core.jobs import events
from core.jobs.cancellation import request_cancel
from core.jobs.errors import IllegalMoveError, StaleAttemptError
from core.jobs.lease import claim, claim_next, find_overdue, release, renew, sweep
from core.jobs.states import JobState
from core.jobs.transitions import move
from core.jobs.waiting import find_positions, waiting_ids
from core.tables import Job

LEASE_SECONDS = 30.0
CLAIM_IN_PROCESS = """
import sys
from core.database import create_db_engine, session_scope
from core.jobs.lease import claim_next
db_engine = create_db_engine(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
while True:
    with session_scope(db_engine) as session:
        job = claim_next(session, sys.argv[2], 30)
    if job is None:
        break
    print(job.id, job.attempt, flush=True)
db_engine.dispose()
"""


def read_job(db_engine: Engine, job_id: str) -> Job:
    with session_scope(db_engine, read_only=True) as session:
        return session.get_one(Job, job_id)


def sweep_later(db_engine: Engine, seconds: float = LEASE_SECONDS + 1) -> list[str]:
    with session_scope(db_engine, read_only=True) as session:
        overdue = find_overdue(session, utc_now() + timedelta(seconds=seconds), LEASE_SECONDS)
    with session_scope(db_engine) as session:
        return sweep(session, overdue)


def test_a_claim_starts_the_next_attempt(db_engine: Engine, add_job: Callable[..., str]) -> None:
    job_id = add_job()
    with session_scope(db_engine) as session:
        job = claim(session, job_id, "worker-1", LEASE_SECONDS)
    assert (job.state, job.attempt, job.worker) == ("starting", 1, "worker-1")
    assert 0 < (job.lease_expires_at - utc_now()).total_seconds() <= LEASE_SECONDS
    with session_scope(db_engine) as session:
        assert claim(session, job_id, "worker-2", LEASE_SECONDS) is None


def test_the_highest_priority_goes_first_then_the_oldest(
    db_engine: Engine, add_job: Callable[..., str]
) -> None:
    old, new, urgent, last = add_job(), add_job(), add_job(priority=5), add_job(priority=-1)
    with session_scope(db_engine, read_only=True) as session:
        assert waiting_ids(session) == [urgent, old, new, last]
        turns = [(session.get_one(Job, key).turn_at or utc_now(), key) for key in (old, new, urgent, last)]
        assert find_positions(session.connection(), turns) == {urgent: 1, old: 2, new: 3, last: 4}
    with session_scope(db_engine) as session:
        taken = [claim_next(session, "worker-1", LEASE_SECONDS) for _ in range(5)]
    assert [job and job.id for job in taken] == [urgent, old, new, last, None]
    with session_scope(db_engine, read_only=True) as session:
        assert find_positions(session.connection(), turns) == {}


def test_of_many_threads_one_gets_the_job(db_engine: Engine, add_job: Callable[..., str]) -> None:
    job_ids = [add_job() for _ in range(5)]

    def claim_all(worker: str) -> list[str]:
        won = []
        for job_id in job_ids:
            with session_scope(db_engine) as session:
                if claim(session, job_id, worker, LEASE_SECONDS) is not None:
                    won.append(job_id)
        return won

    with ThreadPoolExecutor(8) as threads:
        won = [job_id for ids in threads.map(claim_all, map(str, range(8))) for job_id in ids]
    assert sorted(won) == sorted(job_ids)
    assert {read_job(db_engine, job_id).attempt for job_id in job_ids} == {1}


def test_of_many_processes_one_gets_the_job(
    db_engine: Engine, database_url: str, add_job: Callable[..., str]
) -> None:
    job_ids = [add_job() for _ in range(20)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM_IN_PROCESS, database_url, f"worker-{number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(3)
    ]
    try:
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        outputs = [process.communicate(timeout=60)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    won = Counter(line for output in outputs for line in output.splitlines())
    assert won == Counter(f"{job_id} 1" for job_id in job_ids)


def test_renewing_prolongs_the_lease(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job()
    with session_scope(db_engine) as session:
        heartbeat = renew(session, job_id, 1, LEASE_SECONDS + 20)
    assert (heartbeat.cancel_requested, heartbeat.pause_requested) == (False, False)
    assert sweep_later(db_engine) == []
    assert (read_job(db_engine, job_id).lease_expires_at - utc_now()).total_seconds() > LEASE_SECONDS


def test_a_heartbeat_tells_what_is_wanted(db_engine: Engine, run_job: Callable[..., str]) -> None:
    cancelled, pausing = run_job(), run_job(JobState.PAUSING)
    with session_scope(db_engine) as session:
        assert request_cancel(session, cancelled).state == "running"
        request_cancel(session, cancelled)
        assert renew(session, cancelled, 1, LEASE_SECONDS).cancel_requested
        assert renew(session, pausing, 1, LEASE_SECONDS).pause_requested


@pytest.mark.parametrize("state", [JobState.SUCCEEDED, JobState.CANCELLED])
def test_a_run_that_ended_cannot_renew(
    db_engine: Engine, run_job: Callable[..., str], state: JobState
) -> None:
    job_id = run_job(state)
    with pytest.raises(StaleAttemptError, match=f"the job is {state}"), session_scope(db_engine) as session:
        renew(session, job_id, 1, LEASE_SECONDS)


@pytest.mark.parametrize("state", [JobState.STARTING, JobState.RUNNING])
def test_a_silent_worker_loses_its_job_and_its_say(
    db_engine: Engine, run_job: Callable[..., str], state: JobState
) -> None:
    job_id = run_job(state)
    assert sweep_later(db_engine, seconds=0) == []
    assert sweep_later(db_engine) == [job_id]
    job = read_job(db_engine, job_id)
    assert (job.state, job.worker, job.lease_expires_at) == ("queued", None, None)
    with session_scope(db_engine, read_only=True) as session:
        assert events.read_since(session, job_id)[-1].data["reason"] == "the lease of worker-1 ran out"
    with session_scope(db_engine) as session:
        assert claim_next(session, "worker-2", LEASE_SECONDS).attempt == 2
    for write in (
        lambda session: renew(session, job_id, 1, LEASE_SECONDS),
        lambda session: move(session, job_id, JobState.RUNNING, attempt=1),
        lambda session: release(session, job_id, 1, "late"),
        lambda session: events.append_log(session, job_id, ["late"], 1),
    ):
        with pytest.raises(StaleAttemptError, match="Attempt 1"), session_scope(db_engine) as session:
            write(session)
    job = read_job(db_engine, job_id)
    assert (job.state, job.worker, job.attempt) == ("starting", "worker-2", 2)


def test_a_job_that_kills_every_worker_fails(db_engine: Engine, add_job: Callable[..., str]) -> None:
    job_id = add_job()
    for attempt in range(1, 6):
        with session_scope(db_engine) as session:
            assert claim_next(session, "worker-1", LEASE_SECONDS).attempt == attempt
        assert sweep_later(db_engine) == ([job_id] if attempt < 5 else [])
    job = read_job(db_engine, job_id)
    assert (job.state, job.error["type"]) == ("failed", "worker-lost")
    assert "5 attempts" in job.error["detail"]


def test_a_job_may_name_its_number_of_attempts(db_engine: Engine, add_job: Callable[..., str]) -> None:
    job_id = add_job(max_attempts=2)
    for expected in ([job_id], []):
        with session_scope(db_engine) as session:
            claim_next(session, "worker-1", LEASE_SECONDS)
        assert sweep_later(db_engine) == expected
    assert read_job(db_engine, job_id).state == "failed"


def test_jobs_given_back_count_for_no_loss(db_engine: Engine, add_job: Callable[..., str]) -> None:
    job_id = add_job()
    for attempt in range(1, 8):
        with session_scope(db_engine) as session:
            claim_next(session, "worker-1", LEASE_SECONDS)
            assert release(session, job_id, attempt, "the worker stops").state == "queued"
    with session_scope(db_engine) as session:
        claim_next(session, "worker-1", LEASE_SECONDS)
    assert sweep_later(db_engine) == [job_id]


def test_a_dead_worker_s_cancelled_job_is_cancelled(db_engine: Engine, run_job: Callable[..., str]) -> None:
    swept, released, pausing = run_job(), run_job(), run_job(JobState.PAUSING)
    with session_scope(db_engine) as session:
        request_cancel(session, swept)
        request_cancel(session, released)
        assert release(session, released, 1, "the worker stops").state == "cancelled"
    assert sweep_later(db_engine) == []
    assert read_job(db_engine, swept).state == "cancelled"
    assert read_job(db_engine, pausing).state == "paused"


def test_what_nobody_works_on_is_cancelled_at_once(db_engine: Engine, add_job: Callable[..., str]) -> None:
    for job_id in (add_job(), add_job(external=True)):
        with session_scope(db_engine) as session:
            job = request_cancel(session, job_id)
            assert (job.state, job.cancel_requested_at is not None) == ("cancelled", True)
            assert request_cancel(session, job_id).last_seq == job.last_seq


def test_an_external_run_has_no_lease_to_lose(db_engine: Engine, add_job: Callable[..., str]) -> None:
    job_id = add_job(external=True)
    assert sweep_later(db_engine, seconds=1e6) == []
    assert read_job(db_engine, job_id).state == "running"


def test_a_job_that_waits_cannot_be_given_back(db_engine: Engine, add_job: Callable[..., str]) -> None:
    job_id = add_job()
    with pytest.raises(IllegalMoveError), session_scope(db_engine) as session:
        release(session, job_id, 0, "mistaken")


def test_two_sweepers_take_a_job_once(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_ids = [run_job() for _ in range(6)]
    with ThreadPoolExecutor(4) as threads:
        swept = [job_id for ids in threads.map(lambda _: sweep_later(db_engine), range(4)) for job_id in ids]
    assert sorted(swept) == sorted(job_ids)
    assert {read_job(db_engine, job_id).lost_leases for job_id in job_ids} == {1}


def test_a_lease_that_was_renewed_meanwhile_is_left_to_its_worker(
    db_engine: Engine, run_job: Callable[..., str]
) -> None:
    renewed, taken, lost = run_job(), run_job(), run_job()
    with session_scope(db_engine, read_only=True) as session:
        overdue = find_overdue(session, utc_now() + timedelta(seconds=LEASE_SECONDS + 1), LEASE_SECONDS)
    assert overdue.keys() == {renewed, taken, lost}
    with session_scope(db_engine) as session:
        renew(session, renewed, 1, LEASE_SECONDS)
        release(session, taken, 1, "the worker stops")
        claim(session, taken, "worker-2", LEASE_SECONDS)
        assert sweep(session, overdue) == [lost]


def test_a_lease_that_no_clock_explains_is_overdue(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job()
    with session_scope(db_engine, read_only=True) as session:
        now = utc_now()
        assert find_overdue(session, now, LEASE_SECONDS) == {}
        # Somebody has set the clock back by an hour.
        assert find_overdue(session, now - timedelta(hours=1), LEASE_SECONDS).keys() == {job_id}
