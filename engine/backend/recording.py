"""What a function does, as the list of kernels that it calls: forward, derivative and updates alike."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import torch
from torch._ops import OpOverload
from torch.fx.node import map_aggregate
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

F = TypeVar("F", bound=Callable[..., Any])

# Methods that show Python a tensor's elements without calling a kernel.
_READERS = frozenset(
    {torch.Tensor.numpy, torch.Tensor.tolist, torch.Tensor.__array__, torch.Tensor.__dlpack__}
)
# Kernels that take no more than size and type from their first argument.
_MAKERS = frozenset({"aten::ones_like", "aten::zeros_like", "aten::full_like", "aten::new_zeros"})
_MAKERS |= {"aten::new_ones", "aten::new_full"}
# Kernels whose result is whatever lay in memory.
_EMPTY = frozenset({"aten::empty", "aten::empty_like", "aten::empty_strided", "aten::new_empty"})
_EMPTY |= {"aten::new_empty_strided", "aten::empty.memory_format"}

# Kernels that may have to do with sparse tensors: those that look at no elements.
_SPARSE = frozenset({"aten::_sparse_coo_tensor_with_dims_and_tensors", "aten::detach"})
# Constants up to this size are kept, to be computed once.
_MOST_CONSTANT_ELEMENTS = 4096

_running = threading.local()
_serials = itertools.count()


@dataclass(frozen=True)
class Value:
    """A tensor of a recording, by its number."""

    number: int


@dataclass
class Call:
    """A call of a kernel, or of a `leaf`, with a `Value` in the place of each tensor."""

    function: Any
    args: tuple
    kwargs: dict[str, Any]
    results: Any
    # Whether it must run though nobody uses what it gives.
    has_effects: bool = field(compare=False)


@dataclass
class Facts:
    """What is known of a value.

    Args:
        root: number of the memory in which it lies, shared by all views of it.
        layout: its sizes, strides and type; equal to none but itself for a tensor that is not strided.
        is_constant: whether it is the same at each run, until somebody writes into its memory.
        tensor: the tensor itself, where it stays from run to run or is a small constant.
    """

    root: int
    layout: tuple
    is_constant: bool = False
    tensor: torch.Tensor | None = None

    @property
    def stays(self) -> bool:
        """Whether the value is memory that outlives runs, whatever is written into it."""
        return self.tensor is not None and not self.is_constant


def leaf(function: F) -> F:
    """Let recordings take a call of `function` as one call and not look at the kernels in it.

    For functions that depend on more than their arguments, such as the state of an object, and for those that
    are best left as they are. They take and give tensors in any nesting and see no gradients: one that is to be
    differentiated belongs inside a `torch.autograd.Function`.
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        recording = getattr(_running, "recording", None)
        return (
            function(*args, **kwargs)
            if recording is None
            else recording.run_leaf(call, function, args, kwargs)
        )

    return cast(F, call)


