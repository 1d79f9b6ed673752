"""The manual's examples (chapter 13), with weights from a server on the loopback."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.applications import imagenet_utils, mobilenet, resnet50, vgg16
from engine.applications.inception_v3 import InceptionV3
from engine.applications.pretrained import WeightFile
from engine.applications.resnet50 import ResNet50
from engine.applications.vgg16 import VGG16
from engine.applications.vgg19 import VGG19
from engine.layers import Dense, GlobalAveragePooling2D, Input
from engine.models import Model, load_model
from engine.optimizers import SGD
from engine.preprocessing import image
from tests.engine.web_server import WebServer

Publish = Callable[[Any, str], WeightFile]


@pytest.fixture
def img_path(tmp_path: Path) -> str:
    path = tmp_path / "elephant.jpg"
    Image.fromarray(np.random.randint(0, 256, (260, 300, 3), dtype="uint8")).save(path)
    return str(path)


def read(img_path: str) -> np.ndarray:
    img = image.load_img(img_path, target_size=(224, 224))
    return np.expand_dims(image.img_to_array(img), axis=0)


def test_classify_by_resnet50(
    img_path: str, publish: Publish, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = ResNet50(weights=None)
    monkeypatch.setitem(resnet50._FILES, True, publish(trained, "resnet50.h5"))
    classes = json.dumps({str(number): [f"n{number}", f"class {number}"] for number in range(1000)}).encode()
    web.files["index.json"] = classes
    monkeypatch.setattr(imagenet_utils, "CLASS_INDEX_PATH", web.url("index.json"))
    monkeypatch.setattr(imagenet_utils, "CLASS_INDEX_HASH", hashlib.md5(classes).hexdigest())

    model = ResNet50(weights="imagenet")
    x = resnet50.preprocess_input(read(img_path))
    preds = model.predict(x)
    decoded = resnet50.decode_predictions(preds, top=3)[0]

    np.testing.assert_array_equal(
        model.get_layer("fc1000").get_weights()[0], trained.get_layer("fc1000").get_weights()[0]
    )
    assert [int(number[1:]) for number, _, _ in decoded] == list(preds[0].argsort()[:-4:-1])


def test_extract_features_by_vgg16(img_path: str, publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = VGG16(weights=None, include_top=False)
    monkeypatch.setitem(vgg16._FILES, False, publish(trained, "vgg16_notop.h5"))

    model = VGG16(weights="imagenet", include_top=False)
    x = vgg16.preprocess_input(read(img_path))
    features = model.predict(x)

    assert features.shape == (1, 7, 7, 512)
    np.testing.assert_allclose(features, trained.predict(x), rtol=1e-4, atol=1e-4)


def test_features_from_any_layer_of_vgg19(img_path: str) -> None:
    base_model = VGG19(weights=None, include_top=False)
    model = Model(inputs=base_model.input, outputs=base_model.get_layer("block4_pool").output)
    assert model.predict(vgg16.preprocess_input(read(img_path))).shape == (1, 14, 14, 512)


def batches() -> Iterator[tuple[np.ndarray, np.ndarray]]:
    while True:
        yield np.random.uniform(-1, 1, (2, 75, 75, 3)), np.eye(200)[np.random.randint(200, size=2)]


def test_fine_tune_inception_v3_on_new_classes() -> None:
    base_model = InceptionV3(weights=None, include_top=False)
    x = base_model.output
    x = GlobalAveragePooling2D()(x)
    x = Dense(1024, activation="relu")(x)
    predictions = Dense(200, activation="softmax")(x)
    model = Model(inputs=base_model.input, outputs=predictions)

    def train(**arguments: Any) -> set[str]:
        """Train for two steps and return the layers whose weights moved."""
        before = {layer.name: layer.get_weights() for layer in model.layers}
        model.compile(loss="categorical_crossentropy", **arguments)
        model.fit_generator(batches(), steps_per_epoch=2, epochs=1, verbose=0)
        return {
            layer.name
            for layer in model.layers
            if any(
                (old != new).any() for old, new in zip(before[layer.name], layer.get_weights(), strict=True)
            )
        }

    for layer in base_model.layers:
        layer.trainable = False
    assert train(optimizer="rmsprop") == {"dense_1", "dense_2"}

    assert len(base_model.layers) == 311
    for layer in model.layers[:249]:
        layer.trainable = False
    for layer in model.layers[249:]:
        layer.trainable = True
    moved = train(optimizer=SGD(lr=0.0001, momentum=0.9))
    open_layers = [layer for layer in model.layers[249:] if layer.weights]
    assert {layer.name for layer in open_layers if "normalization" in layer.name} <= moved
    assert moved <= {layer.name for layer in open_layers}
    assert len(model.trainable_weights) == sum(len(layer.trainable_weights) for layer in open_layers)


def test_inception_v3_on_a_tensor_of_ones_own() -> None:
    input_tensor = Input(shape=(224, 224, 3))
    model = InceptionV3(input_tensor=input_tensor, weights=None, include_top=True)
    assert model.input is input_tensor
    assert model.output_shape == (None, 1000)


def test_load_a_whole_mobilenet(tmp_path: Path) -> None:
    model = mobilenet.MobileNet(weights=None, alpha=0.25, input_shape=(32, 32, 3), classes=10)
    model.save(tmp_path / "mobilenet.h5", include_optimizer=False)
    loaded = load_model(
        tmp_path / "mobilenet.h5",
        custom_objects={"relu6": mobilenet.relu6, "DepthwiseConv2D": mobilenet.DepthwiseConv2D},
        compile=False,
    )
    x = np.random.uniform(-1, 1, (2, 32, 32, 3))
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))
