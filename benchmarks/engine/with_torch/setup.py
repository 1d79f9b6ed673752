"""What a hand-written loop needs besides its data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F


def adam(network: nn.Module) -> torch.optim.Optimizer:
    """Return Adam with Keras's numbers."""
    return torch.optim.Adam(network.parameters(), lr=0.001, eps=1e-7, fused=True)


def softmax(logits: Any) -> tuple[torch.Tensor, ...]:
    """Return the probabilities of classes."""
    return (torch.softmax(logits, 1),)


def sigmoid(logits: Any) -> tuple[torch.Tensor, ...]:
    """Return the probabilities of flags."""
    return (torch.sigmoid(logits),)


def class_loss(logits: Any, targets: list[torch.Tensor]) -> torch.Tensor:
    """Return the crossentropy of classes."""
    return F.cross_entropy(logits, targets[0])


def flag_loss(logits: Any, targets: list[torch.Tensor]) -> torch.Tensor:
    """Return the crossentropy of flags."""
    return F.binary_cross_entropy_with_logits(logits, targets[0])


@dataclass
class Setup:
    """A network, its loss, what makes predictions out of its logits, and its optimizer."""

    network: nn.Module
    loss: Callable[[Any, list[torch.Tensor]], torch.Tensor]
    finish: Callable[[Any], tuple[torch.Tensor, ...]]
    make_optimizer: Callable[[nn.Module], torch.optim.Optimizer] = adam


def classes(network: nn.Module) -> Setup:
    """Set up a network that tells classes apart."""
    return Setup(network, class_loss, softmax)


def flags(network: nn.Module) -> Setup:
    """Set up a network that answers yes or no."""
    return Setup(network, flag_loss, sigmoid)
