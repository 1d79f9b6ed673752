"""Whole models in `.keras` files: a zip archive of the architecture, the weights and how the model was compiled."""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import h5py

from engine.saving import nested_weights
from engine.saving.compilation import compile_as_saved
from engine.saving.config import model_from_config, to_plain
from engine.saving.dialects import to_keras_3, training_to_keras_3
from engine.saving.files import open_for_reading, replace_file
from engine.saving.optimizer_state import find_layout, list_state

SUFFIX = ".keras"
KERAS_3_VERSION = "3.15.1"
_METADATA, _CONFIG, _WEIGHTS = "metadata.json", "config.json", "model.weights.h5"
# How much text an archive may hold, and how far its entries may be compressed. Weights hardly shrink.
_TEXT_BYTES = 64 * 1024 * 1024
_COMPRESSION = 100
_UNSUSPICIOUS_BYTES = 1024 * 1024


def is_archive(filepath: Any) -> bool:
    """Tell whether a file is a zip archive."""
    return isinstance(filepath, (str, Path)) and zipfile.is_zipfile(filepath)


def save_archive(model: Any, filepath: Any, overwrite: bool = True, include_optimizer: bool = True) -> None:
    """Write a model to a `.keras` file that Keras 3 loads; the file is whole or not there at all.

    Args:
        model: the model.
        filepath: where to.
        overwrite: whether to replace an existing file without asking.
        include_optimizer: whether to write the training configuration and the optimizer's state.

    Raises:
        ValueError: Keras 3 can't express the model.
    """
    config = to_keras_3(model)
    is_compiled = include_optimizer and model.optimizer is not None
    if is_compiled:
        config["compile_config"] = training_to_keras_3(model)
    metadata = {
        "keras_version": KERAS_3_VERSION,
        "date_saved": datetime.now().strftime("%Y-%m-%d@%H:%M:%S"),
    }
    with (
        replace_file(Path(filepath), overwrite) as path,
        tempfile.TemporaryDirectory(dir=path.parent) as folder,
    ):
        weights = Path(folder, _WEIGHTS)
        with h5py.File(weights, "w") as file:
            nested_weights.write_weights(file, model)
            if is_compiled and model.optimizer.weights:
                optimizer = config["compile_config"]["optimizer"]
                layout = find_layout(KERAS_3_VERSION, optimizer)
                assert layout is not None
                state = list_state(model.optimizer, layout)
                nested_weights.write_variables(
                    file.create_group("optimizer"), state, optimizer["config"]["name"]
                )
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(_METADATA, json.dumps(metadata))
            archive.writestr(_CONFIG, json.dumps(config, default=to_plain))
            archive.write(weights, _WEIGHTS)


def load_archive(filepath: Any, custom_objects: dict[str, Any] | None, compile: bool) -> Any:
    """Make a model from a `.keras` file of Keras 3 or tf_keras; arguments as in `load_model`.

    Raises:
        ValueError: the file is no model, is too large for its size, or refers to something outside itself.
    """
    with zipfile.ZipFile(filepath) as archive:
        version = str(_read_json(archive, _METADATA).get("keras_version", KERAS_3_VERSION))
        config = _read_json(archive, _CONFIG)
        training = config.get("compile_config")
        model = model_from_config({**config, "keras_version": version}, custom_objects)
        with _extract(archive, _WEIGHTS) as path, open_for_reading(path) as file:
            nested_weights.read_weights(file, model)
            if compile:
                state = nested_weights.read_variables(file["optimizer"]) if "optimizer" in file else None
                compile_as_saved(model, training, version, state, custom_objects)
    return model


def _read_json(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    entry = _find(archive, name)
    if entry.file_size > _TEXT_BYTES:
        raise ValueError(
            f"{name} in {archive.filename} has {entry.file_size:,} bytes; at most {_TEXT_BYTES:,} are read."
        )
    content = json.loads(archive.read(entry))
    if not isinstance(content, dict):
        raise ValueError(f"{name} in {archive.filename} is no JSON object. Found: {type(content).__name__}")
    return content


def _find(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    """Return the one entry of a name, if it is what it says."""
    entries = [entry for entry in archive.infolist() if entry.filename == name]
    if len(entries) != 1:
        raise ValueError(
            f"{archive.filename} is no `.keras` file: it has {len(entries)} entries named {name}. "
            f"Found: {archive.namelist()[:10]}"
        )
    entry = entries[0]
    if entry.file_size > max(_UNSUSPICIOUS_BYTES, _COMPRESSION * entry.compress_size):
        raise ValueError(
            f"{name} in {archive.filename} unpacks from {entry.compress_size:,} to {entry.file_size:,} bytes, "
            f"more than {_COMPRESSION}-fold, which is refused."
        )
    return entry


@contextmanager
def _extract(archive: zipfile.ZipFile, name: str) -> Iterator[Path]:
    """Give a temporary file with an entry's content."""
    entry = _find(archive, name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "entry")
        with archive.open(entry) as source, path.open("wb") as target:
            shutil.copyfileobj(source, target)
        yield path
