"""Where tensors live."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import torch

_device: torch.device | None = None
_META = torch.device("meta")
_inferring = threading.local()
_scope = threading.local()


def default_device() -> torch.device:
    """Return the device for new tensors: the scope's, else the one set, else CUDA where it is there, else the CPU.

    While shapes are inferred it is torch's `meta` device, which holds no data.
    """
    global _device
    if getattr(_inferring, "depth", 0):
        return _META
    scope = scope_device()
    if scope is not None:
        return scope
    if _device is None:
        _device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return _device


def set_default_device(device: str | torch.device) -> None:
    """Choose the device on which variables are made and functions run, such as `cpu` or `cuda:1`."""
    global _device
    _device = torch.device(device)


def scope_device() -> torch.device | None:
    """Return the device of the innermost `device_scope`, or None outside of any."""
    return getattr(_scope, "device", None)


@contextmanager
def device_scope(device: str | torch.device) -> Iterator[None]:
    """Let what is recorded or computed inside run on a device (manual, section 3.3.4.2).

    Values from elsewhere are copied to it, and its results back where they are needed.

    Args:
        device: such as `/gpu:1`, `/cpu:0`, or torch's name `cuda:1`.
    """
    before = scope_device()
    _scope.device = to_device(device)
    try:
        yield
    finally:
        _scope.device = before


def to_device(device: str | torch.device) -> torch.device:
    """Return the device of TensorFlow's or torch's name for it."""
    found = re.fullmatch(r"/?(?:device:)?(cpu|gpu)(:\d+)?", str(device).lower())
    if found is None:
        return torch.device(device)
    return torch.device("cpu") if found[1] == "cpu" else torch.device(f"cuda{found[2] or ''}")


def list_devices() -> list[str]:
    """Return the names of this machine's devices, such as `/cpu:0` and `/gpu:0`."""
    return ["/cpu:0", *(f"/gpu:{number}" for number in range(torch.cuda.device_count()))]


@contextmanager
def inferring() -> Iterator[None]:
    """Make new tensors without data, for shape inference."""
    _inferring.depth = getattr(_inferring, "depth", 0) + 1
    try:
        yield
    finally:
        _inferring.depth -= 1
