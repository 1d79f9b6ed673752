"""What other lines of Keras write, told in Keras 2.1.6's words.

The tables hold what differs; `to_keras_2` applies them. Names of modules in a file are never imported.
"""

from __future__ import annotations

from typing import Any

from engine.saving.dialects import keras_1, later
from engine.saving.dialects.keras_3 import to_keras_3
from engine.saving.dialects.keras_3_training import training_to_keras_3
from engine.saving.dialects.training import training_to_keras_2

__all__ = ["class_in_keras_2", "to_keras_2", "to_keras_3", "training_to_keras_2", "training_to_keras_3"]


def to_keras_2(value: Any) -> Any:
    """Return a configuration of any dialect in Keras 2.1.6's words.

    Args:
        value: a model's configuration, or any part of one.

    Raises:
        ValueError: the configuration asks for something that 2.1.6 can't express.
    """
    return later.to_keras_2(keras_1.to_keras_2(value))


def class_in_keras_2(class_name: str) -> str:
    """Return what Keras 2.1.6 calls a class of any dialect."""
    return later.class_in_keras_2(keras_1.class_in_keras_2(class_name))
