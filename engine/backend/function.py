"""Compiled functions of the symbolic graph: `K.function` and `K.eval`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from engine.backend.config import mixed_precision
from engine.backend.device import default_device
from engine.backend.dtypes import to_torch_dtype
from engine.backend.flattening import FlatteningRun
from engine.backend.inference import computing
from engine.backend.learning_phase import LearningPhase
from engine.backend.lowering import Lowering
from engine.backend.memory import keep_heap_whole
from engine.backend.precision import mix_precision
from engine.backend.row_moves import write_put_off
from engine.backend.symbolic import SymbolicTensor
from engine.backend.update import Update, split_updates
from engine.backend.variable import Constant, Variable
from engine.graph import Tensor, find_sources


class Function:
    """What `K.function` returns: computes outputs from inputs, then writes the updates.

    Args:
        inputs: placeholders, in the order in which values will be given.
        outputs: tensors to compute.
        updates: what `K.update` and its kin return, or pairs of a variable and its new value.
        name: a name for errors.
    """

    def __init__(
        self, inputs: Sequence[Any], outputs: Sequence[Any], updates: Any = (), name: str | None = None
    ) -> None:
        self.name = name or "function"
        for tensor in inputs:
            if not isinstance(tensor, SymbolicTensor) and tensor not in (0, 1):
                raise TypeError(f"The inputs of {self.name} must be placeholders. Found: {tensor!r}")
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.updates, self.effects = split_updates(updates or ())
        self._phase_position = next(
            (
                number
                for number, tensor in enumerate(self.inputs)
                if isinstance(tensor, LearningPhase) or not isinstance(tensor, SymbolicTensor)
            ),
            None,
        )
        self._compiled: dict[int, Callable[..., list[Any]]] = {}
        self._captured: list[Any] = []

    def __call__(self, inputs: Sequence[Any] = ()) -> list[Any]:
        """Compute the outputs for NumPy arrays, as NumPy arrays."""
        if not isinstance(inputs, (list, tuple)):
            raise TypeError(f"`inputs` of {self.name} should be a list or tuple. Found: {type(inputs)}")
        if len(inputs) != len(self.inputs):
            raise ValueError(
                f"{self.name} takes {len(self.inputs)} inputs, but {len(inputs)} values were given."
            )
        values = list(inputs)
        phase = 0
        if self._phase_position is not None:
            phase = int(values.pop(self._phase_position))
        tensors = [tensor for tensor in self.inputs if self._is_data(tensor)]
        feeds = [to_feed(value, tensor) for value, tensor in zip(values, tensors, strict=True)]
        for value in self._captured:
            write_put_off(value)
        return [to_numpy(value) for value in self.run(feeds, phase)]

    def run(self, values: Sequence[Any], phase: int = 0) -> list[Any]:
        """Compute the outputs for torch tensors on the right device, as torch tensors.

        Args:
            values: a value for each input, the learning phase left out.
            phase: the learning phase, 0 or 1.
        """
        compiled = self._compiled.get(phase)
        if compiled is None:
            compiled = self._compiled[phase] = self._compile(phase)
        return compiled(values)

    @property
    def variables(self) -> list[Variable]:
        """The variables that the function reads or writes, each once."""
        reads = [*self.outputs, *(value for _, value in self.updates if isinstance(value, Tensor))]
        for effect in self.effects:
            reads.extend(effect.inputs)
        touched = [*find_sources(reads), *(variable for variable, _ in self.updates)]
        return list({id(tensor): tensor for tensor in touched if isinstance(tensor, Variable)}.values())

    @staticmethod
    def _is_data(tensor: Any) -> bool:
        return isinstance(tensor, SymbolicTensor) and not isinstance(tensor, LearningPhase)

    def lower(self, phase: int = 0) -> Lowering:
        """Return the lowered graph of one learning phase."""
        inputs = [tensor for tensor in self.inputs if self._is_data(tensor)]
        return Lowering(inputs, self.outputs, self.updates, self.effects, phase)

    def _compile(self, phase: int) -> Callable[..., list[Any]]:
        lowering = self.lower(phase)
        forward = lowering.compile()
        captured = lowering.captured
        self._captured += captured
        gradient_mode = torch.enable_grad if lowering.needs_gradient else torch.no_grad

        def compute(values: Sequence[Any]) -> list[Any]:
            with gradient_mode(), computing():
                results = forward(*values, *captured)
            return [
                value.detach() if isinstance(value, torch.Tensor) and value.requires_grad else value
                for value in results
            ]

        precision = mixed_precision()
        run = compute if precision is None else mix_precision(compute, precision, self.outputs)
        if default_device().type != "cpu":
            return run
        keep_heap_whole()
        return FlatteningRun(run, captured)


def to_feed(value: Any, tensor: Tensor) -> torch.Tensor:
    """Turn a value given for a placeholder into a torch tensor of its type on the default device."""
    if hasattr(value, "tocoo"):
        value = to_sparse(value)
    elif not isinstance(value, torch.Tensor):
        value = torch.as_tensor(np.ascontiguousarray(value) if np.ndim(value) else np.asarray(value))
    if value.ndim != tensor.ndim:
        raise ValueError(
            f"{tensor.name!r} has {tensor.ndim} dimensions (shape {tensor.shape}), but the value given has "
            f"shape {tuple(value.shape)}."
        )
    return value.to(device=default_device(), dtype=to_torch_dtype(tensor.dtype))


def to_sparse(value: Any) -> torch.Tensor:
    """Turn a SciPy matrix into a sparse tensor."""
    matrix = value.tocoo()
    indices = np.stack([matrix.row, matrix.col]).astype("int64")
    return torch.sparse_coo_tensor(
        torch.as_tensor(indices), torch.as_tensor(matrix.data), matrix.shape, check_invariants=True
    ).coalesce()


def to_numpy(value: Any) -> Any:
    """Turn a computed value into a NumPy array or scalar."""
    if isinstance(value, torch.Tensor):
        value = value.detach()
        value = (value.to_dense() if value.is_sparse else value).cpu().numpy()
        return value if value.ndim else value[()]
    return value


def function(inputs: Any, outputs: Any, updates: Any = None, **kwargs: Any) -> Function:
    """Compile a function that computes `outputs` from `inputs` and then applies `updates`.

    Args:
        inputs: placeholders; the learning phase may be among them.
        outputs: tensors.
        updates: a list of what `K.update` and its kin return.

    Returns:
        A function from a list of NumPy arrays to a list of NumPy arrays.

    Raises:
        ValueError: an argument is unknown.
    """
    if set(kwargs) - {"name"}:
        raise ValueError(f"Invalid argument {sorted(kwargs)} passed to K.function: only `name` is known.")
    as_list = lambda value: list(value) if isinstance(value, (list, tuple)) else [value]  # noqa: E731
    return Function(as_list(inputs), as_list(outputs), updates or (), **kwargs)


def evaluate(x: Any) -> torch.Tensor:
    """Compute a tensor that depends on nothing but variables and constants; run an update."""
    if isinstance(x, Update):
        Function([], [], [x], name="eval").run([])
        return x.variable.value
    if isinstance(x, (Variable, Constant)):
        return x.value
    return Function([], [x], name="eval").run([])[0] if isinstance(x, SymbolicTensor) else x


def eval(x: Any) -> Any:
    """Return the value of a tensor as a NumPy array; what `K.update` returned runs, and gives the new value.

    Raises:
        ValueError: it depends on a placeholder.
    """
    value = to_numpy(evaluate(x))
    return value.copy() if isinstance(value, np.ndarray) else value
