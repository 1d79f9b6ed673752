"""The applications against what Keras 2.1.6 builds and predicts.

`applications.json.gz` holds each model's configuration as Keras 2.1.6 makes it (MobileNetV2's is of 2.2), less the
code of Lambda layers; and for small images the first pooled features that Keras predicts on TensorFlow, with
weights and images drawn as below.
"""

from __future__ import annotations

import gzip
import json
from typing import Any

import numpy as np
import pytest

from engine import applications
from engine.applications.inception_resnet_v2 import inception_resnet_block
from engine.layers import Input
from engine.models import Model, model_from_json
from tests.parity.recorded import FIXTURES

RECORDED: dict[str, Any] = json.loads(
    gzip.decompress((FIXTURES / "keras216" / "applications.json.gz").read_bytes())
)
PARAMETERS = {  # manual, section 13.3
    "Xception": 22_910_480,
    "VGG16": 138_357_544,
    "VGG19": 143_667_240,
    "ResNet50": 25_636_712,
    "InceptionV3": 23_851_784,
    "InceptionResNetV2": 55_873_736,
    "MobileNet": 4_253_864,
    "MobileNetV2": 3_538_984,
    "DenseNet121": 8_062_504,
    "DenseNet169": 14_307_880,
    "DenseNet201": 20_242_984,
    "NASNetMobile": 5_326_716,
    "NASNetLarge": 88_949_818,
}
SIZES = {
    "Xception": None,
    "InceptionV3": None,
    "InceptionResNetV2": None,
    "NASNetLarge": 331,
}


def describe(model: Any) -> dict[str, Any]:
    config = json.loads(model.to_json())["config"]
    for layer in config["layers"]:
        if layer["class_name"] == "Lambda":
            for key in ("function", "output_shape", "output_shape_type"):
                del layer["config"][key]
    return config


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_architecture_is_that_of_keras(name: str) -> None:
    model = getattr(applications, name)(weights=None)
    size = SIZES.get(name, 224)
    assert model.input_shape == (None, size, size, 3)
    assert model.output_shape == (None, 1000)
    assert model.count_params() == PARAMETERS[name]
    own, recorded = describe(model), RECORDED[name]["config"]
    assert [layer["name"] for layer in own["layers"]] == [layer["name"] for layer in recorded["layers"]]
    for layer, expected in zip(own["layers"], recorded["layers"], strict=True):
        assert layer == expected
    assert own == recorded


def draw(name: str, shape: tuple[int, ...], random: np.random.RandomState) -> np.ndarray:
    """Draw a weight of the given name."""
    kind = name.rpartition("/")[2].partition(":")[0]
    if kind in ("gamma", "moving_variance"):
        return random.uniform(0.7, 1.3, shape)
    if kind in ("beta", "moving_mean", "bias"):
        return random.normal(0, 0.1, shape)
    inputs = np.prod(shape[:2] if kind == "depthwise_kernel" else shape[:-1])
    return random.normal(0, np.sqrt(2 / inputs), shape)


@pytest.mark.parametrize("name", [name for name in sorted(RECORDED) if "features" in RECORDED[name]])
def test_predictions_are_those_of_keras(name: str) -> None:
    recorded = RECORDED[name]["features"]
    shape = (recorded["size"], recorded["size"], 3)
    model = getattr(applications, name)(weights=None, include_top=False, input_shape=shape, pooling="avg")
    random = np.random.RandomState(0)
    for layer in model.layers:
        layer.set_weights([draw(weight.name, weight.shape, random) for weight in layer.weights])
    features = model.predict(random.uniform(-1, 1, (2, *shape)).astype("float32"))
    assert list(features.shape) == recorded["shape"]
    scale = np.abs(features).max()
    np.testing.assert_allclose(features[:, :12], recorded["features"], rtol=0, atol=1e-5 * scale)
    np.testing.assert_allclose(features.mean(axis=1), recorded["mean"], rtol=0, atol=1e-5 * scale)


def test_models_come_back_from_their_configuration() -> None:
    images = Input((8, 8, 16))
    residual = Model(images, inception_resnet_block(images, 0.2, "block8", 1))
    for model in (residual, applications.MobileNet(weights=None, alpha=0.25)):
        text = model.to_json()
        assert json.loads(model_from_json(text).to_json()) == json.loads(text)
