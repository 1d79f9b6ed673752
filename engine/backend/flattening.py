"""Functions that are run often, as flat graphs: without autograd and without Python between kernels."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, cast

import torch

from engine.backend.flat_graph import NoFlatGraphError, make_flat_graph
from engine.backend.inference import computing
from engine.backend.interpreter import run_sequences
from engine.backend.memory import keep_freed_memory
from engine.backend.recording import Recording

Run = Callable[[Sequence[Any]], list[Any]]

# Making a flat graph takes about as long as it saves in this many runs.
RUNS_BEFORE = 4
# A function that is called with more kinds of inputs than this is run plainly.
_MOST_KINDS = 16


class FlatteningRun:
    """A function that runs plainly at first and, once it has been called often, as a flat graph.

    There is a flat graph for each combination of the inputs' shapes. It calls the same kernels in the same order, so
    its results are the same to the last bit. Where that can't be made sure of, the function stays plain.

    Args:
        run: the function.
        captured: the tensors, among others, that it reads and writes besides its inputs.
        runs_before: after how many runs with inputs of one kind a flat graph is made.

    Attributes:
        obstacle: why there are no flat graphs; None as long as there may be.
    """

    def __init__(self, run: Run, captured: Sequence[Any], runs_before: int | None = None) -> None:
        self._run = run
        self._captured = captured
        self._runs_before = RUNS_BEFORE if runs_before is None else runs_before
        self._counts: dict[Hashable, int] = {}
        self._recordings: dict[Hashable, Recording] = {}
        self._flat: dict[Hashable, Run] = {}
        self.obstacle: str | None = None

    def __call__(self, values: Sequence[Any]) -> list[Any]:
        """Run on tensors and return tensors."""
        if self.obstacle is not None:
            return self._run(values)
        kind = tuple(map(_describe, values))
        flat = self._flat.get(kind)
        if flat is None:
            return self._run_plainly(kind, values)
        with computing():
            return run_sequences(flat, values)

    @property
    def is_flat(self) -> bool:
        """Whether there is a flat graph for some inputs."""
        return bool(self._flat)

    def _run_plainly(self, kind: Hashable, values: Sequence[Any]) -> list[Any]:
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if count <= self._runs_before:
            if len(self._counts) > _MOST_KINDS:
                self._counts.clear()
            return self._run(values)
        # What is given twice, or is a variable too, may be something else in another run.
        values = [value.detach() if isinstance(value, torch.Tensor) else value for value in values]
        with Recording(values, self._captured) as recording:
            results = self._run(values)
            outputs = recording.find_results(results)
        before = self._recordings.pop(kind, None)
        if before is None and recording.obstacle is None:
            self._recordings[kind] = recording
            return results
        try:
            self._flat[kind] = make_flat_graph(before or recording, recording, outputs)
        except NoFlatGraphError as error:
            self.obstacle = str(error)
        keep_freed_memory()
        return results


def _describe(value: Any) -> Hashable:
    """Return all of an input that may decide which kernels run."""
    if isinstance(value, torch.Tensor) and value.layout is torch.strided:
        return value.shape, value.stride(), value.dtype
    return cast(Hashable, value)
