"""What may be asked of a job while a real worker trains it: pausing, going on, trying again."""

import io
import re
import signal
from typing import Any

import h5py
import numpy as np
import pytest

LONG: dict[str, Any] = {"fit": {"epochs": 100_000, "batch_size": 8}}
SOME: dict[str, Any] = {"fit": {"epochs": 60, "batch_size": 1}}


def ask(service: Any, job_id: str, verb: str, **body: Any) -> dict[str, Any]:
    answer = service.api.post(f"/v1/jobs/{job_id}/{verb}", json=body or None)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


def read_log(service: Any, job_id: str) -> str:
    text: str = service.api.get(f"/v1/jobs/{job_id}/logs").text
    return text


def read_weights(data: bytes) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    with h5py.File(io.BytesIO(data)) as file:
        file.visititems(
            lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
        )
    return found


def test_a_paused_run_goes_on_and_ends_with_the_same_weights(warm_service: Any) -> None:
    dataset = warm_service.add_dataset(
        {"x": np.random.default_rng(1).normal(size=(200, 4)), "y": np.arange(200) % 3}
    )
    undisturbed = warm_service.submit(**SOME, dataset=dataset)
    warm_service.wait_for(undisturbed, "succeeded")
    job_id = warm_service.submit(**SOME, dataset=dataset)
    warm_service.wait_for_epoch(job_id, 3)
    assert ask(warm_service, job_id, "pause")["state"] == "pausing"
    paused = warm_service.wait_for(job_id, "paused")
    assert 3 <= paused["epoch"] < 60
    assert len(warm_service.metrics(job_id)["step"]) == paused["epoch"]
    warm_service.wait_for(warm_service.submit(fit={"epochs": 1}), "succeeded")
    assert warm_service.job(job_id)["epoch"] == paused["epoch"]
    assert ask(warm_service, job_id, "resume")["state"] == "queued"
    ended = warm_service.wait_for(job_id, "succeeded")
    assert [(row["outcome"], row["reason"]) for row in ended["attempts"]] == [
        ("paused", "paused on request"),
        ("succeeded", None),
    ]
    expected = read_weights(warm_service.artifact(undisturbed, "model.h5"))
    found = read_weights(warm_service.artifact(job_id, "model.h5"))
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)


def test_a_cancelled_run_is_retried_from_its_checkpoint_or_from_scratch(warm_service: Any) -> None:
    job_id = warm_service.submit(**LONG)
    warm_service.wait_for_epoch(job_id, 3)
    ask(warm_service, job_id, "cancel")
    learnt = warm_service.wait_for(job_id, "cancelled")["epoch"]
    assert ask(warm_service, job_id, "retry")["attempt"] == 1
    warm_service.wait_for_epoch(job_id, learnt + 2)
    warm_service.wait_until(
        lambda: "Going on from the checkpoint" in read_log(warm_service, job_id), "the log"
    )
    ask(warm_service, job_id, "cancel")
    warm_service.wait_for(job_id, "cancelled")
    began = len(read_log(warm_service, job_id))
    assert ask(warm_service, job_id, "retry", from_checkpoint=False)["epoch"] == 0
    warm_service.wait_for_epoch(job_id, 2)
    ask(warm_service, job_id, "cancel")
    job = warm_service.wait_for(job_id, "cancelled")
    assert job["attempt"] == 3
    assert "Epoch 1/100000" in read_log(warm_service, job_id)[began:]


def test_crashes_are_retried_and_each_tells_its_reason(warm_service: Any) -> None:
    job_id = warm_service.submit(**LONG, max_attempts=2)
    for attempt in (1, 2):
        warm_service.wait_until(
            lambda number=attempt: (
                (job := warm_service.job(job_id))["attempt"] == number and job["state"] == "running"
            ),
            "the attempt",
        )
        warm_service.find_training(job_id).send_signal(signal.SIGSEGV)
    job = warm_service.wait_for(job_id, "failed")
    assert "SIGSEGV" in job["error"]["detail"]
    assert [row["outcome"] for row in job["attempts"]] == ["queued", "failed"]
    assert "SIGSEGV" in job["attempts"][0]["reason"]


def test_a_loss_that_is_no_number_is_not_retried(warm_service: Any) -> None:
    job_id = warm_service.submit(
        compile={"optimizer": {"class_name": "SGD", "config": {"lr": 1e30}}, "loss": "mse"},
        data={"x": "x", "y": "x"},
        model={
            "class_name": "Sequential",
            "config": [
                {"class_name": "Dense", "config": {"name": "d", "units": 4, "batch_input_shape": [None, 4]}}
            ],
        },
        fit={"epochs": 50, "batch_size": 8},
        callbacks=[{"class_name": "TerminateOnNaN", "config": {}}],
    )
    job = warm_service.wait_for(job_id, "failed")
    assert (job["error"]["type"], job["attempt"]) == ("non-finite-loss", 1)
    assert job["attempts"][0]["reason"] == "The loss became NaN or infinite"


CHECKPOINT = re.compile(r"Going on from the checkpoint after epoch 0 and \d+ batches")


@pytest.fixture(scope="module")
def endless() -> dict[str, np.ndarray]:
    """So many rows that an epoch of single ones takes longer than any test."""
    return {"x": np.zeros((300_000, 4), np.float32), "y": np.arange(300_000) % 3}


def wait_for_batch(service: Any, job_id: str) -> None:
    service.wait_until(lambda: service.metrics(job_id, "batch")["step"], "a batch")


def test_a_pause_waits_for_no_epoch(warm_service: Any, endless: dict[str, np.ndarray]) -> None:
    job_id = warm_service.submit(fit={"batch_size": 1}, dataset=warm_service.add_dataset(endless))
    wait_for_batch(warm_service, job_id)
    ask(warm_service, job_id, "pause")
    assert warm_service.wait_for(job_id, "paused")["epoch"] == 0
    ask(warm_service, job_id, "resume")
    warm_service.wait_until(lambda: CHECKPOINT.search(read_log(warm_service, job_id)), "the log")
    ask(warm_service, job_id, "cancel")
    warm_service.wait_for(job_id, "cancelled")


def test_a_worker_that_stops_keeps_the_batches_and_burns_no_attempt(
    make_service: Any, endless: dict[str, np.ndarray]
) -> None:
    service = make_service(shutdown_seconds=60)
    worker = service.start_worker()
    dataset = service.add_dataset(endless)
    job_id = service.submit(fit={"batch_size": 1}, dataset=dataset, max_attempts=1)
    wait_for_batch(service, job_id)
    for process in service.run_processes(worker):
        # As a service manager does that ends the whole group.
        process.send_signal(signal.SIGTERM)
    worker.send(signal.SIGTERM)
    job = service.job(job_id)
    assert job["state"] == "queued"
    assert [row["reason"] for row in job["attempts"]] == ["the worker shut down"]
    service.start_worker()
    service.wait_until(lambda: CHECKPOINT.search(read_log(service, job_id)), "the log")
    assert service.job(job_id)["attempt"] == 2
    ask(service, job_id, "cancel")
    service.wait_for(job_id, "cancelled")
