"""The arrays that a job trains on, in the form that `fit` takes."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.datasets import Column, Limits, select
from core.datasets.reading import load_columns
from core.datasets.selection import Arrays
from core.settings import Settings
from core.storage import ObjectStore
from worker.run.job import TrainingJob


def load_data(job: TrainingJob, store: ObjectStore, settings: Settings) -> tuple[Arrays, Arrays | None]:
    """Read the columns of a job's dataset: those to train on, and those to validate with.

    Raises:
        DatasetError: the file or the choice of columns is not usable.
    """
    selection = select([Column.from_json(column) for column in job.columns], job.spec.get("data"))
    limits = Limits(max_decompressed_bytes=settings.max_decompressed_bytes)
    with store.local_path(job.dataset_sha256) as path:
        loaded = load_columns(path, job.dataset_format, selection.names(), limits)
        return selection.arrays(loaded)


def make_fit_arguments(
    fit: Mapping[str, Any], train: Arrays, validation: Arrays | None, output_names: Sequence[str]
) -> dict[str, Any]:
    """Arguments of `fit` from those of the job and its arrays."""
    arguments = {name: value for name, value in fit.items() if value is not None}
    if "class_weight" in arguments:
        arguments["class_weight"] = _number_classes(arguments["class_weight"])
    arguments |= {"x": train.x, "y": train.y, "sample_weight": _weigh(train, output_names)}
    if validation is not None:
        weight = _weigh(validation, output_names)
        pair = (validation.x, validation.y)
        arguments["validation_data"] = pair if weight is None else (*pair, weight)
    return arguments


def _weigh(arrays: Arrays, output_names: Sequence[str]) -> Any:
    """One weight a row, for each output where there are several."""
    if arrays.sample_weight is None or len(output_names) == 1:
        return arrays.sample_weight
    return dict.fromkeys(output_names, arrays.sample_weight)


def _number_classes(weights: Mapping[str, Any]) -> dict[Any, Any]:
    """JSON has no whole numbers as names: "0" means class 0; weights by output are nested once."""
    return {
        name if isinstance(weight, Mapping) else int(name): _number_classes(weight)
        if isinstance(weight, Mapping)
        else weight
        for name, weight in weights.items()
    }
