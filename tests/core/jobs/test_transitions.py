"""Every pair of states, the fence, and the event that each move leaves."""

import ast
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.database import session_scope
from core.jobs import events
from core.jobs.errors import IllegalMoveError, JobNotFoundError, StaleAttemptError
from core.jobs.states import ALLOWED_MOVES, TERMINAL, JobState
from core.jobs.transitions import move
from core.tables import Job

ROOT = Path(__file__).parents[3]
EXPECTED_MOVES = {
    "queued": {"starting", "paused", "failed", "cancelled"},
    "starting": {"running", "pausing", "queued", "failed", "cancelled"},
    "running": {"pausing", "queued", "succeeded", "failed", "cancelled"},
    "pausing": {"paused", "succeeded", "failed", "cancelled"},
    "paused": {"queued", "cancelled"},
    "succeeded": set(),
    "failed": {"queued"},
    "cancelled": {"queued"},
}


def read_job(db_engine: Engine, job_id: str) -> Job:
    with session_scope(db_engine, read_only=True) as session:
        return session.get_one(Job, job_id)


@pytest.mark.parametrize(("source", "to"), [*itertools.product(JobState, JobState)])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_pair_of_states(
    db_engine: Engine, run_job: Callable[..., str], source: JobState, to: JobState
) -> None:
    job_id = run_job(source)
    before = read_job(db_engine, job_id)
    if to in EXPECTED_MOVES[source]:
        with session_scope(db_engine) as session:
            assert move(session, job_id, to).state == to
        after = read_job(db_engine, job_id)
        assert (after.state, after.last_seq) == (to, before.last_seq + 1)
        assert (after.finished_at is not None) == (to in TERMINAL)
    else:
        with (
            pytest.raises(IllegalMoveError, match=f"is {source} and cannot become {to}"),
            session_scope(db_engine) as session,
        ):
            move(session, job_id, to)
        after = read_job(db_engine, job_id)
        assert (after.state, after.last_seq) == (source, before.last_seq)


def test_the_table_allows_what_is_expected_and_no_more() -> None:
    assert {(source, to) for source, targets in EXPECTED_MOVES.items() for to in targets} == ALLOWED_MOVES


def test_a_move_leaves_an_event_and_its_times(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job(JobState.RUNNING)
    with session_scope(db_engine) as session:
        move(session, job_id, JobState.FAILED, attempt=1, reason="why", error={"title": "Out of memory"})
    job = read_job(db_engine, job_id)
    assert job.queued_at <= job.started_at <= job.finished_at
    assert job.finished_at.utcoffset().total_seconds() == 0
    assert (job.lease_expires_at, job.error) == (None, {"title": "Out of memory"})
    with session_scope(db_engine, read_only=True) as session:
        told = events.read_since(session, job_id)
    assert [event.data["state"] for event in told] == ["queued", "starting", "running", "failed"]
    assert [event.seq for event in told] == [1, 2, 3, 4]
    assert told[-1].data == {
        "state": "failed",
        "attempt": 1,
        "reason": "why",
        "error": {"title": "Out of memory"},
    }


def test_a_stale_attempt_may_not_move_the_job(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job(JobState.RUNNING)
    with pytest.raises(StaleAttemptError, match="Attempt 7"), session_scope(db_engine) as session:
        move(session, job_id, JobState.SUCCEEDED, attempt=7)
    assert read_job(db_engine, job_id).state == "running"


def test_expected_narrows_the_allowed_moves(db_engine: Engine, run_job: Callable[..., str]) -> None:
    job_id = run_job(JobState.RUNNING)
    with pytest.raises(IllegalMoveError), session_scope(db_engine) as session:
        move(session, job_id, JobState.CANCELLED, expected={JobState.QUEUED})


def test_an_unknown_job_is_not_found(db_engine: Engine) -> None:
    with pytest.raises(JobNotFoundError, match="job_none"), session_scope(db_engine) as session:
        move(session, "job_none", JobState.CANCELLED)


def test_an_external_job_runs_from_the_start(db_engine: Engine, add_job: Callable[..., str]) -> None:
    job = read_job(db_engine, add_job(external=True))
    assert (job.state, job.started_at is not None, job.queued_at) == ("running", True, None)


def test_no_other_module_writes_the_state_of_a_job() -> None:
    """Neither assigns `.state`, nor names it in `Job(...)`, `.values(...)` or `values=`."""
    allowed = {"core/jobs/transitions.py"}
    offenders = [
        f"{path.relative_to(ROOT)}:{line}"
        for folder in ("api", "core", "worker")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if str(path.relative_to(ROOT)) not in allowed
        for line in lines_writing_job_state(ast.parse(path.read_text()))
    ]
    assert offenders == []


@pytest.mark.parametrize(
    "source",
    [
        "job.state = 'failed'",
        "found_job.state, x = 'failed', 1",
        "setattr(job, 'state', 'failed')",
        "Job(id=1, state='queued')",
        "update(Job).where(Job.id == 1).values(state='failed')",
        "update(Job).values({'state': 'failed'})",
        "update(Job).values({Job.state: 'failed'})",
        "move(session, job_id, to, values={'state': 'x'})",
    ],
)
def test_the_search_finds_each_way_to_write_the_state(source: str) -> None:
    assert lines_writing_job_state(ast.parse(source)) == [1]


def lines_writing_job_state(tree: ast.AST) -> list[int]:
    return sorted({node.lineno for node in ast.walk(tree) if writes_job_state(node)})


def writes_job_state(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        return node.attr == "state" and names_a_job(node.value)
    if not isinstance(node, ast.Call):
        return False
    text = ast.unparse(node.func)
    if text == "setattr":
        return names_a_job(node.args[0]) and ast.unparse(node.args[1]) == "'state'"
    if text.split(".")[-1] == "Job":
        return any(keyword.arg == "state" for keyword in node.keywords)
    about_jobs = "(Job)" in text and text.endswith(".values")
    if about_jobs and any(keyword.arg == "state" for keyword in node.keywords):
        return True
    given = (
        node.args if about_jobs else [keyword.value for keyword in node.keywords if keyword.arg == "values"]
    )
    keys = [key for value in given if isinstance(value, ast.Dict) for key in value.keys if key is not None]
    return (about_jobs or text.split(".")[-1] == "move") and any(
        ast.unparse(key) in ("'state'", "Job.state") for key in keys
    )


def names_a_job(node: ast.AST) -> bool:
    return "job" in ast.unparse(node).split(".")[-1].lower()
