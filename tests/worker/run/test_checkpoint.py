from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from core.identifiers import new_id
from core.jobs.errors import StaleAttemptError
from core.settings import Settings
from core.storage import ObjectStore, open_store
from engine import backend as K
from engine.callbacks import EarlyStopping
from engine.layers import Dense, Dropout
from engine.models import Sequential
from engine.training.state import TrainingState
from worker.device import count_threads, seed_generators, use_threads
from worker.run.callbacks import EpochLog
from worker.run.checkpoint import Checkpointer, read_checkpoint, read_state, write_state

X = np.random.default_rng(0).normal(size=(64, 4))
Y = X.sum(1, keepdims=True)
JOB = new_id("job")


class StoppedError(Exception):
    """Ends a run."""


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(Settings(home=tmp_path))


def stop_after(count: int) -> Callable[[], None]:
    """Give a function whose call of that number ends the run."""
    calls = iter(range(1, count + 1))

    def act() -> None:
        if next(calls) == count:
            raise StoppedError

    return act


def train(store: ObjectStore, folder: Path, resumed: TrainingState | None = None, **given: Any) -> list[Any]:
    """Train as a process of its own would and return the weights and the epochs' metrics."""
    arguments: dict[str, Any] = {
        "seconds": 0, "must_yield": lambda: False, "may_write": lambda: None, "written": lambda: None, **given
    }  # fmt: skip
    with K.isolated_state():
        seed_generators(3)
        model = Sequential([Dense(8, activation="relu", input_shape=(4,)), Dropout(0.3), Dense(1)])
        model.compile("nadam", "mse")
        log = EpochLog(6)
        checkpointer = Checkpointer(store, JOB, 1, folder, resumed=resumed, **arguments)
        model.fit(X, Y, 16, 6, verbose=0, callbacks=[EarlyStopping("loss", patience=100), log, checkpointer])
        return [log.rows, *model.get_weights(), *model.optimizer.get_weights()]


# Each epoch has four batches, and writes a checkpoint after each of them and one at its end.
@pytest.mark.parametrize(("count", "position"), [(2, (0, 2)), (5, (1, 0)), (14, (2, 4)), (26, (5, 1))])
def test_training_goes_on_from_a_checkpoint_as_if_nothing_had_happened(
    store: ObjectStore, tmp_path: Path, count: int, position: tuple[int, int]
) -> None:
    assert read_checkpoint(store, JOB) is None
    undisturbed = train(store, tmp_path)
    with pytest.raises(StoppedError):
        train(store, tmp_path, written=stop_after(count))
    checkpoint = read_checkpoint(store, JOB)
    assert checkpoint is not None
    assert (checkpoint.state.epoch, checkpoint.state.batch) == position
    continued = train(store, tmp_path, checkpoint.state)
    assert continued[0] == undisturbed[0]
    for one, other in zip(undisturbed[1:], continued[1:], strict=True):
        np.testing.assert_array_equal(one, other)


def test_inside_an_epoch_checkpoints_come_by_time_or_when_wanted(store: ObjectStore, tmp_path: Path) -> None:
    positions: list[tuple[int, int]] = []

    def note() -> None:
        checkpoint = read_checkpoint(store, JOB)
        assert checkpoint is not None
        positions.append((checkpoint.state.epoch, checkpoint.state.batch))

    train(store, tmp_path, seconds=3600, written=note)
    assert positions == [(epoch, 0) for epoch in range(1, 7)]
    positions.clear()
    with pytest.raises(StoppedError):
        train(store, tmp_path, seconds=3600, must_yield=lambda: True, written=stop_after(3))
    note()
    assert positions == [(0, 3)]


def test_an_attempt_that_counts_no_more_writes_no_checkpoint(store: ObjectStore, tmp_path: Path) -> None:
    def refuse() -> None:
        raise StaleAttemptError(JOB, 1, 2, "running")

    with pytest.raises(StaleAttemptError):
        train(store, tmp_path, may_write=refuse)
    assert read_checkpoint(store, JOB) is None


def test_a_long_history_fits_into_a_checkpoint(tmp_path: Path) -> None:
    facts = {"epoch": 20_000, "batch": 0, "is_stopped": False, "callbacks": [{"rows": [0.5] * 20_000}]}
    path = tmp_path / "checkpoint.h5"
    write_state(TrainingState(facts, {"a/b": np.arange(3)}), path)
    read = read_state(path)
    assert read is not None
    assert read.state.facts == facts
    np.testing.assert_array_equal(read.state.arrays["a/b"], [0, 1, 2])


def test_the_checkpoint_of_another_version_is_told_and_left(
    store: ObjectStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "old.h5"
    with h5py.File(path, "w") as file:
        file.attrs["progress"] = "{}"
    store.put_checkpoint(JOB, 1, path)
    assert read_checkpoint(store, JOB) is None
    assert "another version" in capsys.readouterr().out


def test_a_checkpoint_names_the_threads_it_was_computed_with(tmp_path: Path) -> None:
    state = TrainingState({"epoch": 1}, {"a": np.arange(3)})
    before = count_threads()
    try:
        use_threads(3)
        write_state(state, tmp_path / "checkpoint.h5")
    finally:
        use_threads(before)
    read = read_state(tmp_path / "checkpoint.h5")
    assert read is not None
    assert read.threads == 3
