"""What `fit` and `fit_generator` have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine import backend as K
from engine import callbacks as callbacks_module
from engine.training.batches import BatchSource
from engine.training.loop import fit_loop, run_epoch
from engine.training.standardization import Samples


def fit_batches(
    model: Any,
    batches: BatchSource,
    validation: BatchSource | None,
    params: dict[str, Any],
    callbacks: Sequence[Any] | None,
    verbose: int,
    initial_epoch: int,
    epochs: int,
    held_out: Samples | None = None,
) -> Any:
    """Train on batches.

    Args:
        model: a compiled model.
        batches: what to train on.
        validation: what to validate on.
        params: what callbacks are told of the training besides what is given here.
        callbacks: callbacks.
        verbose: 0 for silence, 1 for a progress bar, 2 for a line an epoch.
        initial_epoch, epochs: numbers of the first epoch and of the epoch at which to end.
        held_out: the validation data where it lies in memory.

    Returns:
        The `History`.
    """
    step = model._step("train")
    # The first look at a weight initializes all of them: before the first shuffling draws from the same generator.
    K.initialize_variables(model.weights[:1])
    names = model.metrics_names
    known = list(names) if validation is None else [*names, *(f"val_{name}" for name in names)]
    params = {
        **params,
        "epochs": epochs,
        "steps": batches.steps,
        "verbose": verbose,
        "do_validation": validation is not None,
        "metrics": known,
    }
    callback_list = _make_callbacks(model, callbacks, params)
    for callback in callback_list.callbacks:
        callback.validation_data = None if held_out is None else _list_arrays(model, held_out)
    validate = None if validation is None else _make_validation(model, validation)
    fit_loop(model, step, batches, callback_list, epochs, initial_epoch, validate)
    return model.history


def _make_callbacks(model: Any, callbacks: Sequence[Any] | None, params: dict[str, Any]) -> Any:
    model.history = callbacks_module.History()
    stateful = list(model._plan.stateful_metrics)
    members: list[Any] = [callbacks_module.BaseLogger(stateful)]
    if params["verbose"]:
        count_mode = "samples" if params["steps"] is None else "steps"
        members.append(callbacks_module.ProgbarLogger(count_mode, stateful))
    made = callbacks_module.CallbackList([*members, *(callbacks or []), model.history])
    made.set_model(model)
    made.set_params(params)
    return made


def _make_validation(model: Any, batches: BatchSource) -> Callable[[], list[float]]:
    step = model._step("test")
    return lambda: run_epoch(model, step, batches)


def _list_arrays(model: Any, samples: Samples) -> list[Any]:
    """Return inputs, targets and weights as callbacks know them: weights of one, then the learning phase."""
    phase = [0.0] if model.uses_learning_phase else []
    return [*samples.inputs, *samples.targets, *samples.explicit_weights, *phase]
