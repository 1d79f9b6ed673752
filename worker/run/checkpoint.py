"""The checkpoint of a run: all that the next attempt needs to go on as if nothing had happened."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from core.storage import ObjectStore
from engine import backend as K
from engine.callbacks import Callback
from worker.device import random_state_from_arrays, random_state_to_arrays

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Progress:
    """What of a checkpoint is plain data.

    Args:
        epoch: epochs that have ended.
        is_stopped: whether a callback has ended the training.
        learning_rate: which callbacks change.
        history: metrics of each epoch.
        callbacks: what each callback of the job remembers.
    """

    epoch: int
    is_stopped: bool
    learning_rate: float
    history: list[dict[str, float]]
    callbacks: list[dict[str, Any]]


@dataclass(frozen=True)
class Checkpoint:
    """A run at the end of an epoch."""

    progress: Progress
    weights: list[Array]
    optimizer: list[Array]
    random: dict[str, Array]

    def write(self, path: Path) -> None:
        """Write an HDF5 file."""
        with h5py.File(path, "w") as file:
            file.attrs["progress"] = json.dumps(asdict(self.progress))
            for group, arrays in (("weights", self.weights), ("optimizer", self.optimizer)):
                file.attrs[group] = len(arrays)
                for place, array in enumerate(arrays):
                    file[f"{group}/{place}"] = array
            for name, array in self.random.items():
                file[f"random/{name}"] = array

    @classmethod
    def read(cls, path: Path) -> "Checkpoint":
        """Read what `write` wrote."""
        with h5py.File(path, "r") as file:
            random: dict[str, Array] = {}
            file["random"].visititems(
                lambda name, item: random.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
            )
            return cls(
                progress=Progress(**json.loads(file.attrs["progress"])),
                weights=[file[f"weights/{place}"][()] for place in range(file.attrs["weights"])],
                optimizer=[file[f"optimizer/{place}"][()] for place in range(file.attrs["optimizer"])],
                random={name: np.asarray(array) for name, array in random.items()},
            )


class Checkpointer(Callback):
    """Writes a checkpoint at the end of each epoch, and begins from one.

    It must be the last callback, so that it keeps what the others have decided.

    Args:
        store: holds the newest checkpoint of the job.
        job_id: whose.
        folder: where the file is made.
        others: callbacks whose memory is kept.
        history: rows of metrics that grow with each epoch.
        may_write: asked before each checkpoint; an attempt that counts no more must not replace a newer one.
        resumed: the checkpoint to begin from, or None.
    """

    def __init__(
        self,
        store: ObjectStore,
        job_id: str,
        folder: Path,
        others: Sequence[Callback],
        history: list[dict[str, float]],
        may_write: Callable[[], None],
        resumed: Checkpoint | None,
    ) -> None:
        super().__init__()
        self._store = store
        self._job_id = job_id
        self._path = folder / "checkpoint.h5"
        self._others = others
        self._history = history
        self._may_write = may_write
        self._resumed = resumed

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Called when the training begins: other callbacks have forgotten everything by now."""
        if self._resumed is not None:
            self._restore(self._resumed)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Called at the end of each epoch."""
        self._may_write()
        self._take(epoch + 1).write(self._path)
        self._store.put_checkpoint(self._job_id, self._path)

    def _take(self, epoch: int) -> Checkpoint:
        progress = Progress(
            epoch=epoch,
            is_stopped=bool(self.model.stop_training),
            learning_rate=float(K.get_value(self.model.optimizer.lr)),
            history=self._history,
            callbacks=[callback.get_state() for callback in self._others],
        )
        return Checkpoint(
            progress=progress,
            weights=self.model.get_weights(),
            optimizer=self.model.optimizer.get_weights(),
            random=random_state_to_arrays(K.get_random_state()),
        )

    def _restore(self, checkpoint: Checkpoint) -> None:
        self.model.set_weights(checkpoint.weights)
        self.model.optimizer.set_weights(checkpoint.optimizer)
        K.set_value(self.model.optimizer.lr, checkpoint.progress.learning_rate)
        for callback, memory in zip(self._others, checkpoint.progress.callbacks):
            callback.set_state(memory)
        self._history[:] = checkpoint.progress.history
        K.set_random_state(random_state_from_arrays(checkpoint.random))


def read_checkpoint(store: ObjectStore, job_id: str) -> Checkpoint | None:
    """The newest checkpoint of a job, or None where it has none."""
    path = store.get_checkpoint(job_id)
    return None if path is None else Checkpoint.read(path)
