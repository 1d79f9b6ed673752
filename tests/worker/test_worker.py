"""The worker as a process, with everything around it real: it is killed, cut off and stopped."""

import io
import json
import re
import shutil
import signal
import time
from typing import Any

import h5py
import numpy as np
import psutil
import pytest


def read_weights(data: bytes) -> dict[str, np.ndarray]:
    """All arrays of an HDF5 file by path."""
    found: dict[str, np.ndarray] = {}
    with h5py.File(io.BytesIO(data)) as file:
        file.visititems(
            lambda name, item: found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
        )
    return found


def assert_same_weights(one: bytes, other: bytes) -> None:
    first, second = read_weights(one), read_weights(other)
    assert first.keys() == second.keys()
    assert first
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], err_msg=name)


LONG: dict[str, Any] = {"fit": {"epochs": 100_000, "batch_size": 8}}
FEW: dict[str, Any] = {"fit": {"epochs": 3, "batch_size": 8}}
SOME: dict[str, Any] = {"fit": {"epochs": 60, "batch_size": 1}}
DIVERGING: dict[str, Any] = {
    "compile": {"optimizer": {"class_name": "SGD", "config": {"lr": 1e30}}, "loss": "mse"},
    "data": {"x": "x", "y": "x"},
    "model": {
        "class_name": "Sequential",
        "config": [
            {"class_name": "Dense", "config": {"name": "d", "units": 4, "batch_input_shape": [None, 4]}}
        ],
    },
    "fit": {"epochs": 50},
}


def test_a_job_is_trained_and_handed_back(warm_service: Any) -> None:
    job_id = warm_service.submit(
        fit={"epochs": 4, "batch_size": 16, "validation_split": 0.2},
        callbacks=[
            {"class_name": "ModelCheckpoint", "config": {"monitor": "val_loss"}},
            {"class_name": "LearningRateScheduler", "config": {"schedule": {"0": 0.01, "2": 0.001}}},
        ],
    )
    job = warm_service.wait_for(job_id, "succeeded")
    assert (job["epoch"], job["epochs"], job["attempt"]) == (4, 4, 1)
    metrics = warm_service.metrics(job_id)
    assert metrics["step"] == [0, 1, 2, 3]
    assert {"loss", "acc", "val_loss", "val_acc"} <= metrics.keys()
    assert metrics["loss"][-1] < metrics["loss"][0]
    names = {entry["name"] for entry in warm_service.get(f"/v1/jobs/{job_id}/artifacts")["data"]}
    assert names == {"model.h5", "weights.h5", "history.csv", "summary.txt", "best.h5"}
    history = warm_service.artifact(job_id, "history.csv").decode().splitlines()
    assert history[0].startswith("epoch,")
    assert len(history) == 5
    assert "hidden" in warm_service.artifact(job_id, "summary.txt").decode()
    assert "Epoch 4/4" in warm_service.api.get(f"/v1/jobs/{job_id}/logs").text
    events = warm_service.get(f"/v1/jobs/{job_id}/events?format=json")["data"]
    states = [event["data"]["state"] for event in events if event["event"] == "state"]
    assert states == ["queued", "starting", "running", "succeeded"]
    warm_service.wait_until(
        lambda: not (warm_service.settings.runs_path / job_id).exists(), "the cleaning up"
    )


def test_a_warm_worker_starts_at_once_and_predicts_with_what_it_trained(service: Any) -> None:
    began = time.monotonic()
    service.start_worker()
    cold_seconds = time.monotonic() - began
    dataset = service.add_dataset(
        {"x": np.eye(3, 4, dtype=np.float32).repeat(40, 0), "y": np.arange(3).repeat(40)}
    )
    began = time.monotonic()
    job_id = service.submit(dataset=dataset, fit={"epochs": 40, "batch_size": 8})
    service.wait_for(job_id, "running", "succeeded")
    assert time.monotonic() - began < cold_seconds / 2
    service.wait_for(job_id, "succeeded")
    answer = service.api.post(f"/v1/jobs/{job_id}/predict", json={"x": np.eye(3, 4).tolist()})
    assert answer.status_code == 200, answer.text
    assert np.argmax(answer.json()["y"], 1).tolist() == [0, 1, 2]
    np.testing.assert_allclose(np.sum(answer.json()["y"], 1), 1, rtol=1e-5)


def test_a_job_is_found_without_the_doorbell(make_service: Any) -> None:
    service = make_service(broker_url="redis://127.0.0.1:1/0")
    service.start_worker()
    service.wait_for(service.submit(fit={"epochs": 1}), "succeeded")


def test_a_cancelled_run_ends_within_two_seconds(warm_service: Any) -> None:
    job_id = warm_service.submit(**LONG)
    warm_service.wait_for_epoch(job_id, 2)
    training = warm_service.find_training(job_id)
    began = time.monotonic()
    assert warm_service.api.post(f"/v1/jobs/{job_id}/cancel").status_code == 202
    warm_service.wait_for(job_id, "cancelled")
    assert time.monotonic() - began < 2
    assert not training.is_running() or training.status() == psutil.STATUS_ZOMBIE
    warm_service.wait_for(warm_service.submit(fit={"epochs": 1}), "succeeded")


