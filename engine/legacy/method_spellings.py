"""Keras 1's arguments of a model's methods and of `add_weight`, by method."""

from __future__ import annotations

import warnings
from typing import Any

from engine.legacy.arguments import Rewrite, Spellings


def _count_batches(samples: str, steps: str, source: str = "generator") -> dict[str, Rewrite]:
    """Make a number of batches of a number of samples, where their source tells the size of its batches."""

    def rewrite(arguments: dict[str, Any]) -> None:
        count = arguments.pop(samples)
        size = getattr(arguments.get(source), "batch_size", None)
        if size is None and count is not None:
            warnings.warn(
                f"Keras 1's `{samples}` counted samples, and Keras 2's `{steps}` counts batches. `{source}` tells no "
                "`batch_size`, so the number is taken as it is: divide it by the size of a batch.",
                stacklevel=4,
            )
        arguments[steps] = count if size is None or count is None else -(-count // size)

    return {samples: rewrite}


_QUEUE = {"max_q_size": "max_queue_size", "nb_worker": "workers", "pickle_safe": "use_multiprocessing"}
_GENERATOR = Spellings(_QUEUE, _count_batches("val_samples", "steps"))
_WEIGHT_POSITIONS = ("shape", "initializer", "name", "trainable", "regularizer", "constraint")

LAYER_METHOD_SPELLINGS: dict[str, Spellings] = {
    "add_weight": Spellings(
        positions=_WEIGHT_POSITIONS,
        has_old_order=lambda args, kwargs: isinstance(args[0], (list, tuple)),
    )
}
TRAINER_METHOD_SPELLINGS: dict[str, Spellings] = {
    "fit": Spellings({"nb_epoch": "epochs"}),
    "fit_generator": Spellings(
        {**_QUEUE, "nb_epoch": "epochs"},
        {
            **_count_batches("samples_per_epoch", "steps_per_epoch"),
            **_count_batches("nb_val_samples", "validation_steps", "validation_data"),
        },
    ),
    "evaluate_generator": _GENERATOR,
    "predict_generator": _GENERATOR,
}
