"""Runs that are killed at random batches, with a checkpoint after every one."""

import random
import re
from pathlib import Path
from typing import Any

import numpy as np

from tests.worker.test_worker import assert_same_weights

ROWS, BATCH, STEPS, FEATURES = 192, 16, 5, 3
KILLS = 2


def make_model() -> dict[str, Any]:
    """A network that carries states from batch to batch, averages over batches and random draws."""
    layers = [
        (
            "LSTM",
            {"units": 6, "stateful": True, "batch_input_shape": [BATCH, STEPS, FEATURES], "dropout": 0.1},
        ),
        ("BatchNormalization", {}),
        ("Dropout", {"rate": 0.3}),
        ("Dense", {"units": 1, "activation": "sigmoid"}),
    ]
    return {
        "class_name": "Sequential",
        "config": [
            {"class_name": kind, "config": {"name": kind.lower(), **config}} for kind, config in layers
        ],
    }


def make_request(service: Any) -> dict[str, Any]:
    generator = np.random.default_rng(0)
    x = generator.normal(size=(ROWS, STEPS, FEATURES))
    return {
        "model": make_model(),
        "dataset": service.add_dataset({"x": x, "y": (x.sum((1, 2)) > 0).astype("float32")}),
        "compile": {"optimizer": "nadam", "loss": "binary_crossentropy", "metrics": ["accuracy"]},
        "fit": {"epochs": 40, "batch_size": BATCH},
        # No later epoch is better than the first by so much: the rate falls twice, then the training ends.
        "callbacks": [
            {
                "class_name": "ReduceLROnPlateau",
                "config": {"monitor": "loss", "patience": 3, "factor": 0.5, "epsilon": 10.0},
            },
            {
                "class_name": "EarlyStopping",
                "config": {"monitor": "loss", "patience": 7, "min_delta": 10.0},
            },
        ],
    }


def wait_for_checkpoints(service: Any, path: Path, count: int) -> None:
    """Wait until the checkpoint was replaced so often."""
    for _ in range(count):
        before = path.stat().st_ino if path.exists() else None
        service.wait_until(lambda: path.exists() and path.stat().st_ino != before, "a checkpoint")  # noqa: B023


def test_a_run_killed_at_random_batches_ends_as_if_nothing_had_happened(make_service: Any) -> None:
    service = make_service(checkpoint_seconds=0, max_attempts=KILLS + 2)
    service.start_worker()
    request = make_request(service)
    undisturbed = service.submit(**request)
    service.wait_for(undisturbed, "succeeded")
    disturbed = service.submit(**request)
    choose = random.Random(7)
    for _ in range(KILLS):
        training = service.find_training(disturbed)
        wait_for_checkpoints(
            service, service.settings.home / "objects" / "checkpoints" / disturbed, choose.randrange(1, 6)
        )
        training.kill()
        training.wait(10)
    job = service.wait_for(disturbed, "succeeded")
    assert job["attempt"] == KILLS + 1
    log = service.api.get(f"/v1/jobs/{disturbed}/logs").text
    assert re.search(r"Going on from the checkpoint after epoch \d+ and [1-9]\d* batches", log)
    assert_same_weights(service.artifact(undisturbed, "model.h5"), service.artifact(disturbed, "model.h5"))
    assert service.artifact(undisturbed, "history.csv") == service.artifact(disturbed, "history.csv")
    one, other = service.metrics(undisturbed), service.metrics(disturbed)
    assert one["step"] == list(range(8))
    assert len(set(one["lr"])) == 3
    for name in one.keys() - {"recorded_at"}:
        assert one[name] == other[name], name
