"""Connectionist temporal classification: labels for sequences that are not aligned (manual, section 14.5).

Graves et al., "Connectionist Temporal Classification", ICML 2006. The last class is the blank.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from engine.backend.config import epsilon
from engine.backend.inference import FREE_SIZES
from engine.backend.symbolic import SymbolicTensor, operation, record, to_torch


def _count(lengths: torch.Tensor) -> torch.Tensor:
    return lengths.reshape(-1).long()


@operation
def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Any:
    """Return the negative log-probability of each sample's labels.

    Args:
        y_true: (samples, labels): class indices.
        y_pred: (samples, time, classes): probabilities.
        input_length: (samples, 1): steps of each sample.
        label_length: (samples, 1): labels of each sample.

    Shapes:
        -> (samples, 1).
    """
    if y_pred.device.type == "meta":
        return y_pred.new_empty((y_pred.shape[0], 1))
    logits = torch.log(y_pred.transpose(0, 1) + epsilon())
    costs = functional.ctc_loss(
        torch.log_softmax(logits, -1),
        y_true.long(),
        _count(input_length),
        _count(label_length),
        blank=y_pred.shape[-1] - 1,
        reduction="none",
    )
    return costs.unsqueeze(1)


def _keep_labels(labels: torch.Tensor, label_lengths: torch.Tensor) -> torch.Tensor:
    positions = torch.arange(labels.shape[1], device=labels.device)
    within = positions < _count(label_lengths).to(labels.device).unsqueeze(1)
    return torch.sparse_coo_tensor(
        within.nonzero().t(), labels[within], labels.shape, check_invariants=False, is_coalesced=True
    )


def ctc_label_dense_to_sparse(labels: Any, label_lengths: Any) -> Any:
    """Return the labels within each sample's length as a sparse tensor.

    Args:
        labels: (samples, labels): class indices.
        label_lengths: (samples,): labels of each sample.
    """
    if not isinstance(labels, SymbolicTensor) and not isinstance(label_lengths, SymbolicTensor):
        return _keep_labels(to_torch(labels), to_torch(label_lengths))
    shown = labels.examples if isinstance(labels, SymbolicTensor) else (to_torch(labels).to("meta"),) * 2
    sparse = record(_keep_labels, (labels, label_lengths), results=shown)
    sparse.is_sparse = True
    return sparse


def _pad(sequences: Sequence[Sequence[int]], device: torch.device) -> torch.Tensor:
    width = max((len(sequence) for sequence in sequences), default=0)
    rows = [[*sequence, *[-1] * (width - len(sequence))] for sequence in sequences]
    return torch.tensor(rows, dtype=torch.int64, device=device).reshape(len(sequences), width)


def _merge_repeated(labels: Sequence[int]) -> list[int]:
    return [label for number, label in enumerate(labels) if number == 0 or label != labels[number - 1]]


def _decode_greedily(y_pred: torch.Tensor, input_length: torch.Tensor) -> tuple[torch.Tensor, ...]:
    scores, classes = torch.log(y_pred + epsilon()).max(-1)
    blank = y_pred.shape[-1] - 1
    lengths = _count(input_length)
    paths = []
    for row, length in zip(classes.tolist(), lengths.tolist(), strict=True):
        paths.append([label for label in _merge_repeated(row[:length]) if label != blank])
    within = torch.arange(y_pred.shape[1], device=scores.device) < lengths.to(scores.device).unsqueeze(1)
    return _pad(paths, y_pred.device), -torch.where(within, scores, 0).sum(1, keepdim=True)


def _search_beams(logits: np.ndarray, beam_width: int) -> list[tuple[tuple[int, ...], float]]:
    """Return the best label sequences of one sample with their scores, best first.

    Scores are sums over alignments of products of probabilities, each divided by the largest of its step:
    what TensorFlow 1.8 gives.
    """
    blank = logits.shape[1] - 1
    # A prefix's score, split by whether its alignments end in a blank or in its last label.
    beams: dict[tuple[int, ...], tuple[float, float]] = {(): (0.0, -math.inf)}
    for step in logits - logits.max(1, keepdims=True):
        ended_blank: defaultdict[tuple[int, ...], float] = defaultdict(lambda: -math.inf)
        ended_label: defaultdict[tuple[int, ...], float] = defaultdict(lambda: -math.inf)
        for prefix, (after_blank, after_label) in beams.items():
            total = np.logaddexp(after_blank, after_label)
            ended_blank[prefix] = np.logaddexp(ended_blank[prefix], total + step[blank])
            if prefix:
                stayed = after_label + step[prefix[-1]]
                ended_label[prefix] = np.logaddexp(ended_label[prefix], stayed)
            for label in range(blank):
                grown = (*prefix, label)
                before = after_blank if prefix and prefix[-1] == label else total
                ended_label[grown] = np.logaddexp(ended_label[grown], before + step[label])
        totals = {
            prefix: float(np.logaddexp(ended_blank[prefix], ended_label[prefix]))
            for prefix in {*ended_blank, *ended_label}
        }
        best = sorted(totals, key=lambda prefix: (-totals[prefix], prefix))[:beam_width]
        beams = {prefix: (ended_blank[prefix], ended_label[prefix]) for prefix in best}
    return [(prefix, float(np.logaddexp(*ends))) for prefix, ends in beams.items()]


def _decode_by_beams(
    y_pred: torch.Tensor, input_length: torch.Tensor, beam_width: int, top_paths: int
) -> tuple[torch.Tensor, ...]:
    logits = torch.log(y_pred.double() + epsilon()).cpu().numpy()
    found = [
        _search_beams(sample[:length], beam_width)
        for sample, length in zip(logits, _count(input_length).tolist(), strict=True)
    ]
    if any(len(beams) < top_paths for beams in found):
        raise ValueError(f"Fewer than {top_paths} paths were found. Lower `top_paths` or raise `beam_width`.")
    paths = [
        _pad([_merge_repeated(beams[rank][0]) for beams in found], y_pred.device) for rank in range(top_paths)
    ]
    scores = [[score for _, score in beams[:top_paths]] for beams in found]
    return (*paths, torch.tensor(scores, dtype=y_pred.dtype, device=y_pred.device))


def ctc_decode(
    y_pred: Any, input_length: Any, greedy: bool = True, beam_width: int = 100, top_paths: int = 1
) -> tuple[list[Any], Any]:
    """Return the most likely label sequences.

    Args:
        y_pred: (samples, time, classes): probabilities.
        input_length: (samples,): steps of each sample.
        greedy: whether to take the best class of each step; else a beam search is done.
        beam_width: prefixes kept at each step of the beam search.
        top_paths: sequences wanted of the beam search, at most `beam_width`.

    Returns:
        A list of tensors (samples, longest), one a path, with -1 behind each sequence; and the scores
        (samples, paths): for the greedy search the negative sum of the log-probabilities, for the beam search
        what TensorFlow 1.8 gives, log-probabilities relative to the best class of each step.

    Raises:
        ValueError: `top_paths` is over `beam_width`, or fewer paths were found.
    """
    if not greedy and top_paths > beam_width:
        raise ValueError(f"`top_paths` ({top_paths}) can't be over `beam_width` ({beam_width}).")
    function = _decode_greedily if greedy else _decode_by_beams
    paths = 1 if greedy else top_paths
    args = (y_pred, input_length) if greedy else (y_pred, input_length, beam_width, top_paths)
    if not isinstance(y_pred, SymbolicTensor) and not isinstance(input_length, SymbolicTensor):
        *decoded, scores = function(*(to_torch(value) for value in args))
        return decoded, scores
    examples = _show_paths(y_pred, paths)
    *decoded, scores = record(function, args, results=examples)
    return decoded, scores


def _show_paths(y_pred: Any, paths: int) -> tuple[Any, Any]:
    """Return examples of what decoding gives: sequences of unknown length, and scores."""
    predictions = y_pred.examples if isinstance(y_pred, SymbolicTensor) else (to_torch(y_pred),) * 2
    shown = []
    for prediction, size in zip(predictions, FREE_SIZES, strict=True):
        samples = prediction.shape[0]
        path = torch.empty((samples, size), dtype=torch.int64, device="meta")
        scores = torch.empty((samples, paths), dtype=prediction.dtype, device="meta")
        shown.append((*[path] * paths, scores))
    return shown[0], shown[1]
