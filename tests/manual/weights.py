"""Weight files of the models of ImageNet that are small: nearly every weight is a default."""

from __future__ import annotations

import hashlib
import importlib
import io
from typing import Any

import h5py
import numpy as np
import pytest

from engine import backend as K
from engine.applications.pretrained import WeightFile
from tests.engine.web_server import WebServer

# The function that makes a model, by the module's name.
MAKERS = {"inception_v3": "InceptionV3", "resnet50": "ResNet50", "vgg16": "VGG16", "vgg19": "VGG19"}


def publish_weights(name: str, include_top: bool, web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Serve weights for a model: zeros, but for variances of 1."""
    module = importlib.import_module(f"engine.applications.{name}")
    with K.isolated_state():
        body = _write_weights(getattr(module, MAKERS[name])(weights=None, include_top=include_top))
    web.files[f"{name}.h5"] = body
    file = WeightFile(web.url(f"{name}.h5"), hashlib.md5(body).hexdigest())
    monkeypatch.setitem(module._FILES, include_top, file)


def _write_weights(model: Any) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["layer_names"] = np.array([layer.name.encode() for layer in model.layers])
        for layer in model.layers:
            group = file.create_group(layer.name)
            names = [weight.name.encode() for weight in layer.weights]
            group.attrs["weight_names"] = np.array(names) if names else np.zeros(0)
            for weight in layer.weights:
                _write_weight(group, weight)
    return buffer.getvalue()


def _write_weight(group: h5py.Group, weight: Any) -> None:
    """Store a chunk of rows only: data sets of which nothing at all is in the file are refused."""
    value = 1.0 if "variance" in weight.name else 0.0
    shape = K.int_shape(weight)
    rows = min(64, shape[0])
    data = group.create_dataset(weight.name, shape, "float32", fillvalue=value, chunks=(rows, *shape[1:]))
    data[:rows] = value
