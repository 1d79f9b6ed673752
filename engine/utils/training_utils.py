"""Training on several devices (manual, sections 3.3.4 and 20.9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import backend as K
from engine.layers import Lambda, concatenate
from engine.models import Model


def multi_gpu_model(model: Any, gpus: int | Sequence[int], devices: Sequence[str] | None = None) -> Model:
    """Return a model that gives each device a share of every batch and puts the outputs together.

    The model given keeps the weights: save it, and not the one returned. Batches should have a sample for each
    device at least; normalization takes its statistics share by share.

    Args:
        model: the model.
        gpus: how many GPUs, 2 or more, or a list of their numbers.
        devices: names of devices to use in place of those GPUs, as many, such as `["/cpu:0", "/cpu:0"]`.

    Raises:
        ValueError: there are fewer than two, or this machine lacks one.
    """
    names = _choose_devices(gpus) if devices is None else list(devices)
    count = gpus if isinstance(gpus, int) else len(gpus)
    if len(names) != count:
        raise ValueError(f"`devices` must name {count} devices, one for each of `gpus`. Received: {names}")
    outputs: list[list[Any]] = [[] for _ in model.outputs]
    for number, name in enumerate(names):
        with K.device_scope(name), K.name_scope(f"replica_{number}"):
            share = Lambda(take_share, arguments={"number": number, "count": count})
            results = model(_unpack([share(x) for x in model.inputs]))
            for collected, result in zip(outputs, results if isinstance(results, list) else [results]):
                collected.append(result)
    merged = [concatenate(parts, axis=0, name=name) for parts, name in zip(outputs, model.output_names)]
    return Model(model.inputs, merged)


def _unpack(tensors: list[Any]) -> Any:
    return tensors[0] if len(tensors) == 1 else tensors


def _choose_devices(gpus: int | Sequence[int]) -> list[str]:
    numbers = list(range(gpus)) if isinstance(gpus, int) else list(gpus)
    if len(numbers) < 2:
        raise ValueError(
            "For multi-gpu usage to be effective, call `multi_gpu_model` with `gpus >= 2` or with a list of two "
            f"numbers or more. Received: `gpus={gpus}`"
        )
    wanted = [f"/gpu:{number}" for number in numbers]
    available = K.list_devices()
    if not set(wanted) <= set(available):
        raise ValueError(
            f"To call `multi_gpu_model` with `gpus={gpus}`, we expect the following devices to be available: "
            f"{wanted}. However this machine only has: {available}. Try reducing `gpus`, or name other devices by "
            "`devices`."
        )
    return wanted


@K.operation
def take_share(x: Any, number: int, count: int) -> Any:
    """Return one of `count` equal shares of a batch; the last one has what is left over."""
    size = x.shape[0] // count
    return x[number * size :] if number == count - 1 else x[number * size : (number + 1) * size]
