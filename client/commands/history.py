"""What a watcher has learnt of a job from its events."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from client.events import Event
from client.records import TERMINAL_STATES, Job

_LOG_LINES: Final = 8

Values = dict[str, float | None]


@dataclass
class History:
    """A job as its events tell it.

    Attributes:
        rows: metrics of each epoch that has ended, by epoch; the first is 0.
        batch: the latest metrics within an epoch. log: the latest lines.
    """

    job: Job
    state: str = "queued"
    attempt: int = 0
    reason: str | None = None
    error: dict[str, Any] | None = None
    rows: dict[int, Values] = field(default_factory=dict)
    batch: tuple[int, Values] | None = None
    log: deque[str] = field(default_factory=lambda: deque(maxlen=_LOG_LINES))

    def apply(self, event: Event) -> None:
        """Take one event in."""
        data = event.data
        if event.kind in {"state", "end"}:
            self.state = data["state"]
            self.attempt = data.get("attempt") or self.attempt
            self.reason = data.get("reason")
            self.error = data.get("error") or self.error
        elif event.kind == "log":
            self.log.append(data["line"].rstrip("\n"))
        elif event.kind == "metrics" and data["kind"] == "epoch":
            self.rows.setdefault(data["step"], {}).update(data["values"])
            self.batch = None
        elif event.kind == "metrics":
            self.batch = (data["step"], data["values"])

    @property
    def epochs_done(self) -> int:
        """Epochs that have ended."""
        return max(self.rows, default=-1) + 1

    @property
    def names(self) -> list[str]:
        """Names of the metrics."""
        return sort_names({name for values in self.rows.values() for name in values})

    @property
    def exit_status(self) -> int:
        """0 for a job that succeeded, 1 for one that failed, 2 for one that was cancelled."""
        return {"succeeded": 0, "cancelled": 2}.get(self.state, 1)

    @property
    def is_terminal(self) -> bool:
        """Whether the job has ended."""
        return self.state in TERMINAL_STATES

    def find_best(self, name: str) -> int | None:
        """The epoch in which a metric was best: the highest accuracy, the lowest of all else."""
        found = {
            epoch: values[name]
            for epoch, values in self.rows.items()
            if values.get(name) is not None and values[name] == values[name]  # NaN is no value
        }
        choose = max if "acc" in name else min
        return choose(found, key=lambda epoch: found[epoch]) if found else None  # type: ignore[arg-type,return-value]


def sort_names(names: Iterable[str]) -> list[str]:
    """Names of metrics as Keras tells them: the loss first, those of validation last."""
    return sorted(names, key=lambda name: (name.startswith("val_"), "loss" not in name, name))


def format_value(value: float | None) -> str:
    """A metric as a reader wants it: four places, or powers of ten where these would show nothing."""
    if value is None:
        return "-"
    return f"{value:.4f}" if value == 0 or 1e-3 <= abs(value) < 1e5 else f"{value:.3e}"
