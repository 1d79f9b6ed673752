"""Images for the models of ImageNet, and the names of its classes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import applications
from engine import backend as K
from engine.applications import imagenet_utils
from engine.applications.imagenet_utils import decode_predictions, preprocess_input
from engine.layers import Input, Lambda
from engine.models import Model
from tests.engine.web_server import WebServer

MODES = {
    "caffe": lambda x: x[..., ::-1] - [103.939, 116.779, 123.68],
    "tf": lambda x: x / 127.5 - 1,
    "torch": lambda x: (x / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225],
}
MODES_OF_MODULES = {
    "vgg16": "caffe",
    "vgg19": "caffe",
    "resnet50": "caffe",
    "inception_v3": "tf",
    "inception_resnet_v2": "tf",
    "xception": "tf",
    "mobilenet": "tf",
    "mobilenetv2": "tf",
    "nasnet": "tf",
    "densenet": "torch",
}


@pytest.mark.parametrize("mode", sorted(MODES))
@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("dimensions", [3, 4])
@pytest.mark.parametrize("symbolic", [False, True])
def test_preprocess_input(mode: str, data_format: str, dimensions: int, symbolic: bool) -> None:
    images = np.random.uniform(0, 255, (2, 4, 5, 3)[4 - dimensions :]).astype("float32")
    expected = MODES[mode](images)
    if data_format == "channels_first":
        images, expected = np.moveaxis(images, -1, -3), np.moveaxis(expected, -1, -3)
    before = images.copy()
    if symbolic:
        x = K.placeholder(images.shape)
        result = K.function([x], [preprocess_input(x, data_format, mode)])([images])[0]
    else:
        result = preprocess_input(images, data_format, mode)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(images, before)


def test_preprocess_input_takes_whole_numbers_and_the_format_of_keras() -> None:
    images = np.random.randint(0, 256, (1, 2, 2, 3), dtype="uint8")
    result = preprocess_input(images)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, MODES["caffe"](images.astype(float)), rtol=1e-5, atol=1e-4)


def test_preprocess_input_within_a_model() -> None:
    images = Input((None, None, 3))
    model = Model(images, Lambda(preprocess_input)(images))
    x = np.random.uniform(0, 255, (2, 4, 6, 3))
    assert model.output_shape == (None, None, None, 3)
    np.testing.assert_allclose(model.predict(x), MODES["caffe"](x), rtol=1e-5, atol=1e-4)


def test_unknown_modes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"Unknown mode 'rgb'.*'caffe', 'tf', 'torch'"):
        preprocess_input(np.zeros((1, 2, 2, 3)), mode="rgb")


@pytest.mark.parametrize(("module", "mode"), MODES_OF_MODULES.items())
def test_each_model_has_its_mode(module: str, mode: str) -> None:
    images = np.random.uniform(0, 255, (1, 2, 2, 3))
    result = getattr(applications, module).preprocess_input(images)
    np.testing.assert_allclose(result, MODES[mode](images))


@pytest.mark.usefixtures("keras_home")
def test_decode_predictions(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    index = {str(number): [f"n{number:08}", f"class_{number}"] for number in range(1000)}
    web.files["index.json"] = json.dumps(index).encode()
    monkeypatch.setattr(imagenet_utils, "CLASS_INDEX_PATH", web.url("index.json"))
    monkeypatch.setattr(imagenet_utils, "CLASS_INDEX_HASH", hashlib.md5(web.files["index.json"]).hexdigest())
    predictions = np.zeros((2, 1000), "float32")
    predictions[0, [7, 3, 999]] = [0.5, 0.25, 0.125]
    predictions[1, 0] = 1
    decoded = decode_predictions(predictions, top=3)
    assert decoded[0] == [
        ("n00000007", "class_7", 0.5),
        ("n00000003", "class_3", 0.25),
        ("n00000999", "class_999", 0.125),
    ]
    assert decoded[1][0] == ("n00000000", "class_0", 1.0)
    assert [len(sample) for sample in decode_predictions(predictions)] == [5, 5]
    assert len(web.ranges) == 1


@pytest.mark.parametrize("shape", [(1000,), (1, 10)])
def test_decode_predictions_wants_the_classes_of_imagenet(shape: Any, keras_home: Path) -> None:
    with pytest.raises(ValueError, match=r"2D array of shape \(samples, 1000\)"):
        decode_predictions(np.zeros(shape))
    assert not keras_home.exists()
