"""Operations that run on another device than the default one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import fx

from engine.backend.device import default_device, device_scope


class Placement:
    """Where the values of a graph lie, and their copies on other devices; None stands for the default device.

    Args:
        graph: the graph to which copying is added.
    """

    def __init__(self, graph: fx.Graph) -> None:
        self._graph = graph
        self._devices: dict[fx.Node, torch.device] = {}
        self._copies: dict[tuple[fx.Node, torch.device | None], fx.Node] = {}

    def move(self, node: Any, device: torch.device | None) -> Any:
        """Return a value as it is on a device; it is copied there once."""
        if not isinstance(node, fx.Node) or self._devices.get(node) == device:
            return node
        if (node, device) not in self._copies:
            copy = self._graph.call_function(_copy_to, (node, device))
            self._copies[node, device] = copy
            self.settle(copy, device)
        return self._copies[node, device]

    def settle(self, node: Any, device: torch.device | None) -> None:
        """Remember that a value lies on a device."""
        if device is not None:
            self._devices[node] = device


def _copy_to(value: Any, device: torch.device | None) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    target = default_device() if device is None else device
    # A copy to the host must be waited for.
    return value.to(target, non_blocking=target.type == "cuda")


def run_on(function: Callable[..., Any], device: torch.device, /, *args: Any, **kwargs: Any) -> Any:
    """Call a function so that the tensors it makes of nothing are on a device, too."""
    with device_scope(device):
        return function(*args, **kwargs)
