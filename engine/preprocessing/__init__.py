"""Preparing sequences, texts and images for training (manual, chapter 6)."""

import importlib
from types import ModuleType

from engine.preprocessing import sequence, text

__all__ = ["image", "sequence", "text"]


def __getattr__(name: str) -> ModuleType:
    # Pillow and SciPy take long to import, and most models see no image files.
    if name != "image":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")
