"""Load on a service from many clients at once, and whether everything that was promised came true."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from tests.load.client import ACTS, LoadClient, Record
from tests.load.objects import Objects
from tests.load.stack import Stack

TERMINAL = {"succeeded", "failed", "cancelled"}
END_SECONDS = 300


@dataclass(frozen=True)
class Outcome:
    """What a load has come to.

    Attributes:
        record: of all clients together. jobs: how many by their end. errors: what must not be.
    """

    record: Record
    jobs: Counter[str]
    errors: list[str]

    def describe(self) -> str:
        """The figures in words."""
        requests = sum(self.record.answers.values())
        by_status = Counter[int]()
        for (_, status), count in self.record.answers.items():
            by_status[status] += count
        slowest = {act: round(seconds, 2) for act, seconds in sorted(self.record.slowest.items())}
        successes = {act: self.record.count_successes(act) for act in ACTS}
        lines = [
            f"requests: {requests}, by status {dict(sorted(by_status.items()))}",
            f"answered with success: {successes}",
            f"slowest answers in seconds: {slowest}",
            f"jobs by their end: {dict(self.jobs)}",
            f"errors: {len(self.errors)}",
        ]
        return "\n".join([*lines, *self.errors[:20]])


def load(stack: Stack, clients: int, seconds: float, most_trainings: int, seed: int = 20) -> Outcome:
    """Let clients act on a service for a while, let its jobs end, and check them."""
    objects = Objects()
    crowd = [
        LoadClient(stack.settings.api_url, objects, seed + number, most_trainings)
        for number in range(clients)
    ]
    for act in (crowd[0].upload_dataset, crowd[0].upload_model, crowd[0].submit, crowd[0].open_external):
        act()
    (first,) = objects.all("training")
    stack.wait_for(first, "succeeded", seconds=END_SECONDS)
    with ThreadPoolExecutor(clients) as threads:
        for ended in [threads.submit(client.run, seconds) for client in crowd]:
            ended.result()
    record = Record()
    for client in crowd:
        record.add(client.record)
    stack.check_alive()
    jobs = end_jobs(stack, objects)
    errors = [*record.surprises]
    errors += [f"no {act} was ever answered with success" for act in ACTS if not record.count_successes(act)]
    for job in jobs:
        errors += find_errors(stack, objects, job)
    errors += stack.read_complaints()
    if deadlocks := stack.count_deadlocks():
        errors.append(f"{deadlocks} deadlocks")
    return Outcome(record, Counter(describe_end(job) for job in jobs), errors)


def describe_end(job: dict[str, Any]) -> str:
    return f"{'external' if job['external'] else 'trained'} {job['state']}"


def end_jobs(stack: Stack, objects: Objects) -> list[dict[str, Any]]:
    """Resume what is paused and finish what trains elsewhere, until every job has ended."""
    for job_id in objects.all("external"):
        stack.api.post(f"/v1/jobs/{job_id}/finish", json={"state": "succeeded"})
    wanted = [*objects.all("training"), *objects.all("external")]

    def have_ended() -> bool:
        stack.check_alive()
        states = {job_id: stack.job(job_id)["state"] for job_id in wanted}
        for job_id, state in states.items():
            if state in ("paused", "pausing"):
                stack.api.post(f"/v1/jobs/{job_id}/resume")
        return set(states.values()) <= TERMINAL

    stack.wait_until(have_ended, "the end of every job", END_SECONDS)
    return [stack.job(job_id) for job_id in wanted]


def find_errors(stack: Stack, objects: Objects, job: dict[str, Any]) -> list[str]:
    """What is wrong with a job that has ended."""
    job_id, state = job["id"], job["state"]
    errors = []
    steps = stack.metrics(job_id)["step"]
    if len(set(steps)) != len(steps):
        errors.append("an epoch is told twice")
    if job["external"]:
        missing = objects.steps.get(job_id, set()) - set(steps)
        if missing:
            errors.append(f"epochs {sorted(missing)} were taken and are not there")
        if job_id in objects.finished and state != "succeeded":
            errors.append("its end was accepted and is another")
    elif state == "succeeded":
        if steps != list(range(job["epochs"])):
            errors.append(f"the epochs are {steps} of {job['epochs']}")
        names = {each["name"] for each in stack.get(f"/v1/jobs/{job_id}/artifacts")["data"]}
        if "model.h5" not in names:
            errors.append(f"its files are {sorted(names)}")
    if state == "failed":
        errors.append(f"it failed: {job['error']}")
    if state == "cancelled" and job_id not in objects.cancelled:
        errors.append("it was cancelled, and nobody asked for it")
    for attempt in job["attempts"]:
        if attempt["outcome"] in (None, "queued"):  # nobody stops a worker here
            errors.append(f"attempt {attempt['number']} did not end right: {attempt['reason']}")
    return [f"{describe_end(job)} {job_id}: {error}" for error in errors]
