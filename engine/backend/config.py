"""`floatx`, `epsilon`, `image_data_format` and the `keras.json` they come from (manual, section 14.3)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

_DEFAULTS: dict[str, Any] = {
    "floatx": "float32",
    "epsilon": 1e-07,
    "image_data_format": "channels_last",
    "backend": "torch",
}
_FLOATS = ("float16", "float32", "float64")
_MIXED_PRECISIONS = (None, "tf32", "bfloat16")
_DATA_FORMATS = ("channels_last", "channels_first")


def keras_directory() -> Path:
    """Return the folder of `keras.json`, data sets and weights: `KERAS_HOME`, else `~/.keras`."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")


def read_configuration(path: Path) -> dict[str, Any]:
    """Return the settings of a `keras.json`, with defaults for those that it leaves out.

    The backend is `torch` whatever the file says: files written for other backends are common, and their other
    settings still count.

    Raises:
        ValueError: the file is no JSON object, or a setting has no meaning.
    """
    try:
        found = json.loads(path.read_text())
    except FileNotFoundError:
        return dict(_DEFAULTS)
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} can't be read as JSON: {error}. Mend or delete it.") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} should hold a JSON object. Found: {found!r}. Mend or delete it.")
    configuration = {key: found.get(key, default) for key, default in _DEFAULTS.items()}
    configuration["backend"] = _DEFAULTS["backend"]
    for key, allowed in (("floatx", _FLOATS), ("image_data_format", _DATA_FORMATS)):
        if configuration[key] not in allowed:
            raise ValueError(f"{path}: `{key}` must be one of {allowed}. Found: {configuration[key]!r}.")
    if not isinstance(configuration["epsilon"], (int, float)):
        raise ValueError(f"{path}: `epsilon` must be a number. Found: {configuration['epsilon']!r}.")
    return configuration


_configuration = read_configuration(keras_directory() / "keras.json")
_mixed_precision: str | None = None


def backend() -> str:
    """Return the backend's name, `torch`."""
    return _configuration["backend"]


def epsilon() -> float:
    """Return the fuzz factor of numeric expressions."""
    return _configuration["epsilon"]


def set_epsilon(e: float) -> None:
    """Set the fuzz factor of numeric expressions."""
    _configuration["epsilon"] = float(e)


def floatx() -> str:
    """Return the default float type: `float16`, `float32` or `float64`."""
    return _configuration["floatx"]


def set_floatx(floatx: str) -> None:
    """Set the default float type.

    Raises:
        ValueError: the name is none of `float16`, `float32`, `float64`.
    """
    if floatx not in _FLOATS:
        raise ValueError(f"Unknown floatx type: {floatx!r}. Use one of {_FLOATS}.")
    _configuration["floatx"] = floatx


def mixed_precision() -> str | None:
    """Return the type in which products and convolutions compute: None for that of their tensors, or a shorter one."""
    return _mixed_precision


def set_mixed_precision(name: str | None) -> None:
    """Let matrix products and convolutions compute in a shorter type than that of the weights.

    It counts for functions that are compiled after it was set: for those of a model, when each of training,
    evaluation and prediction is first asked for. Weights, optimizers, losses and all that functions give keep
    their types.

    Args:
        name: `bfloat16`, or `tf32`, which matters on CUDA alone; None for the type of the tensors.

    Raises:
        ValueError: the name is none of these.
    """
    global _mixed_precision
    if name not in _MIXED_PRECISIONS:
        hint = " It would want losses to be scaled; `bfloat16` does not." if name == "float16" else ""
        raise ValueError(f"Unknown mixed precision: {name!r}. Use one of {_MIXED_PRECISIONS}.{hint}")
    _mixed_precision = name


def image_data_format() -> str:
    """Return the default order of image axes: `channels_last` or `channels_first`."""
    return _configuration["image_data_format"]


def set_image_data_format(data_format: str) -> None:
    """Set the default order of image axes.

    Raises:
        ValueError: the name is neither `channels_last` nor `channels_first`.
    """
    _configuration["image_data_format"] = normalize_data_format(data_format)


def normalize_data_format(value: str | None) -> str:
    """Return `value` in lower case, or the default for None.

    Raises:
        ValueError: the name is neither `channels_last` nor `channels_first`.
    """
    data_format = image_data_format() if value is None else str(value).lower()
    if data_format not in _DATA_FORMATS:
        raise ValueError(
            f'The `data_format` argument must be one of "channels_first", "channels_last". Received: {value}'
        )
    return data_format


# Keras 1's names of the data formats, still met in scripts.
_DIM_ORDERINGS = {"tf": "channels_last", "th": "channels_first"}


def image_dim_ordering() -> str:
    """Return the default order of image axes in Keras 1: `tf` (channels_last) or `th`."""
    return next(name for name, value in _DIM_ORDERINGS.items() if value == image_data_format())


def set_image_dim_ordering(dim_ordering: str) -> None:
    """Set the default order of image axes by Keras 1's name.

    Raises:
        ValueError: the name is neither `tf` nor `th`.
    """
    if dim_ordering not in _DIM_ORDERINGS:
        raise ValueError(f"Unknown dim_ordering: {dim_ordering!r}. Use `tf` or `th`.")
    set_image_data_format(_DIM_ORDERINGS[dim_ordering])
