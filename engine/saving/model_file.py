"""Whole models in files: architecture, weights, training configuration, optimizer state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py

from engine import backend as K
from engine.saving import archive, hdf5
from engine.saving.compilation import compile_as_saved, describe_training
from engine.saving.config import FILE_BACKEND, KERAS_VERSION, model_from_config, model_to_config, to_plain
from engine.saving.files import open_for_reading, replace_file


def save_model(model: Any, filepath: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
    """Write a model to a file that is whole or not there at all: HDF5 of Keras 2, or `.keras` of Keras 3.

    Args:
        model: the model.
        filepath: where to: a path, whose ending `.keras` asks for that format, or an open HDF5 group.
        overwrite: whether to replace an existing file without asking.
        include_optimizer: whether to write the training configuration and the optimizer's state.
    """
    if isinstance(filepath, h5py.Group):
        _write_model(filepath, model, include_optimizer)
        return
    if Path(filepath).suffix == archive.SUFFIX:
        archive.save_archive(model, filepath, overwrite, include_optimizer)
        return
    with replace_file(Path(filepath), overwrite) as path, h5py.File(path, "w") as file:
        _write_model(file, model, include_optimizer)


def _write_model(file: Any, model: Any, include_optimizer: bool) -> None:
    hdf5.write_string(file, "keras_version", KERAS_VERSION)
    hdf5.write_string(file, "backend", FILE_BACKEND)
    architecture = model_to_config(model)
    named = {key: architecture[key] for key in ("class_name", "config")}
    hdf5.write_string(file, "model_config", json.dumps(named, default=to_plain))
    hdf5.write_weights(file.create_group("model_weights"), model.layers)
    if include_optimizer and model.optimizer is not None:
        hdf5.write_string(file, "training_config", json.dumps(describe_training(model), default=to_plain))
        weights = model.optimizer.weights
        if weights:
            group = file.create_group("optimizer_weights")
            hdf5.write_arrays(group, [weight.name for weight in weights], K.batch_get_value(weights))


def load_model(filepath: Any, custom_objects: dict[str, Any] | None = None, compile: bool = True) -> Any:
    """Make a model from a file that `save` wrote, here or in any Keras.

    Args:
        filepath: a path or an open HDF5 group.
        custom_objects: classes and functions of one's own by name.
        compile: whether to compile the model as it was and restore the optimizer's state.

    Raises:
        ValueError: the file is no model, or refers to something outside itself.
    """
    if archive.is_archive(filepath):
        return archive.load_archive(filepath, custom_objects, compile)
    with open_for_reading(filepath) as file:
        text = hdf5.read_string(file, "model_config")
        if text is None:
            raise ValueError("No model found in config file: the HDF5 file has no attribute `model_config`.")
        model = model_from_config(json.loads(text), custom_objects)
        hdf5.read_weights(file["model_weights"], model.layers)
        if compile:
            training = hdf5.read_string(file, "training_config")
            state = hdf5.find_arrays(file["optimizer_weights"]) if "optimizer_weights" in file else None
            version = hdf5.read_string(file, "keras_version") or KERAS_VERSION
            compile_as_saved(
                model, json.loads(training) if training else None, version, state, custom_objects
            )
    return model