def test_a_killed_run_goes_on_and_ends_with_the_same_weights(warm_service: Any) -> None:
    dataset = warm_service.add_dataset(
        {"x": np.random.default_rng(1).normal(size=(200, 4)), "y": np.arange(200) % 3}
    )
    callbacks = [
        {"class_name": "ReduceLROnPlateau", "config": {"monitor": "loss", "patience": 2, "factor": 0.7}}
    ]
    request = {**SOME, "dataset": dataset, "callbacks": callbacks}
    undisturbed = warm_service.submit(**request)
    warm_service.wait_for(undisturbed, "succeeded")
    disturbed = warm_service.submit(**request)
    for epoch in (3, 20):
        warm_service.wait_for_epoch(disturbed, epoch)
        warm_service.find_training(disturbed).kill()
    job = warm_service.wait_for(disturbed, "succeeded")
    assert job["attempt"] == 3
    assert_same_weights(
        warm_service.artifact(undisturbed, "model.h5"), warm_service.artifact(disturbed, "model.h5")
    )
    assert warm_service.artifact(undisturbed, "history.csv") == warm_service.artifact(
        disturbed, "history.csv"
    )
    one, other = warm_service.metrics(undisturbed), warm_service.metrics(disturbed)
    assert {name: one[name] for name in one if name != "recorded_at"} == {
        name: other[name] for name in other if name != "recorded_at"
    }
    assert "Going on from the checkpoint" in warm_service.api.get(f"/v1/jobs/{disturbed}/logs").text


def test_another_worker_takes_over_from_a_killed_one(service: Any) -> None:
    worker = service.start_worker()
    job_id = service.submit(**SOME)
    service.wait_for_epoch(job_id, 2)
    children = service.run_processes(worker)
    worker.send(signal.SIGKILL)
    _, alive = psutil.wait_procs(children, timeout=60)
    assert not alive, "runs must not outlive their worker"
    service.start_worker()
    job = service.wait_for(job_id, "succeeded")
    assert job["attempt"] == 2
    assert service.metrics(job_id)["step"] == list(range(60))


def test_a_stopped_worker_gives_its_job_back(service: Any) -> None:
    worker = service.start_worker()
    job_id = service.submit(**SOME)
    service.wait_for_epoch(job_id, 2)
    worker.send(signal.SIGTERM)
    assert service.job(job_id)["state"] == "queued"
    assert service.get("/v1/workers")["data"] == []
    service.start_worker()
    assert service.wait_for(job_id, "succeeded")["attempt"] == 2


def test_a_crash_fails_the_job_with_the_signal_and_spares_the_worker(warm_service: Any) -> None:
    job_id = warm_service.submit(**LONG, max_attempts=1)
    warm_service.wait_for_epoch(job_id, 1)
    warm_service.find_training(job_id).send_signal(signal.SIGSEGV)
    error = warm_service.wait_for(job_id, "failed")["error"]
    assert "SIGSEGV" in error["detail"]
    warm_service.wait_for(warm_service.submit(fit={"epochs": 1}), "succeeded")


def test_metrics_wait_while_the_api_is_away(service: Any) -> None:
    service.start_worker()
    api = next(process for process in service.processes if process.name == "api")
    job_id = service.submit(**SOME)
    service.wait_for_epoch(job_id, 2)
    api.send(signal.SIGKILL)
    time.sleep(1)
    service.start_api()
    service.wait_for(job_id, "succeeded")
    assert service.metrics(job_id)["step"] == list(range(60))


def test_metrics_that_were_lost_with_a_machine_are_told_from_the_checkpoint(service: Any) -> None:
    worker = service.start_worker()
    api = next(process for process in service.processes if process.name == "api")
    job_id = service.submit(**SOME)
    service.wait_for_epoch(job_id, 2)
    api.send(signal.SIGKILL)
    spools = service.settings.runs_path / job_id / "spool"

    def has_untold_epochs() -> bool:
        return sum(path.read_text().count('"kind": "epoch"') for path in spools.glob("*.jsonl")) > 10

    service.wait_until(has_untold_epochs, "metrics on disk")
    worker.send(signal.SIGKILL)
    shutil.rmtree(service.settings.runs_path)
    service.start_api()
    service.start_worker()
    assert service.wait_for(job_id, "succeeded")["attempt"] == 2
    assert service.metrics(job_id)["step"] == list(range(60))


def test_metrics_of_batches_are_told_now_and_then(warm_service: Any) -> None:
    job_id = warm_service.submit(**LONG)
    warm_service.wait_for(job_id, "running")
    deadline = time.monotonic() + 20
    while not (batches := warm_service.metrics(job_id, "batch")).get("loss"):
        assert time.monotonic() < deadline
    warm_service.api.post(f"/v1/jobs/{job_id}/cancel")
    assert batches["step"] == sorted(batches["step"])
    assert batches["step"][0] // 38 == batches["epoch"][0]


