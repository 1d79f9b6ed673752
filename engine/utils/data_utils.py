"""Data from URLs, and data sets read batch by batch."""

from engine.downloads import get_file, validate_file
from engine.training.enqueuer import GeneratorEnqueuer, OrderedEnqueuer, SequenceEnqueuer
from engine.training.sequence import Sequence

__all__ = [
    "GeneratorEnqueuer",
    "OrderedEnqueuer",
    "Sequence",
    "SequenceEnqueuer",
    "get_file",
    "validate_file",
]
