"""Networks of images, in torch's channels_last memory format."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.engine.with_torch.setup import Setup, classes, flags


class FromNHWC(nn.Module):
    """See images with their channels last as torch's channels_last, without a copy."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the view."""
        return x.permute(0, 3, 1, 2)


class FlattenNHWC(nn.Module):
    """Flatten with the channels last: in this memory format a view."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the view."""
        return x.permute(0, 2, 3, 1).flatten(1)


class ToNHWC(nn.Module):
    """Give images with their channels last."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the view."""
        return x.permute(0, 2, 3, 1)


class Average(nn.Module):
    """The mean over height and width."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the means."""
        return x.mean((2, 3))


def _chain(*modules: nn.Module) -> nn.Module:
    return nn.Sequential(FromNHWC(), *modules).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _normalization(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


def mnist_cnn() -> Setup:
    """The convolutional network of Keras's MNIST example."""
    return classes(
        _chain(
            nn.Conv2d(1, 32, 3),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Dropout(0.25),
            FlattenNHWC(),
            nn.Linear(64 * 144, 128),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Linear(128, 10),
        )
    )


def vgg() -> Setup:
    """The manual's VGG-like network."""
    modules: list[nn.Module] = []
    for before, filters in ((3, 32), (32, 64)):
        modules += [nn.Conv2d(before, filters, 3), nn.ReLU(), nn.Conv2d(filters, filters, 3), nn.ReLU()]
        modules += [nn.MaxPool2d(2), nn.Dropout(0.25)]
    head = (FlattenNHWC(), nn.Linear(64 * 22 * 22, 256), nn.ReLU(), nn.Dropout(0.5), nn.Linear(256, 10))
    return classes(_chain(*modules, *head))


class Residual(nn.Module):
    """A residual block."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Conv2d(16, 16, 3, padding=1, bias=False)
        self.inner_normalization = _normalization(16)
        self.outer = nn.Conv2d(16, 16, 3, padding=1, bias=False)
        self.outer_normalization = _normalization(16)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the sum, rectified."""
        inner = F.relu(self.inner_normalization(self.inner(x)), inplace=True)
        return F.relu(x + self.outer_normalization(self.outer(inner)), inplace=True)


def resnet() -> Setup:
    """Three residual blocks, normalized by batch."""
    stem = (nn.Conv2d(3, 16, 3, padding=1, bias=False), _normalization(16), nn.ReLU(inplace=True))
    return classes(_chain(*stem, *(Residual() for _ in range(3)), Average(), nn.Linear(16, 10)))


def mobilenet_block() -> Setup:
    """Two of MobileNet's blocks: depthwise, then pointwise."""
    modules: list[nn.Module] = [nn.Conv2d(3, 32, 3, padding=1, bias=False)]
    for before, filters in ((32, 64), (64, 64)):
        modules += [
            nn.Conv2d(before, before, 3, padding=1, groups=before, bias=False),
            _normalization(before),
            nn.ReLU(inplace=True),
            nn.Conv2d(before, filters, 1, bias=False),
            _normalization(filters),
            nn.ReLU(inplace=True),
        ]
    return classes(_chain(*modules, Average(), nn.Linear(64, 10)))


def autoencoder() -> Setup:
    """Two halvings and two doublings."""
    modules: list[nn.Module] = []
    for before, filters in ((1, 16), (16, 8)):
        modules += [nn.Conv2d(before, filters, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
    for before, filters in ((8, 8), (8, 16)):
        modules += [nn.Conv2d(before, filters, 3, padding=1), nn.ReLU(), nn.Upsample(scale_factor=2)]
    return flags(_chain(*modules, nn.Conv2d(16, 1, 3, padding=1), ToNHWC()))
