"""Runs the manual's samples as they are printed.

A file of `samples` holds one program: the blocks of code that build on each other, as printed, an empty line between
two blocks. `edits.py` lists what is changed before a program runs.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from engine import as_keras
from tests.manual.edits import REPAIRS, SIZES

SAMPLES = Path(__file__).parent / "samples"

keras: Any = as_keras.install()

# What the text takes for imported where a sample doesn't import it.
PRESUPPOSED: dict[str, Any] = {
    **{name: getattr(keras.layers, name) for name in keras.layers.__all__},
    **{name: getattr(keras.models, name) for name in ("Model", "Sequential", "load_model")},
    **{name: getattr(keras.callbacks, name) for name in keras.callbacks.__all__},
    "K": keras.backend,
    "keras": keras,
    "np": np,
    "numpy": np,
}


def read_sample(name: str) -> str:
    """Return a program as printed."""
    return (SAMPLES / f"{name}.txt").read_text(encoding="utf-8")


def edit_sample(name: str) -> str:
    """Return a program with its repairs made and its sizes small."""
    text = read_sample(name)
    for printed, meant in [*REPAIRS.get(name, []), *SIZES.get(name, [])]:
        if printed not in text:
            raise ValueError(f"The sample {name} has no {printed!r}: correct `edits.py`.")
        text = text.replace(printed, meant)
    return text


def run_sample(name: str, **given: Any) -> SimpleNamespace:
    """Run a program in the present state of Keras, and return its names.

    Args:
        name: the file's name, without `.txt`.
        given: names that the program presupposes, besides the usual imports.
    """
    names = {**PRESUPPOSED, **given, "__name__": "__main__"}
    exec(compile(edit_sample(name), str(SAMPLES / f"{name}.txt"), "exec"), names)
    return SimpleNamespace(**names)
