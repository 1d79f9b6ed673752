"""Networks of sequences: torch's fused cells where the cell is torch's, loops over the steps where it is not."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.engine.with_torch.setup import Setup, classes, flags


def hard_sigmoid(x: torch.Tensor) -> torch.Tensor:
    """Return clip(0.2 x + 0.5, 0, 1), Keras's form, by torch's kernel for clip(x / 6 + 0.5, 0, 1)."""
    return F.hardsigmoid(1.2 * x)


def _advance(gates: torch.Tensor, carry: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    admit, keep, candidate, give = gates.chunk(4, 1)
    carry = hard_sigmoid(keep) * carry + hard_sigmoid(admit) * torch.tanh(candidate)
    return hard_sigmoid(give) * torch.tanh(carry), carry


class HardLSTM(nn.Module):
    """Long short-term memory with Keras's default gates; the input's part of all steps in one product."""

    def __init__(self, size: int, units: int) -> None:
        super().__init__()
        self.units = units
        self.inward = nn.Linear(size, 4 * units)
        self.recurrent = nn.Parameter(nn.init.orthogonal_(torch.empty(units, 4 * units)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs of all steps."""
        output = carry = x.new_zeros(len(x), self.units)
        outputs = []
        for projected in self.inward(x).unbind(1):
            output, carry = _advance(torch.addmm(projected, output, self.recurrent), carry)
            outputs.append(output)
        return torch.stack(outputs, 1)


class MaskedGRU(nn.Module):
    """Gated recurrent units as Keras's default has them; steps of padding change nothing."""

    def __init__(self, size: int, units: int) -> None:
        super().__init__()
        self.units = units
        self.inward = nn.Linear(size, 3 * units)
        self.recurrent = nn.Parameter(nn.init.orthogonal_(torch.empty(units, 3 * units)))

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the last output."""
        output = x.new_zeros(len(x), self.units)
        gates_kernel, candidate_kernel = self.recurrent.split([2 * self.units, self.units], 1)
        for projected, flag in zip(self.inward(x).unbind(1), mask.unsqueeze(2).unbind(1), strict=True):
            gates, candidate = projected.split([2 * self.units, self.units], 1)
            update, reset = hard_sigmoid(torch.addmm(gates, output, gates_kernel)).chunk(2, 1)
            candidate = torch.tanh(torch.addmm(candidate, reset * output, candidate_kernel))
            output = torch.where(flag, torch.lerp(candidate, output, update), output)
        return output


class ConvLSTM(nn.Module):
    """Long short-term memory of pictures; the input's convolution of all steps at once."""

    def __init__(self, channels: int, filters: int) -> None:
        super().__init__()
        self.filters = filters
        self.inward = nn.Conv2d(channels, 4 * filters, 3, padding=1)
        self.recurrent = nn.Conv2d(filters, 4 * filters, 3, padding=1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take (batch, steps, height, width, channels) and return the last output, channels first."""
        projected = self.inward(x.flatten(0, 1).permute(0, 3, 1, 2)).unflatten(0, x.shape[:2])
        output = carry = projected.new_zeros(len(x), self.filters, *x.shape[2:4]).contiguous(
            memory_format=torch.channels_last
        )
        for step in projected.unbind(1):
            output, carry = _advance(step + self.recurrent(output), carry)
        return output


class TextClassifier(nn.Module):
    """An embedding, something that reads the sequence, and an answer."""

    def __init__(self, embedding: nn.Embedding, reader: nn.Module, answer: nn.Module) -> None:
        super().__init__()
        self.embedding = embedding
        self.reader = reader
        self.answer = answer

    def forward(self, words: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        return self.answer(self.read(words, self.embedding(words)))

    def read(self, words: torch.Tensor, vectors: torch.Tensor) -> Any:
        """Return what the answer is made of."""
        return self.reader(vectors)[:, -1]


def _fused_lstm(size: int, units: int, bidirectional: bool = False) -> nn.LSTM:
    """Return torch's LSTM with one bias at work, as Keras has."""
    lstm = nn.LSTM(size, units, batch_first=True, bidirectional=bidirectional)
    for name, parameter in lstm.named_parameters():
        if name.startswith("bias_hh"):
            nn.init.zeros_(parameter).requires_grad_(False)
    return lstm


class FusedClassifier(TextClassifier):
    """With torch's LSTM, whose last states come apart from its outputs."""

    def read(self, words: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
        """Return the last outputs of all directions side by side."""
        return torch.cat(tuple(self.reader(vectors)[1][0]), 1)


class MaskedClassifier(TextClassifier):
    """With zeros as padding."""

    def read(self, words: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
        """Return the last output that is no padding's."""
        return self.reader(vectors, words != 0)


class ConvolutionalClassifier(TextClassifier):
    """With a convolution, of which the largest values count."""

    def read(self, words: torch.Tensor, vectors: torch.Tensor) -> torch.Tensor:
        """Return the largest values over the steps."""
        return F.relu(self.reader(vectors.transpose(1, 2))).amax(2)


class StackedLSTM(nn.Module):
    """Three recurrent layers over each other."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(HardLSTM(16, 32), HardLSTM(32, 32), HardLSTM(32, 32))
        self.answer = nn.Linear(32, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        return self.answer(self.layers(x)[:, -1])


class NextPicture(nn.Module):
    """The next picture of a film."""

    def __init__(self) -> None:
        super().__init__()
        self.reader = ConvLSTM(1, 16)
        self.answer = nn.Conv2d(16, 1, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the logits, channels last."""
        return self.answer(self.reader(x)).permute(0, 2, 3, 1)


def lstm_sigmoid() -> Setup:
    """The text classifier of Keras's IMDB example, with sigmoid gates."""
    return flags(FusedClassifier(nn.Embedding(20_000, 128), _fused_lstm(128, 128), nn.Linear(128, 1)))


def lstm_hard_sigmoid() -> Setup:
    """The same with Keras's default."""
    return flags(TextClassifier(nn.Embedding(20_000, 128), HardLSTM(128, 128), nn.Linear(128, 1)))


def stacked_lstm() -> Setup:
    """The manual's stacked LSTM."""
    return classes(StackedLSTM())


def masked_gru() -> Setup:
    """Padded texts through gated recurrent units."""
    return flags(MaskedClassifier(nn.Embedding(5_000, 64), MaskedGRU(64, 64), nn.Linear(64, 1)))


def bidirectional() -> Setup:
    """Texts read both ways, with sigmoid gates."""
    return flags(FusedClassifier(nn.Embedding(5_000, 64), _fused_lstm(64, 64, True), nn.Linear(128, 1)))


def conv_lstm() -> Setup:
    """The next picture of a film."""
    return flags(NextPicture().to(memory_format=torch.channels_last))  # type: ignore[call-overload]


def conv1d() -> Setup:
    """The convolutional text classifier of Keras's IMDB example."""
    answer = nn.Sequential(nn.Linear(250, 250), nn.ReLU(), nn.Linear(250, 1))
    return flags(ConvolutionalClassifier(nn.Embedding(5_000, 50), nn.Conv1d(50, 250, 3), answer))
