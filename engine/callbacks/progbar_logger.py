"""A progress bar for each epoch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.callbacks.base import Callback, Logs
from engine.callbacks.progress_bar import Progbar

# Reading a batch's metrics waits for the device: the bar looks at them this often at most.
_LOOK_SECONDS = 0.1


class ProgbarLogger(Callback):
    """Shows an epoch's progress and metrics in the terminal.

    Args:
        count_mode: `samples` or `steps`: what the bar counts.
        stateful_metrics: names of metrics shown as they are, not averaged.

    Raises:
        ValueError: `count_mode` is neither.
    """

    state_names = ("seen",)

    def __init__(self, count_mode: str = "samples", stateful_metrics: Iterable[str] | None = None) -> None:
        super().__init__()
        if count_mode not in ("samples", "steps"):
            raise ValueError(f"Unknown `count_mode`: {count_mode!r}. Use `samples` or `steps`.")
        self.use_steps = count_mode == "steps"
        self.stateful_metrics = set(stateful_metrics or ())
        self.verbose = 1
        self.epochs = 1
        self.seen = 0
        self.target: int | None = None
        self.progbar: Any = None
        self._unread: list[tuple[int, dict[str, Any]]] = []

    def on_train_begin(self, logs: Logs = None) -> None:
        """Called when the training begins."""
        self.verbose = self.params["verbose"]
        self.epochs = self.params["epochs"]

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Called at the start of each epoch."""
        self.seen = 0
        self._unread = []
        self.target = self.params["steps" if self.use_steps else "samples"]
        if self.verbose:
            print(f"Epoch {epoch + 1}/{self.epochs}")
            self.progbar = Progbar(
                self.target,
                verbose=self.verbose,
                interval=_LOOK_SECONDS,
                stateful_metrics=self.stateful_metrics,
            )

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after each batch."""
        logs = logs or {}
        count = 1 if self.use_steps else logs.get("size", 0)
        self.seen += count
        if self.verbose != 1:
            return
        self._unread.append((count, logs))
        # The last batch is shown with the end of the epoch.
        if self.progbar.is_due and (self.target is None or self.seen < self.target):
            self.progbar.update(self.seen, self._read())

    def _read(self) -> list[tuple[str, Any]]:
        """Return the averages of the metrics over the batches that were not shown yet."""
        total = sum(count for count, _ in self._unread) or 1
        averages = []
        for name in self.params["metrics"]:
            values = [(count, logs[name]) for count, logs in self._unread if name in logs]
            if values and name in self.stateful_metrics:
                averages.append((name, values[-1][1]))
            elif values:
                averages.append((name, sum(count * value for count, value in values) / total))
        self._unread = []
        return averages

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called at the end of each epoch."""
        if not self.verbose:
            return
        logs = logs or {}
        self.progbar.finish(
            self.seen, [(name, logs[name]) for name in self.params["metrics"] if name in logs]
        )
