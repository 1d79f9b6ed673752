"""Weights in HDF5 files, in Keras 2's layout.

A group a layer, listed by the attribute `layer_names`; in it a data set a weight, listed by `weight_names`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from engine import backend as K
from engine.saving import nested_weights
from engine.saving.config import FILE_BACKEND, KERAS_VERSION
from engine.saving.files import open_for_reading, replace_file
from engine.saving.weight_conversion import Origin, convert_weights

# HDF5 keeps a group's attributes in a header of this size.
_HEADER_LIMIT = 64512


def write_string(group: Any, name: str, text: str) -> None:
    """Write text as a variable-length ASCII attribute, as Keras does."""
    group.attrs.create(name, text, dtype=h5py.string_dtype("ascii"))


def read_string(group: Any, name: str) -> str | None:
    """Return an attribute as text, or None where it is missing."""
    value = group.attrs.get(name)
    return value.decode("utf-8") if isinstance(value, bytes) else None if value is None else str(value)


def write_names(group: Any, name: str, names: Sequence[str]) -> None:
    """Write a list of names as an attribute, in pieces where it is too long for one.

    Raises:
        RuntimeError: a single name is too long.
    """
    encoded = [text.encode("utf-8") for text in names]
    if any(len(text) > _HEADER_LIMIT for text in encoded):
        raise RuntimeError(f"A name in {name!r} is longer than {_HEADER_LIMIT} bytes and can't be saved.")
    array = np.asarray(encoded)
    pieces = 1
    while any(piece.nbytes > _HEADER_LIMIT for piece in np.array_split(array, pieces)):
        pieces += 1
    if pieces == 1:
        group.attrs[name] = array
    else:
        for number, piece in enumerate(np.array_split(array, pieces)):
            group.attrs[f"{name}{number}"] = piece


def read_names(group: Any, name: str) -> list[str]:
    """Return a list of names, put together from its pieces."""
    if name in group.attrs:
        found = list(group.attrs[name])
    else:
        pieces: list[Any] = []
        while f"{name}{len(pieces)}" in group.attrs:
            pieces.append(group.attrs[f"{name}{len(pieces)}"])
        found = [text for piece in pieces for text in piece]
    return [text.decode("utf-8") if isinstance(text, bytes) else str(text) for text in found]


def write_arrays(group: Any, names: Sequence[str], arrays: Sequence[Any]) -> None:
    """Write arrays as data sets of a group, listed by `weight_names`."""
    taken: list[str] = []
    for name in names:
        base, _, suffix = name.rpartition(":")
        candidate, number = name, 0
        while candidate in taken:
            number += 1
            candidate = f"{base}_{number}:{suffix}"
        taken.append(candidate)
    write_names(group, "weight_names", taken)
    for name, array in zip(taken, arrays, strict=True):
        data_set = group.create_dataset(name, np.shape(array), dtype=np.asarray(array).dtype)
        data_set[() if np.ndim(array) == 0 else slice(None)] = array


def find_arrays(group: Any) -> list[Any]:
    """Return the data sets that `weight_names` lists; their content is not read yet."""
    return [group[name] for name in read_names(group, "weight_names")]


def read_arrays(group: Any) -> list[np.ndarray]:
    """Return the arrays that `weight_names` lists."""
    return [np.asarray(data_set) for data_set in find_arrays(group)]


def read_origin(group: Any) -> Origin:
    """Return what wrote the weights of a file or group."""
    return Origin(read_string(group, "keras_version") or "1", read_string(group, "backend"))


def write_weights(group: Any, layers: Sequence[Any]) -> None:
    """Write the weights of layers into a file or group."""
    write_names(group, "layer_names", [layer.name for layer in layers])
    write_string(group, "backend", FILE_BACKEND)
    write_string(group, "keras_version", KERAS_VERSION)
    for layer in layers:
        weights = layer.weights
        write_arrays(
            group.create_group(layer.name), [weight.name for weight in weights], K.batch_get_value(weights)
        )


def save_weights(model: Any, filepath: Any, overwrite: bool = True) -> None:
    """Write a model's weights to an HDF5 file; the file is whole or not there at all."""
    with replace_file(Path(filepath), overwrite) as path, h5py.File(path, "w") as file:
        write_weights(file, model.layers)


