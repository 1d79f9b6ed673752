"""The callbacks that a job asks for, and those that keep watch over every run."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine import callbacks
from engine.callbacks import Callback, RemoteMonitor

BEST_MODEL = "best.h5"


class NonFiniteLossError(ArithmeticError):
    """The loss became NaN or infinite."""


class LossGuard(Callback):
    """Ends the run at the end of an epoch whose loss is no finite number."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Called at the end of each epoch."""
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            raise NonFiniteLossError(
                f"The loss became {loss} in epoch {epoch + 1}. A lower learning rate, scaled inputs "
                "(scale_x), clipnorm on the optimizer, or a loss that fits the output may help; look for NaN "
                "in the data."
            )


class EpochLog(Callback):
    """Keeps the metrics of every epoch and says them in a line of the log.

    Args:
        epochs: how many there are to be.
    """

    state_names = ("rows",)

    def __init__(self, epochs: int) -> None:
        super().__init__()
        self.rows: list[dict[str, float]] = []
        self._epochs = epochs
        self._began_at = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Called at the start of each epoch."""
        self._began_at = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Called at the end of each epoch."""
        values = {name: float(value) for name, value in (logs or {}).items()}
        self.rows.append({"epoch": epoch, **values})
        seconds = time.monotonic() - self._began_at
        shown = " - ".join(f"{name}: {value:.4g}" for name, value in values.items())
        print(f"Epoch {epoch + 1}/{self._epochs} - {seconds:.2f} s - {shown}")


class BestModels(Callback):
    """Keeps the files of `ModelCheckpoint` as artifacts as soon as they change, so that no kill loses them.

    Args:
        folder: where `ModelCheckpoint` writes.
        keep: keeps files.
    """

    def __init__(self, folder: Path, keep: Callable[[list[Path]], None]) -> None:
        super().__init__()
        self._folder = folder
        self._keep = keep
        self._seen: dict[Path, int] = {}

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Called at the end of each epoch."""
        written = {path: path.stat().st_mtime_ns for path in self._folder.glob("best*.h5")}
        changed = [path for path, written_at in written.items() if self._seen.get(path) != written_at]
        if changed:
            self._keep(changed)
        self._seen = written


class MissedEpochs(Callback):
    """Tells of epochs that earlier attempts trained and kept, and whose metrics were lost with their machine.

    Args:
        log: holds the metrics of all epochs.
        monitor: is told of them.
        told_epochs: how many have arrived already.
    """

    def __init__(self, log: EpochLog, monitor: RemoteMonitor, told_epochs: int) -> None:
        super().__init__()
        self._log = log
        self._monitor = monitor
        self._told_epochs = told_epochs

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Called when the training begins, or goes on from a checkpoint."""
        for row in self._log.rows:
            if row["epoch"] >= self._told_epochs:
                self._monitor.send(row)


def make_callbacks(requests: Sequence[Mapping[str, Any]], folder: Path) -> list[Callback]:
    """Make the callbacks of a job.

    Args:
        requests: `{"class_name", "config"}` of the safe list.
        folder: where files are written; a job never names a path.
    """
    made: list[Callback] = []
    checkpoints = 0
    for request in requests:
        name, config = request["class_name"], dict(request["config"])
        if name == "LearningRateScheduler":
            config["schedule"] = _look_up(config["schedule"])
        if name == "ModelCheckpoint":
            checkpoints += 1
            file = BEST_MODEL if checkpoints == 1 else f"best-{checkpoints}.h5"
            path = str(folder / file).replace("{", "{{").replace("}", "}}")
            config |= {"filepath": path, "save_best_only": True}
        made.append(getattr(callbacks, name)(**config))
    return made


def _look_up(table: Mapping[str, float]) -> Callable[[int], float]:
    """A schedule in which each entry holds from its epoch on."""
    steps = sorted((int(epoch), rate) for epoch, rate in table.items())

    def schedule(epoch: int) -> float:
        return [rate for first, rate in steps if first <= epoch][-1]

    return schedule
