"""Where tensors live."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_device: torch.device | None = None
_META = torch.device("meta")
_inferring = threading.local()


def default_device() -> torch.device:
    """Return the device for new tensors: the one set, else CUDA where it is there, else the CPU.

    While shapes are inferred it is torch's `meta` device, which holds no data.
    """
    global _device
    if getattr(_inferring, "depth", 0):
        return _META
    if _device is None:
        _device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return _device


def set_default_device(device: str | torch.device) -> None:
    """Choose the device on which variables are made and functions run, such as `cpu` or `cuda:1`."""
    global _device
    _device = torch.device(device)


@contextmanager
def inferring() -> Iterator[None]:
    """Make new tensors without data, for shape inference."""
    _inferring.depth = getattr(_inferring, "depth", 0) + 1
    try:
        yield
    finally:
        _inferring.depth -= 1
