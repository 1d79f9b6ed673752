"""What projects share, the workers and the queue, and what of it they see."""

from typing import Any

from core.access.scopes import Scope
from core.identifiers import new_id
from core.jobs import transitions
from core.tables import Job, Worker
from tests.api.access.conftest import Guarded


def queue_job(guarded: Guarded, project_id: str) -> str:
    with guarded.server.session() as session:
        job = Job(id=new_id("job"), name="a job", epochs=1, project_id=project_id)
        return transitions.create(session, job).id


def open_project(guarded: Guarded) -> tuple[Any, str]:
    client = guarded.connect(guarded.make_key(new_id("prj"), Scope.SUBMIT)[1])
    return client, client.get("/v1/access").json()["project"]["id"]


def test_workers_name_own_jobs_and_count_the_others(guarded: Guarded) -> None:
    (ours, our_id), (_, their_id) = open_project(guarded), open_project(guarded)
    own, other = queue_job(guarded, our_id), queue_job(guarded, their_id)
    worker_id = new_id("wrk")
    with guarded.server.session() as session:
        row = {"hostname": "host", "pid": 1, "device": "cpu", "slots": 3}
        session.add(Worker(id=worker_id, running=[other, own, new_id("job")], **row))
    answer = ours.get("/v1/workers")
    [worker] = [worker for worker in answer.json()["data"] if worker["id"] == worker_id]
    assert (worker["running"], worker["running_others"]) == ([own], 2)
    assert other not in answer.text


def test_the_place_in_the_queue_counts_all_that_wait(guarded: Guarded) -> None:
    (ours, our_id), (theirs, their_id) = open_project(guarded), open_project(guarded)
    jobs = [queue_job(guarded, project_id) for project_id in (our_id, their_id, our_id)]
    places = [
        client.get(f"/v1/jobs/{job_id}").json()["queue_position"]
        for client, job_id in zip((ours, theirs, ours), jobs)
    ]
    assert [place - places[0] for place in places] == [0, 1, 2]
    listed = {job["id"]: job["queue_position"] for job in ours.get("/v1/jobs").json()["data"]}
    assert listed == {jobs[0]: places[0], jobs[2]: places[2]}