class Recording(TorchDispatchMode):
    """The kernels that run while it is entered.

    Args:
        inputs: the tensors that differ from run to run.
        captured: tensors that stay, whatever is written into them.

    Attributes:
        obstacle: why the calls say not all that the function does; None where they do.
    """

    def __init__(self, inputs: Sequence[Any], captured: Sequence[Any]) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self.facts: list[Facts] = []
        self.obstacle: str | None = None
        self.written: set[int] = set()
        self.inputs: list[Any] = []
        # Tensors that came from elsewhere, in the order in which they were met.
        self.externals: list[int] = []
        self._serial = next(_serials)
        self._known: dict[int, Value] = {}
        self._views: dict[tuple, Value] = {}
        self._roots: dict[int, int] = {}
        self._keep_alive: list[torch.Tensor] = []
        self._is_paused = False
        self._watch = _Watch(self)
        for tensor in inputs:
            self.inputs.append(self._introduce(tensor) if isinstance(tensor, torch.Tensor) else None)
        for tensor in captured:
            if isinstance(tensor, torch.Tensor) and id(tensor) not in self._known:
                self._introduce(tensor, tensor)

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        # Or torch imports its compiler at the first kernel, to keep it out of here.
        return False

    def __enter__(self) -> Any:
        _running.recording = self
        self._watch.__enter__()
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self._watch.__exit__(*error)
        _running.recording = None
        self._keep_alive.clear()
        self._known.clear()

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        results = function(*args, **kwargs)
        if not self._is_paused and self.obstacle is None:
            self._record(function, args, kwargs, results)
        return results

    def run_leaf(self, call: Any, function: Callable[..., Any], args: tuple, kwargs: dict[str, Any]) -> Any:
        """Run a leaf and record it as one call."""
        if self._is_paused or self.obstacle is not None:
            return function(*args, **kwargs)
        given = cast("tuple[tuple, dict[str, Any]]", self._find((args, kwargs)))
        self._is_paused = True
        try:
            results = function(*args, **kwargs)
        finally:
            self._is_paused = False
        self.written |= self._list_roots(list_values(given))
        named = map_aggregate(results, lambda item: self._name(item, None))
        self.calls.append(Call(call, *given, named, has_effects=True))
        return results

    def find_results(self, results: Any) -> Any:
        """Return what the function gave with a `Value` in the place of each tensor."""
        return self._find(results)

    def note_reading(self, tensor: Any) -> None:
        """Take notice that Python was shown the elements of a tensor."""
        if self._is_paused or self.obstacle is not None or not isinstance(tensor, torch.Tensor):
            return
        facts = self.facts[self._find(tensor).number]
        if not facts.is_constant or facts.root in self.written:
            self.obstacle = "Python looks at values that differ from run to run"

    def _record(self, function: Any, args: tuple, kwargs: dict[str, Any], results: Any) -> None:
        if not isinstance(function, OpOverload):
            self.obstacle = f"{function} is no kernel"
            return
        tensors: list[torch.Tensor] = []
        map_aggregate((args, kwargs, results), lambda item: _collect(item, tensors))
        if not all(_is_plain(tensor, function) for tensor in tensors):
            self.obstacle = f"{function} has to do with tensors of another layout, class or device"
            return
        given = cast("tuple[tuple, dict[str, Any]]", self._find((args, kwargs)))
        values = list_values(given)
        name = function._schema.name
        # What others bring is not known to give the same for the same, nor to leave what it is given alone.
        is_own = function.namespace == "aten"
        roots = self._find_written(function, *given) if is_own else self._list_roots(values)
        self.written |= roots
        is_constant = name in _MAKERS or (
            is_own
            and name not in _EMPTY
            and not _is_random(function)
            and all(self._is_constant_now(value) for value in values)
        )
        if not is_constant and (_has_sizes_of_values(function, args) or not _gives_tensors(results)):
            self.obstacle = f"the result of {function} has no fixed form"
            return
        base = self.facts[values[0].number] if _is_view(function) else None
        count = len(self.facts)
        named = map_aggregate(results, lambda item: self._name(item, base, is_constant))
        has_effects = bool(roots) or _is_random(function) or not is_own
        if has_effects or len(self.facts) > count:
            self.calls.append(Call(function, *given, named, has_effects))

    def _is_constant_now(self, value: Value) -> bool:
        facts = self.facts[value.number]
        return facts.is_constant and facts.root not in self.written

    def _find_written(self, function: Any, args: tuple, kwargs: dict[str, Any]) -> set[int]:
        if not function._schema.is_mutable:
            return set()
        found = []
        for place, argument in enumerate(function._schema.arguments):
            if argument.alias_info is not None and argument.alias_info.is_write:
                found.append(args[place] if place < len(args) else kwargs.get(argument.name))
        return self._list_roots(list_values(found))

    def _list_roots(self, values: Sequence[Value]) -> set[int]:
        return {self.facts[value.number].root for value in values}

    def _find(self, structure: Any) -> Any:
        return map_aggregate(structure, self._find_one)

    def _find_one(self, item: Any) -> Any:
        if not isinstance(item, torch.Tensor):
            return item
        found = self._known.get(id(item))
        if found is None:
            serial, found = getattr(item, "_recorded", (None, None))
            if serial != self._serial:
                found = self._introduce(item, item)
                # That it is, two recordings must show.
                self.facts[found.number].is_constant = True
                self.externals.append(found.number)
        return found

    def _introduce(self, tensor: torch.Tensor, kept: torch.Tensor | None = None) -> Value:
        """Give a number to a tensor that is there before the function runs."""
        value = Value(len(self.facts))
        # Two inputs may share memory in one run and not in the next.
        root = value.number if kept is None else self._roots.setdefault(_storage_of(tensor), value.number)
        self.facts.append(Facts(root, _describe_layout(tensor), tensor=kept))
        self._known[id(tensor)] = value
        self._keep_alive.append(tensor)
        self._views.setdefault(_describe_view(root, tensor), value)
        return value

    def _name(self, item: Any, base: Facts | None, is_constant: bool = False) -> Any:
        """Return the value of a result: a new one, unless the same view of the same memory has one."""
        if not isinstance(item, torch.Tensor):
            return item
        known = self._known.get(id(item))
        if known is not None:
            return known
        serial, value = getattr(item, "_recorded", (None, None))
        if serial == self._serial:
            return value
        root = len(self.facts) if base is None else base.root
        view = _describe_view(root, item)
        value = self._views.get(view)
        if value is None:
            value = self._views[view] = Value(len(self.facts))
            is_kept = (is_constant and item.numel() <= _MOST_CONSTANT_ELEMENTS) or (
                base is not None and base.stays
            )
            kept = item.detach() if is_kept else None
            self.facts.append(Facts(root, _describe_layout(item), is_constant, kept))
        item._recorded = (self._serial, value)  # type: ignore[attr-defined]
        return value


