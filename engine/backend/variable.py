"""Placeholders, constants and variables: the symbolic tensors at which a graph begins."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from engine.backend.device import default_device
from engine.backend.dtypes import to_torch_dtype
from engine.backend.inference import computing, make_examples
from engine.backend.row_moves import write_put_off
from engine.backend.state import get_state, get_uid, make_variable_name
from engine.backend.symbolic import SymbolicTensor
from engine.graph.tensor import Shape


class Placeholder(SymbolicTensor):
    """A symbolic tensor whose value is given when a function is called.

    Args:
        shape: static shape; None marks an unknown dimension.
        dtype: element type; `floatx` by default.
        name: a name for errors and summaries.
        default: the value where none is given; without one it must be given.
        like: a tensor with whose unknown dimensions the placeholder's agree, where shapes are inferred.
    """

    def __init__(
        self,
        shape: Shape,
        dtype: Any = None,
        name: str | None = None,
        default: Any = None,
        like: SymbolicTensor | None = None,
    ) -> None:
        name = name or f"placeholder_{get_uid('placeholder')}"
        super().__init__(make_examples(shape, dtype, like), name, shape=tuple(shape))
        self.default = default


class Constant(SymbolicTensor):
    """A symbolic tensor with a fixed value."""

    def __init__(self, value: torch.Tensor, name: str = "constant") -> None:
        meta = torch.empty(value.shape, dtype=value.dtype, device="meta")
        super().__init__((meta, meta), name, shape=tuple(value.shape))
        self.value = value
        self.is_sparse = value.is_sparse


class Variable(SymbolicTensor):
    """A symbolic tensor whose value persists between runs and can be assigned.

    The value is born late: the initializer runs when a value is first needed, and then all variables waiting
    in the same state are initialised in order of creation, so that a seed gives the same weights however they
    came about.

    Args:
        shape: its shape, without unknown dimensions.
        dtype: element type; `floatx` by default.
        initializer: gives the first value, as a torch tensor or anything `numpy.asarray` takes.
        name: its name, to be prefixed by the open name scopes.
        constraint: applied to the new value after each optimizer step.
        trainable: whether a model lists it among its trainable weights.
        adopt: whether a tensor that the initializer gives becomes the value itself, instead of a copy; nobody else
            may hold it.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        dtype: Any,
        initializer: Callable[[], Any],
        name: str | None = None,
        constraint: Callable[[Any], Any] | None = None,
        trainable: bool = True,
        adopt: bool = False,
    ) -> None:
        shape = tuple(int(size) for size in shape)
        full_name = make_variable_name(name or f"variable_{get_uid('variable')}")
        super().__init__(make_examples(shape, dtype), full_name, shape=shape)
        self.constraint = constraint
        self.trainable = trainable
        self._initializer: Callable[[], Any] | None = initializer
        self._adopt = adopt
        self._value: torch.Tensor | None = None
        self._pending = get_state().pending_variables
        self._pending.append(weakref.ref(self))

    @property
    def is_initialized(self) -> bool:
        """Whether the variable has a value yet."""
        return self._value is not None

    @property
    def value(self) -> torch.Tensor:
        """The value. The same tensor for good: assignment writes into it."""
        if self._value is None:
            self._initialize_pending()
        assert self._value is not None
        write_put_off(self._value)
        return self._value

    def assign(self, value: Any) -> None:
        """Write a new value of the same shape.

        Raises:
            ValueError: the shape is another one.
        """
        self._assign(value, copy=True)

    def _assign(self, value: Any, copy: bool) -> None:
        tensor = torch.as_tensor(np.asarray(value) if not isinstance(value, torch.Tensor) else value)
        if tuple(tensor.shape) != self.shape:
            raise ValueError(
                f"Variable {self.name!r} has shape {self.shape}, but the value given has shape "
                f"{tuple(tensor.shape)}."
            )
        with torch.no_grad():
            if self._value is None:
                dtype = to_torch_dtype(self.dtype)
                self._value = tensor.detach().to(device=default_device(), dtype=dtype, copy=copy).contiguous()
            else:
                self._value.copy_(tensor)

    def _initialize_pending(self) -> None:
        waiting = [reference() for reference in self._pending]
        self._pending.clear()
        if all(variable is not self for variable in waiting):
            waiting.append(self)
        for variable in waiting:
            if variable is not None and variable._value is None:
                variable._initialize()

    def _initialize(self) -> None:
        assert self._initializer is not None
        with computing(), torch.no_grad():
            value = self._initializer()
        self._assign(value, copy=not self._adopt)
