"""Functions whose matrix products and convolutions compute in a shorter type: see `K.set_mixed_precision`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

import torch

from engine.backend.dtypes import to_torch_dtype
from engine.graph import Tensor

Run = Callable[[Sequence[Any]], list[Any]]

_NO_CHANGE: AbstractContextManager[None] = nullcontext()


def is_mixing() -> bool:
    """Tell whether products and convolutions are computed in bfloat16."""
    return torch.is_autocast_enabled("cpu")


def in_own_types() -> AbstractContextManager[None]:
    """Let what is computed inside keep the types of its tensors; it costs next to nothing where it does anyway."""
    return _casting(False) if is_mixing() else _NO_CHANGE


@contextmanager
def _casting(enabled: bool) -> Iterator[None]:
    """Turn torch's casts to bfloat16 on or off, on all devices: a graph may have some of its operations on others.

    Casts of weights are not kept: those of one run would be stale in the next.
    """
    with ExitStack() as scopes:
        for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
            scopes.enter_context(
                torch.autocast(device, dtype=torch.bfloat16, enabled=enabled, cache_enabled=False)
            )
        yield


@contextmanager
def _shortening() -> Iterator[None]:
    """Let CUDA's kernels read float32 numbers with 11 digits of 24 (TensorFloat-32)."""
    # Not all of them are in torch's stubs.
    cudnn: Any = torch.backends.cudnn
    settings: list[Any] = [torch.backends.cuda.matmul, cudnn.conv, cudnn.rnn]
    before = [setting.fp32_precision for setting in settings]
    for setting in settings:
        setting.fp32_precision = "tf32"
    try:
        yield
    finally:
        for setting, precision in zip(settings, before, strict=True):
            setting.fp32_precision = precision


_SCOPES: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "bfloat16": lambda: _casting(True),
    "tf32": _shortening,
}


def mix_precision(run: Run, name: str, outputs: Sequence[Tensor]) -> Run:
    """Return a function that computes in mixed precision and gives tensors of the types that were told.

    Args:
        run: the function.
        name: `bfloat16` or `tf32`.
        outputs: what it computes.
    """
    scope = _SCOPES[name]
    dtypes = [to_torch_dtype(tensor.dtype) for tensor in outputs]

    def run_mixed(values: Sequence[Any]) -> list[Any]:
        with scope():
            results = run(values)
        return [
            value.to(dtype) if isinstance(value, torch.Tensor) else value
            for value, dtype in zip(results, dtypes, strict=True)
        ]

    return run_mixed
