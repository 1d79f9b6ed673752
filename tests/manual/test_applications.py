"""The samples of chapter 13, with weights from the loopback that are zeros."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.applications import imagenet_utils
from tests.engine.web_server import WebServer
from tests.manual.printed import keras, run_sample
from tests.manual.weights import publish_weights

Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def _elephant(keras_home: Path) -> None:
    Image.fromarray(np.random.randint(0, 256, (60, 80, 3), dtype="uint8")).save("elephant.jpg")


def test_classify_by_resnet50(web: WebServer, monkeypatch: Patch, capsys: pytest.CaptureFixture[str]) -> None:
    publish_weights("resnet50", True, web, monkeypatch)
    classes = json.dumps({str(number): [f"n{number}", f"class {number}"] for number in range(1000)}).encode()
    web.files["index.json"] = classes
    monkeypatch.setattr(imagenet_utils, "CLASS_INDEX_PATH", web.url("index.json"))
    monkeypatch.setattr(imagenet_utils, "CLASS_INDEX_HASH", hashlib.md5(classes).hexdigest())
    ended = run_sample("s13_2_1_resnet50")
    np.testing.assert_allclose(ended.preds, np.full((1, 1000), 0.001), rtol=1e-5)
    printed = capsys.readouterr().out.splitlines()[-1]
    assert printed.startswith("Predicted: [('n")
    assert printed.count("class ") == 3


def test_features_of_vgg16(web: WebServer, monkeypatch: Patch) -> None:
    publish_weights("vgg16", False, web, monkeypatch)
    ended = run_sample("s13_2_2_vgg16")
    np.testing.assert_array_equal(ended.features, np.zeros((1, 7, 7, 512)))
    assert ended.x.min() < -50


def test_features_of_any_layer_of_vgg19(web: WebServer, monkeypatch: Patch) -> None:
    publish_weights("vgg19", True, web, monkeypatch)
    assert run_sample("s13_2_3_vgg19").block4_pool_features.shape == (1, 14, 14, 512)


def test_fine_tune_inception_v3(
    web: WebServer, monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        while True:
            yield np.random.uniform(-1, 1, (2, 75, 75, 3)), np.eye(200)[np.random.randint(200, size=2)]

    publish_weights("inception_v3", False, web, monkeypatch)
    ended = run_sample("s13_2_4_inception_v3", batches=batches())
    assert "310 mixed10" in capsys.readouterr().out
    trainable = [layer.trainable for layer in ended.model.layers]
    assert trainable == [False] * 249 + [True] * (len(trainable) - 249)
    assert type(ended.model.optimizer) is ended.SGD
    assert np.isfinite(ended.model.history.history["loss"]).all()


def test_own_input_of_inception_v3(web: WebServer, monkeypatch: Patch) -> None:
    publish_weights("inception_v3", True, web, monkeypatch)
    ended = run_sample("s13_2_5_own_input")
    assert ended.model.input is ended.input_tensor
    assert ended.model.count_params() == 23_851_784


def test_loading_a_mobilenet() -> None:
    mobilenet = keras.applications.mobilenet
    before = mobilenet.MobileNet(weights=None, alpha=0.25, input_shape=(32, 32, 3), classes=3)
    before.compile("sgd", "categorical_crossentropy")
    before.save("mobilenet.h5")
    ended = run_sample("s13_3_7_mobilenet", mobilenet=mobilenet)
    x = np.random.random((2, 32, 32, 3))
    np.testing.assert_array_equal(ended.model.predict(x), before.predict(x))
