"""The checkpoint of a run: the state of its training in a file, from which the next attempt goes on exactly."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

import h5py
import numpy as np

from core.storage import ObjectStore
from engine.training.state import Progress, StateKeeper, TrainingState
from worker.device import count_threads
from worker.patience import endure

# To be raised when a run's callbacks or what the engine keeps of a training change.
FORMAT = 2


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds.

    Args:
        state: of the training.
        threads: with which it was computed; another number of them sums in another order.
    """

    state: TrainingState
    threads: int


def write_state(state: TrainingState, path: Path) -> None:
    """Write a state to an HDF5 file, with the number of threads of this process."""
    with h5py.File(path, "w") as file:
        file.attrs["format"] = FORMAT
        file.attrs["threads"] = count_threads()
        # Not an attribute, whose size is limited: the history grows with each epoch.
        file["facts"] = np.frombuffer(json.dumps(state.facts).encode(), dtype=np.uint8)
        for name, array in state.arrays.items():
            file[f"arrays/{name}"] = array


def read_state(source: Path | BinaryIO) -> Checkpoint | None:
    """Read what `write_state` wrote; None where another version of this service wrote the file."""
    arrays: dict[str, np.ndarray] = {}
    with h5py.File(source, "r") as file:
        if file.attrs.get("format") != FORMAT:
            return None
        file["arrays"].visititems(
            lambda name, item: arrays.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
        )
        facts = json.loads(file["facts"][()].tobytes())
        # Files of this format did not always tell.
        threads = int(file.attrs.get("threads", count_threads()))
    state = TrainingState(facts, {name: np.asarray(array) for name, array in arrays.items()})
    return Checkpoint(state, threads)


class Checkpointer(StateKeeper):
    """Writes a checkpoint at the end of each epoch and every few seconds inside of it.

    Args:
        store: holds the checkpoints of the job.
        job_id, attempt: whose.
        folder: where the file is made.
        seconds: between two checkpoints inside an epoch.
        must_yield: whether a checkpoint is wanted now.
        may_write: asked before each checkpoint; it raises where the attempt counts no more. One that is held up
            between this and its writing does no harm, since it writes under its own number.
        written: called after each checkpoint; it may end the run.
        resumed: the state to begin from, or None.
    """

    def __init__(
        self,
        store: ObjectStore,
        job_id: str,
        attempt: int,
        folder: Path,
        *,
        seconds: float,
        must_yield: Callable[[], bool],
        may_write: Callable[[], None],
        written: Callable[[], None],
        resumed: TrainingState | None,
    ) -> None:
        super().__init__(resumed)
        self._store = store
        self._job_id = job_id
        self._attempt = attempt
        self._path = folder / "checkpoint.h5"
        self._seconds = seconds
        self._must_yield = must_yield
        self._may_write = may_write
        self._written = written
        self._next_at = time.monotonic() + seconds

    def is_due(self, progress: Progress) -> bool:
        """Tell whether to write a checkpoint now."""
        return progress.batch == 0 or time.monotonic() >= self._next_at or self._must_yield()

    def keep(self, state: TrainingState) -> None:
        """Write a checkpoint in place of the one before."""
        self._may_write()
        write_state(state, self._path)
        endure(partial(self._store.put_checkpoint, self._job_id, self._attempt, self._path))
        self._next_at = time.monotonic() + self._seconds
        self._written()


def read_checkpoint(store: ObjectStore, job_id: str) -> Checkpoint | None:
    """The newest checkpoint of a job, or None where it has none that can be read."""
    file = store.open_checkpoint(job_id)
    if file is None:
        return None
    with file:
        checkpoint = read_state(file)
    if checkpoint is None:
        print("The checkpoint was written by another version of the service: the training begins anew.")
    return checkpoint