def test_precision_is_mixed_where_a_job_asks_for_it(warm_service: Any) -> None:
    mixed, plain = (warm_service.submit(**FEW, **more) for more in ({"mixed_precision": "bfloat16"}, {}))
    losses = []
    for job_id in (mixed, plain):
        warm_service.wait_for(job_id, "succeeded")
        losses.append(np.array(warm_service.metrics(job_id)["loss"]))
    assert (losses[0] != losses[1]).all()
    np.testing.assert_allclose(*losses, rtol=0.01)


def test_a_loss_that_is_no_number_fails_the_job_with_the_reason(warm_service: Any) -> None:
    job_id = warm_service.submit(**DIVERGING)
    job = warm_service.wait_for(job_id, "failed")
    assert job["error"]["type"] == "non-finite-loss"
    assert "learning rate" in job["error"]["detail"]
    assert job["epoch"] < 50
    assert warm_service.artifact(job_id, "history.csv")


@pytest.mark.parametrize(
    ("asked", "words"), [(FEW, "Epoch 3/3"), (DIVERGING, "The loss became"), (LONG, "Epoch")]
)
def test_listeners_get_the_last_lines_of_the_log(
    warm_service: Any, asked: dict[str, Any], words: str
) -> None:
    job_id = warm_service.submit(**asked)
    if asked is LONG:
        warm_service.wait_for_epoch(job_id, 2)
        warm_service.api.post(f"/v1/jobs/{job_id}/cancel")
    stream = warm_service.api.get(f"/v1/jobs/{job_id}/events", headers={"accept": "text/event-stream"}).text
    assert re.findall(r"event: (\w+)", stream)[-2:] == ["state", "end"]
    told = re.findall(r"event: log\r?\ndata: (.*?)\r?\n", stream)
    # Whoever still had lines to write has done so by now.
    warm_service.wait_until(
        lambda: not (warm_service.settings.runs_path / job_id).exists(), "the cleaning up"
    )
    lines = warm_service.api.get(f"/v1/jobs/{job_id}/logs").text.splitlines()
    assert [json.loads(data)["line"] for data in told] == lines
    assert words in lines[-1]


def test_the_time_limit_ends_a_run(warm_service: Any) -> None:
    job_id = warm_service.submit(**LONG, time_limit_seconds=1.5)
    error = warm_service.wait_for(job_id, "failed")["error"]
    assert error["type"] == "time-limit"


def test_the_highest_priority_goes_first(service: Any) -> None:
    dataset = service.add_dataset({"x": np.zeros((8, 4), np.float32), "y": np.arange(8) % 3})
    jobs = [service.submit(dataset=dataset, priority=priority) for priority in (0, 5, 1)]
    service.start_worker()
    started = [service.wait_for(job_id, "succeeded")["started_at"] for job_id in jobs]
    assert sorted(started) == [started[1], started[2], started[0]]


def test_slots_train_at_the_same_time(make_service: Any) -> None:
    service = make_service(worker_slots=2)
    service.start_worker()
    jobs = [service.submit(**LONG) for _ in range(2)]
    for job_id in jobs:
        service.wait_for_epoch(job_id, 1)
    assert {service.job(job_id)["state"] for job_id in jobs} == {"running"}
    for job_id in jobs:
        service.api.post(f"/v1/jobs/{job_id}/cancel")
        service.wait_for(job_id, "cancelled")


@pytest.mark.parametrize("encode_y", [None, "categorical"])
def test_tables_with_text_classes_and_weights(warm_service: Any, encode_y: str | None) -> None:
    rows = [
        f"{a},{b},{'yes' if a > b else 'no'},1.0" for a, b in np.random.default_rng(0).normal(size=(200, 2))
    ]
    csv = "\n".join(["a,b,label,sample_weight", *rows])
    dataset = warm_service.api.post(
        "/v1/datasets", params={"name": "t", "format": "csv"}, content=csv
    ).json()["id"]
    loss = "sparse_categorical_crossentropy" if encode_y is None else "categorical_crossentropy"
    job_id = warm_service.submit(
        dataset=dataset,
        model=warm_service.make_definition(features=2, classes=2),
        data={"encode_y": encode_y, "scale_x": 0.5},
        compile={
            "optimizer": {"class_name": "Adam", "config": {"lr": 0.02}},
            "loss": loss,
            "metrics": ["acc"],
        },
        fit={"epochs": 30, "class_weight": {"0": 1.0, "1": 1.5}},
    )
    warm_service.wait_for(job_id, "succeeded")
    assert warm_service.metrics(job_id)["acc"][-1] > 0.9


def test_a_killed_run_goes_on_with_postgresql_and_redis(
    make_service: Any, postgresql_url: str, redis_url: str
) -> None:
    service = make_service(database_url=postgresql_url, broker_url=redis_url)
    service.start_worker()
    job_id = service.submit(**SOME)
    service.wait_for_epoch(job_id, 2)
    service.find_training(job_id).kill()
    assert service.wait_for(job_id, "succeeded")["attempt"] == 2
    assert service.metrics(job_id)["step"] == list(range(60))
    answer = service.api.post(f"/v1/jobs/{job_id}/predict", json={"x": [[0.0, 3.0, 0.0, 0.0]]})
    assert answer.status_code == 200, answer.text
