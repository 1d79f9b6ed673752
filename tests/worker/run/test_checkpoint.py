from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.identifiers import new_id
from core.jobs.errors import StaleAttemptError
from core.settings import Settings
from core.storage import open_store
from engine import backend as K
from engine.callbacks import EarlyStopping
from engine.layers import Dense, Dropout
from engine.models import Sequential
from worker.device import seed_generators
from worker.run.checkpoint import Checkpointer, read_checkpoint

X = np.random.default_rng(0).normal(size=(64, 4))
Y = X.sum(1, keepdims=True)


def make_model() -> Any:
    model = Sequential([Dense(8, activation="relu", input_shape=(4,)), Dropout(0.3), Dense(1)])
    model.compile("adam", "mse")
    return model


def train(
    store: Any, folder: Path, job_id: str, epochs: int, resumed: Any = None
) -> tuple[Any, Checkpointer]:
    """Train as a process of its own would: from a fresh state."""
    with K.isolated_state():
        seed_generators(3)
        model = make_model()
        rows: list[dict[str, float]] = []
        stopping = EarlyStopping("loss", patience=100)
        checkpointer = Checkpointer(store, job_id, folder, [stopping], rows, lambda: None, resumed)
        begin = 0 if resumed is None else resumed.progress.epoch
        model.fit(X, Y, epochs=epochs, initial_epoch=begin, verbose=0, callbacks=[stopping, checkpointer])
        return model, checkpointer


def test_training_goes_on_from_a_checkpoint_as_if_nothing_had_happened(tmp_path: Path) -> None:
    store = open_store(Settings(home=tmp_path))
    job_id = new_id("job")
    assert read_checkpoint(store, job_id) is None
    undisturbed, _ = train(store, tmp_path, new_id("job"), 6)
    train(store, tmp_path, job_id, 4)
    checkpoint = read_checkpoint(store, job_id)
    assert checkpoint is not None
    assert checkpoint.progress.epoch == 4
    assert not checkpoint.progress.is_stopped
    resumed, _ = train(store, tmp_path, job_id, 6, checkpoint)
    for one, other in zip(undisturbed.get_weights(), resumed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    state = zip(undisturbed.optimizer.get_weights(), resumed.optimizer.get_weights(), strict=True)
    for one, other in state:
        np.testing.assert_array_equal(one, other)


def test_an_attempt_that_counts_no_more_writes_no_checkpoint(tmp_path: Path) -> None:
    store = open_store(Settings(home=tmp_path))
    job_id = new_id("job")

    def refuse() -> None:
        raise StaleAttemptError(job_id, 1, 2, "running")

    model = make_model()
    with pytest.raises(StaleAttemptError):
        model.fit(X, Y, verbose=0, callbacks=[Checkpointer(store, job_id, tmp_path, [], [], refuse, None)])
    assert read_checkpoint(store, job_id) is None
