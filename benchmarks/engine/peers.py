"""Other libraries of Keras's words, each run by the Python of its own environment."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Final

RESULTS: Final = Path(__file__).parents[1]


@dataclass(frozen=True)
class Peer:
    """What the engine is measured against.

    Args:
        name: "torch", the loop written by hand, or the package that stands in for the engine.
        title: what tables call it.
        results: the file of the whole table.
    """

    name: str
    title: str
    results: Path


PEERS: Final = {
    peer.name: peer
    for peer in (
        Peer("torch", "plain PyTorch", RESULTS / "RESULTS.md"),
        Peer("tf_keras", "tf_keras", RESULTS / "RESULTS-tf_keras.md"),
        Peer("keras", "Keras 3 on torch", RESULTS / "RESULTS-keras.md"),
    )
}


def stand_in(package: str) -> None:
    """Let `engine` mean another package in this process, so that one script of models serves both.

    Args:
        package: `tf_keras` or `keras`.
    """
    for module in ("", ".layers", ".models", ".optimizers", ".utils"):
        sys.modules[f"engine{module}"] = import_module(package + module)
    model = sys.modules["engine.models"].Model
    if not hasattr(model, "fit_generator"):
        model.fit_generator = _fit_generator


def _fit_generator(model: Any, generator: Any, workers: int, **options: Any) -> Any:
    """What `fit_generator` is in Keras 3, whose generators themselves know of workers."""
    super(type(generator), generator).__init__(workers=workers)
    return model.fit(generator, **options)
