"""What other lines of Keras write, told in Keras 2.1.6's words.

The tables hold what differs; `to_keras_2` applies them. Names of modules in a file are never imported.
"""

from engine.saving.dialects.later import to_keras_2
from engine.saving.dialects.training import training_to_keras_2

__all__ = ["to_keras_2", "training_to_keras_2"]