class _Watch(TorchFunctionMode):
    """Sees what shows Python a tensor's elements without calling a kernel."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._recording = recording

    def __torch_function__(
        self, function: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if function in _READERS:
            self._recording.note_reading(args[0])
        return function(*args, **(kwargs or {}))


def list_values(structure: Any) -> list[Value]:
    """Return the values in a structure, in order."""
    found: list[Value] = []
    map_aggregate(structure, lambda item: _collect(item, found, Value))
    return found


def _collect(item: Any, found: list[Any], kind: type = torch.Tensor) -> Any:
    if isinstance(item, kind):
        found.append(item)
    return item


def _is_plain(tensor: torch.Tensor, function: OpOverload) -> bool:
    is_fitting = tensor.layout is torch.strided or function._schema.name in _SPARSE
    return is_fitting and type(tensor) in (torch.Tensor, torch.nn.Parameter) and tensor.device.type == "cpu"


def _is_random(function: OpOverload) -> bool:
    return torch.Tag.nondeterministic_seeded in function.tags


def _is_view(function: OpOverload) -> bool:
    return function.is_view or function._schema.name in ("aten::detach", "aten::lift_fresh")


def _has_sizes_of_values(function: OpOverload, args: tuple) -> bool:
    """Tell whether the sizes of what a kernel gives depend on elements."""
    if function._schema.name == "aten::index":
        return any(index is not None and index.dtype in (torch.bool, torch.uint8) for index in args[1])
    return torch.Tag.dynamic_output_shape in function.tags


def _gives_tensors(results: Any) -> bool:
    if isinstance(results, (tuple, list)):
        return all(map(_gives_tensors, results))
    return results is None or isinstance(results, torch.Tensor)


def _storage_of(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage()._cdata if tensor.layout is torch.strided else id(tensor)


def _describe_view(root: int, tensor: torch.Tensor) -> tuple:
    offset = tensor.storage_offset() if tensor.layout is torch.strided else None
    return (root, offset, *_describe_layout(tensor))


def _describe_layout(tensor: torch.Tensor) -> tuple:
    return (tensor.size(), tensor.stride(), tensor.dtype) if tensor.layout is torch.strided else (object(),)
