"""Runs and workers that are killed at random batches, with a checkpoint after every one."""

import random
import re
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.worker.conftest import Service
from tests.worker.resuming import assert_same_outcome, train_disturbed, train_undisturbed
from tests.worker.trainings import NAMES, list_trainings

KILLS = {"cnn": ("run", "worker"), "lstm": ("worker", "run")}


@pytest.fixture(scope="module")
def resuming_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Gives a service whose runs write a checkpoint after each batch, and whose leases outlast a busy machine."""
    service = Service(tmp_path_factory.mktemp("resuming"), checkpoint_seconds=0, lease_seconds=10)
    try:
        service.start()
        service.start_worker()
        yield service
    finally:
        service.close()


# Where a worker is killed too, its lease must run out first, which takes some seconds.
@pytest.mark.parametrize("name", NAMES)
def test_a_training_that_is_killed_ends_as_if_nothing_had_happened(resuming_service: Any, name: str) -> None:
    service, training = resuming_service, list_trainings()[name]
    undisturbed = train_undisturbed(service, training)
    kills = KILLS.get(name, ("run",))
    disturbed = train_disturbed(service, training, kills, random.Random(zlib.crc32(name.encode())))
    assert_same_outcome(service, undisturbed, disturbed)
    log = service.api.get(f"/v1/jobs/{disturbed}/logs").text
    assert len(re.findall("Going on from the checkpoint after epoch", log)) >= len(kills)
    if name == "stopping":
        metrics = service.metrics(disturbed)
        assert metrics["step"] == list(range(8))
        assert len(set(metrics["lr"])) > 2
