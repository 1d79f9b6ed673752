"""A training from the command line to a prediction, and what may come between."""

import csv
import hashlib
import json
import math
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from client import Client, Job
from engine.models import load_model

ARTIFACTS = {"model.h5", "weights.h5", "history.csv", "summary.txt"}
LEAST_ACCURACY = 0.95
LONG_EPOCHS = 2000


@pytest.fixture(scope="module")
def trained_id(
    service: Any,
    digits_path: Path,
    sample_model: dict[str, Any],
    sample_job: dict[str, Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """The sample, trained by `kerasd submit --watch`."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "model.json").write_text(json.dumps(sample_model))
    (folder / "job.json").write_text(json.dumps(sample_job))
    done = service.run(
        "submit", "model.json", digits_path, "--spec", "job.json", "--name", "digits", "--watch", cwd=folder
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "epoch 15/15 - " in done.stdout
    return str(done.stderr.split()[0])


@pytest.fixture(scope="module")
def digits(digits_path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Digits that no training saw, and what they are."""
    with np.load(digits_path) as arrays:
        return arrays["x_test"], arrays["y_test"]


class TestTrained:
    def test_reads_digits_it_never_saw(
        self, client: Client, trained_id: str, digits: tuple[np.ndarray, np.ndarray]
    ) -> None:
        x, y = digits
        probabilities = client.jobs.predict(trained_id, x)
        assert probabilities.shape == (360, 10)
        assert np.mean(probabilities.argmax(axis=-1) == y) >= LEAST_ACCURACY
        measured = client.jobs.metrics(trained_id).values("val_acc")[-1]
        assert measured == pytest.approx(np.mean(probabilities.argmax(axis=-1) == y), abs=1e-6)

    def test_every_artifact_is_there_and_whole(self, client: Client, trained_id: str, tmp_path: Path) -> None:
        artifacts = {artifact.name: artifact for artifact in client.jobs.artifacts(trained_id)}
        assert artifacts.keys() == ARTIFACTS
        for name, artifact in artifacts.items():
            content = client.jobs.fetch(trained_id, name, tmp_path).read_bytes()
            assert len(content) == artifact.size_bytes
            assert hashlib.sha256(content).hexdigest() == artifact.sha256
        with (tmp_path / "history.csv").open() as file:
            rows = list(csv.DictReader(file))
        losses = client.jobs.metrics(trained_id).values("loss")
        assert [float(row["loss"]) for row in rows] == pytest.approx(losses)

    def test_fetched_model_predicts_the_same(
        self,
        service: Any,
        client: Client,
        trained_id: str,
        digits: tuple[np.ndarray, np.ndarray],
        tmp_path: Path,
    ) -> None:
        done = service.run("fetch", trained_id, "model.h5", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        x = digits[0][:50]
        told = client.jobs.predict(trained_id, x)
        np.testing.assert_allclose(load_model(str(tmp_path / "model.h5")).predict(x), told, atol=1e-5)


def test_cancelled_within_two_seconds_and_the_next_job_runs(
    client: Client, submit: Callable[..., Job], wait_until: Callable[..., Any]
) -> None:
    job = submit(fit={"epochs": LONG_EPOCHS, "batch_size": 32})
    wait_until(lambda: client.jobs.get(job.id).epoch >= 1, "the first epoch")
    asked_at = time.monotonic()
    client.jobs.cancel(job.id)
    wait_until(lambda: client.jobs.get(job.id).is_terminal, "the end")
    assert time.monotonic() - asked_at < 2
    assert client.jobs.get(job.id).state == "cancelled"
    following = submit(fit={"epochs": 1, "batch_size": 256})
    assert client.jobs.wait(following.id, timeout_seconds=60, poll_seconds=0.05).state == "succeeded"


def test_watch_and_training_outlive_the_api(
    service: Any, client: Client, submit: Callable[..., Job], wait_until: Callable[..., Any]
) -> None:
    job = submit(fit={"epochs": 12, "batch_size": 64})
    seen = []
    for event in client.jobs.watch(job.id):
        seen.append(event)
        if event.kind == "metrics" and event.data["kind"] == "epoch" and event.data["step"] == 1:
            service.find_child("api").send_signal(signal.SIGKILL)
    assert (seen[-1].kind, seen[-1].data["state"]) == ("end", "succeeded")
    identifiers = [event.id for event in seen[:-1] if event.id is not None]
    assert identifiers == sorted(set(identifiers))
    epochs = [event.data["step"] for event in seen if event.data.get("kind") == "epoch"]
    assert epochs == list(range(12))
    assert client.jobs.get(job.id).attempt == 1
    wait_until(lambda: httpx.get(f"{service.url}/readyz").status_code == 200, "the API")


def test_loss_that_is_no_number_fails_the_job_in_words(client: Client, submit: Callable[..., Job]) -> None:
    compile_arguments = {
        "optimizer": {"class_name": "SGD", "config": {"lr": 1e30}},
        "loss": "mean_squared_error",
    }
    model = {
        "class_name": "Sequential",
        "config": [
            {"class_name": "Flatten", "config": {"name": "flat", "batch_input_shape": [None, 8, 8, 1]}},
            {"class_name": "Dense", "config": {"name": "out", "units": 1}},
        ],
    }
    job = submit(model=model, compile=compile_arguments, callbacks=[])
    ended = client.jobs.wait(job.id, timeout_seconds=60, poll_seconds=0.05)
    assert ended.state == "failed"
    assert ended.error is not None
    assert "NaN or infinite" in ended.error["title"]
    assert "learning rate" in ended.error["detail"]
    assert {artifact.name for artifact in client.jobs.artifacts(job.id)} <= ARTIFACTS - {"model.h5"}


def test_keras_remote_monitor_reports_a_run_from_elsewhere(service: Any, client: Client) -> None:
    job = client.jobs.create(external=True, epochs=2, name="elsewhere")
    address = f"{service.url}{job.links['publish']}"
    for epoch, loss in enumerate((0.5, math.nan)):
        # As Keras 2.1.6 sends it: JSON with bare NaN in a form field.
        form = {"data": json.dumps({"epoch": epoch, "loss": loss, "val_acc": 0.25 * (epoch + 1)})}
        answer = httpx.post(address, data=form, headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.is_success, answer.text
    metrics = client.jobs.metrics(job.id)
    np.testing.assert_equal(metrics.values("loss"), [0.5, math.nan])
    assert metrics.values("val_acc") == [0.25, 0.5]
    client.jobs.finish(job.id)
    assert client.jobs.get(job.id).state == "succeeded"
