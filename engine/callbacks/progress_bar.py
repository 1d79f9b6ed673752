"""Progress in the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

Values = Sequence[tuple[str, Any]]


class Progbar:
    """A progress bar with averages of metrics.

    Args:
        target: how many units there are to do; None where that is not known.
        width: the bar's width in characters.
        verbose: 1 for a bar, 2 for a line at the end, 0 for silence.
        interval: the least seconds between two looks of the bar.
        stateful_metrics: names of metrics shown as they are, not averaged.
    """

    def __init__(
        self,
        target: int | None,
        width: int = 30,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
    ) -> None:
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.stateful_metrics = set(stateful_metrics or ())
        self._is_dynamic = sys.stdout.isatty() or "ipykernel" in sys.modules
        self._seen = 0
        # Each metric's sum and the number of units it goes over; for a stateful one its value alone.
        self._values: dict[str, Any] = {}
        self._start = time.time()
        self._shown_at = 0.0
        self._shown_width = 0

    def update(self, current: int, values: Values | None = None) -> None:
        """Show that `current` units are done.

        Args:
            current: units done so far.
            values: metrics over the units since the last update, as (name, value) pairs.
        """
        weight = current - self._seen
        for name, value in values or ():
            if name in self.stateful_metrics:
                self._values[name] = value
            else:
                total, count = self._values.get(name, (0.0, 0))
                self._values[name] = (total + value * weight, count + weight)
        self._seen = current
        if self.verbose == 1 and (self.is_due or self._is_finished):
            self._show_bar(is_last=self.target is not None and self._is_finished)
        elif self.verbose == 2 and self._is_finished:
            self._show_line()

    def add(self, n: int, values: Values | None = None) -> None:
        """Show that `n` more units are done."""
        self.update(self._seen + n, values)

    def finish(self, current: int, values: Values) -> None:
        """Show the last look: `values` as they are, in place of the averages so far."""
        self._seen = current
        self._values = {
            name: value if name in self.stateful_metrics else (value, 1) for name, value in values
        }
        if self.verbose == 1:
            self._show_bar(is_last=True)
        elif self.verbose == 2:
            self._show_line()

    @property
    def is_due(self) -> bool:
        """Whether enough time has gone by for the bar to be shown again."""
        return time.time() - self._shown_at >= self.interval

    @property
    def _is_finished(self) -> bool:
        return self.target is None or self._seen >= self.target

    def _show_line(self) -> None:
        self._write(f" - {time.time() - self._start:.0f}s{self._describe_values()}\n")

    def _show_bar(self, is_last: bool) -> None:
        text = self._describe_bar() + self._describe_time() + self._describe_values()
        start = "\b" * self._shown_width + "\r" if self._is_dynamic else "\n"
        self._write(start + text.ljust(self._shown_width) + ("\n" if is_last else ""))
        self._shown_width = len(text)
        self._shown_at = time.time()

    @staticmethod
    def _write(text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    def _describe_bar(self) -> str:
        if self.target is None:
            return f"{self._seen:7d}/Unknown"
        done = int(self.width * self._seen / max(self.target, 1))
        tip = "=" if self._is_finished else ">"
        bar = ("=" * (done - 1) + tip if done else "").ljust(self.width, ".")
        return f"{self._seen:{len(str(self.target))}d}/{self.target} [{bar}]"

    def _describe_time(self) -> str:
        elapsed = time.time() - self._start
        unit = elapsed / self._seen if self._seen else 0.0
        if self.target is not None and not self._is_finished:
            return f" - ETA: {format_duration(unit * (self.target - self._seen))}"
        return f" - {elapsed:.0f}s {format_step(unit)}"

    def _describe_values(self) -> str:
        return "".join(f" - {name}: {self._describe_value(value)}" for name, value in self._values.items())

    @staticmethod
    def _describe_value(value: Any) -> str:
        if not isinstance(value, tuple):
            return str(value)
        average = value[0] / max(1, value[1])
        return f"{average:.4f}" if abs(average) > 1e-3 else f"{average:.4e}"


def format_duration(seconds: float) -> str:
    """Return seconds as `12s`, `3:07` or `1:02:03`."""
    whole = int(seconds)
    if whole > 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}" if whole > 60 else f"{whole}s"


def format_step(seconds: float) -> str:
    """Return seconds a step in a unit that suits."""
    if seconds >= 1:
        return f"{seconds:.0f}s/step"
    return f"{seconds * 1e3:.0f}ms/step" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/step"
