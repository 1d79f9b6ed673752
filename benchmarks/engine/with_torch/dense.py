"""Networks of dense layers and embeddings."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.engine.with_torch.setup import Setup, class_loss, classes, flag_loss, flags


def small_mlp() -> Setup:
    """Overhead-bound: 20-64-64-10."""
    return _classifier(20, 64)


def mlp() -> Setup:
    """784-512-512-10."""
    return _classifier(784, 512)


def _classifier(size: int, units: int) -> Setup:
    return classes(
        nn.Sequential(
            nn.Linear(size, units),
            nn.ReLU(),
            nn.Linear(units, units),
            nn.ReLU(),
            nn.Linear(units, 10),
        )
    )


class TwoInTwoOut(nn.Module):
    """Words and figures in; a main and an auxiliary answer out."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(5_000, 32)
        self.first = nn.Linear(37, 64)
        self.second = nn.Linear(64, 64)
        self.main = nn.Linear(64, 1)
        self.auxiliary = nn.Linear(32, 10)

    def forward(self, words: torch.Tensor, figures: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits of both answers."""
        text = self.embedding(words).mean(1)
        hidden = F.relu(self.first(torch.cat([text, figures], 1)))
        return self.main(F.relu(self.second(hidden))), self.auxiliary(text)


def two_in_two_out() -> Setup:
    """Words and figures in; a main and an auxiliary answer out."""
    return Setup(
        TwoInTwoOut(),
        lambda logits, targets: flag_loss(logits[0], targets[:1]) + 0.2 * class_loss(logits[1], targets[1:]),
        lambda logits: (torch.sigmoid(logits[0]), torch.softmax(logits[1], 1)),
    )


class BagOfWords(nn.Module):
    """A table of which a step touches few rows."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(200_000, 128, sparse=True)
        self.answer = nn.Linear(128, 1)

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        return self.answer(self.embedding(words).mean(1))


def big_embedding() -> Setup:
    """A table of which a step touches few rows, with sparse gradients."""
    setup = flags(BagOfWords())
    setup.make_optimizer = lambda network: torch.optim.SGD(network.parameters(), lr=0.01)
    return setup