def load_weights(
    model: Any, filepath: Any, by_name: bool = False, skip_mismatch: bool = False, reshape: bool = False
) -> None:
    """Read a model's weights from a weights file or a whole-model file.

    Args:
        model: the model.
        filepath: the file.
        by_name: take the weights of layers with the same name only.
        skip_mismatch: with `by_name`, leave layers alone whose weights have other shapes.
        reshape: reshape weights that have the right number of elements.

    Raises:
        ValueError: the file does not fit the model.
    """
    with open_for_reading(filepath) as file:
        group = file.get("model_weights", file)
        if nested_weights.is_nested(group):
            if by_name:
                nested_weights.read_weights_by_name(group, model.layers, skip_mismatch, reshape)
            else:
                nested_weights.read_weights(group, model, reshape)
            return
        if not {"layer_names", "layer_names0"} & set(group.attrs):
            raise ValueError(
                f"{filepath} has neither `layer_names` (Keras 2's layout) nor a group `layers` (the layout of "
                "`.weights.h5`), so it holds no model's weights."
            )
        if by_name:
            read_weights_by_name(group, model.layers, skip_mismatch, reshape)
        else:
            read_weights(group, model.layers, reshape)


def read_weights(group: Any, layers: Sequence[Any], reshape: bool = False) -> None:
    """Assign weights to layers in the order in which both stand.

    Raises:
        ValueError: their numbers or shapes differ; no weight is changed then.
    """
    own = [layer for layer in layers if layer.weights]
    names = [name for name in read_names(group, "layer_names") if read_names(group[name], "weight_names")]
    if len(names) != len(own):
        raise ValueError(
            f"You are trying to load a weight file containing {len(names)} layers into a model with {len(own)} "
            "layers."
        )
    origin = read_origin(group)
    pairs: list[tuple[Any, Any]] = []
    for position, (name, layer) in enumerate(zip(names, own, strict=True)):
        arrays = convert_weights(layer, read_arrays(group[name]), origin)
        pairs.extend(_match(layer, arrays, reshape, f"Layer #{position} (named {layer.name!r} in the model)"))
    K.batch_set_value(pairs)


def read_weights_by_name(
    group: Any, layers: Sequence[Any], skip_mismatch: bool = False, reshape: bool = False
) -> None:
    """Assign weights to the layers whose names the file has.

    Raises:
        ValueError: a layer's weights have other shapes and `skip_mismatch` is False.
    """
    names, origin = set(read_names(group, "layer_names")), read_origin(group)
    pairs: list[tuple[Any, Any]] = []
    for layer in layers:
        if layer.name not in names or not layer.weights:
            continue
        try:
            arrays = convert_weights(layer, read_arrays(group[layer.name]), origin)
            pairs.extend(_match(layer, arrays, reshape, f"Layer {layer.name!r}"))
        except ValueError:
            if not skip_mismatch:
                raise
    K.batch_set_value(pairs)


def _match(layer: Any, arrays: Sequence[Any], reshape: bool, what: str) -> list[tuple[Any, Any]]:
    """Pair a layer's weights with arrays of the same shapes."""
    weights = layer.weights
    if len(weights) != len(arrays):
        raise ValueError(
            f"{what} expects {len(weights)} weights, but the saved weights have {len(arrays)} elements."
        )
    pairs = []
    for weight, array in zip(weights, arrays, strict=True):
        if reshape and K.count_params(weight) == array.size:
            array = array.reshape(K.int_shape(weight))
        if tuple(array.shape) != K.int_shape(weight):
            raise ValueError(
                f"{what}: weight {weight.name!r} has shape {K.int_shape(weight)}, but the saved weight has "
                f"shape {tuple(array.shape)}."
            )
        pairs.append((weight, array))
    return pairs
