"""pause, resume, retry, clone and prioritize."""

import json

import pytest


@pytest.fixture
def long_id(client, definition, points_path):
    """A job that trains until it is stopped."""
    dataset = client.datasets.upload(points_path)
    job = client.jobs.create(
        model=definition,
        dataset=dataset.id,
        compile={"optimizer": "sgd", "loss": "mse"},
        fit={"epochs": 100_000, "batch_size": 16},
    )
    yield job.id
    client.jobs.cancel(job.id)
    client.jobs.wait(job.id, timeout_seconds=60)


def wait_for(client, job_id, *states):
    for event in client.jobs.watch(job_id):
        if event.kind == "state" and event.data["state"] in states:
            return client.jobs.get(job_id)
    raise AssertionError(f"{job_id} ended as {client.jobs.get(job_id).state}")


def test_a_job_is_paused_and_resumed_and_retried(kerasd, client, long_id):
    wait_for(client, long_id, "running")
    assert kerasd("pause", long_id).stdout.strip() in {f"{long_id} is pausing", f"{long_id} is paused"}
    paused = wait_for(client, long_id, "paused")
    assert paused.attempts is not None
    assert [attempt.outcome for attempt in paused.attempts] == ["paused"]
    assert kerasd("resume", long_id).stdout == f"{long_id} is queued\n"
    client.jobs.cancel(long_id)
    ended = kerasd("pause", long_id) if client.jobs.wait(long_id, timeout_seconds=60) else None
    assert ended.returncode == 1
    assert "is cancelled" in ended.stderr
    assert kerasd("retry", long_id, "--from-scratch").stdout == f"{long_id} is queued\n"


def test_a_job_is_cloned_with_other_fields(kerasd, client, trained_id, tmp_path):
    (tmp_path / "changes.json").write_text(json.dumps({"tags": ["again"], "fit": {"batch_size": 8}}))
    done = kerasd(
        "clone", trained_id, "--name", "shorter", "--epochs", 1, "--spec", "changes.json", "--detach"
    )
    assert done.returncode == 0, done.stderr
    copy = client.jobs.wait(done.stdout.strip(), timeout_seconds=60)
    assert (copy.state, copy.name, copy.epochs, copy.tags) == ("succeeded", "shorter", 1, ["again"])
    assert copy.spec["fit"]["batch_size"] == 8
    assert copy.cloned_from == trained_id


def test_the_priority_is_changed(kerasd, client, job_id):
    assert kerasd("prioritize", job_id, "--", "-7").stdout == f"{job_id} has the priority -7\n"
    assert client.jobs.get(job_id).priority == -7
    assert kerasd("prioritize", job_id, 101).returncode == 2
