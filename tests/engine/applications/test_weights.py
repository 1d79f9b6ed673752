"""Weights from the web, a real server on the loopback, and from files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import applications
from engine import backend as K
from engine.applications import densenet, mobilenet, mobilenetv2, nasnet, vgg16
from engine.applications.pretrained import WeightFile
from engine.applications.vgg import make_vgg
from engine.downloads import DownloadError
from engine.models import Model
from tests.engine.web_server import WebServer

Publish = Callable[[Any, str], WeightFile]


def assert_same_weights(model: Any, other: Any) -> None:
    for own, expected in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(own, expected)


@pytest.mark.parametrize(
    ("module", "function", "arguments", "name"),
    [
        (
            mobilenet,
            applications.MobileNet,
            {"alpha": 0.25, "input_shape": (128, 128, 3)},
            "mobilenet_2_5_128_tf.h5",
        ),
        (
            mobilenet,
            applications.MobileNet,
            {"alpha": 0.5, "input_shape": (160, 160, 3), "include_top": False},
            "mobilenet_5_0_160_tf_no_top.h5",
        ),
        (
            mobilenetv2,
            applications.MobileNetV2,
            {"alpha": 0.35, "input_shape": (96, 96, 3)},
            "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_96.h5",
        ),
        (
            mobilenetv2,
            applications.MobileNetV2,
            {"alpha": 0.5, "include_top": False, "input_shape": (128, 128, 3)},
            "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.5_128_no_top.h5",
        ),
    ],
)
def test_weights_of_mobilenets_by_width_and_size(
    module: Any,
    function: Any,
    arguments: dict[str, Any],
    name: str,
    publish: Publish,
    web: WebServer,
    keras_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trained = function(weights=None, **arguments)
    publish(trained, name)
    monkeypatch.setattr(module, "BASE_WEIGHT_PATH", web.url(""))
    assert_same_weights(function(**arguments), trained)
    assert (keras_home / "models" / name).exists()


def test_mobilenet_of_unknown_size_takes_the_weights_of_224(
    publish: Publish, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = applications.MobileNet(weights=None, alpha=0.25, include_top=False)
    publish(trained, "mobilenet_2_5_224_tf_no_top.h5")
    monkeypatch.setattr(mobilenet, "BASE_WEIGHT_PATH", web.url(""))
    with pytest.warns(UserWarning, match=r"Weights for input shape \(224, 224\) will be loaded"):
        model = applications.MobileNet(alpha=0.25, include_top=False)
    assert_same_weights(model, trained)


def test_weights_are_downloaded_once_and_checked(
    publish: Publish, web: WebServer, keras_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = applications.VGG16(weights=None, include_top=False)
    file = publish(trained, "vgg16_notop.h5")
    monkeypatch.setitem(vgg16._FILES, False, file)
    assert_same_weights(applications.VGG16(include_top=False), trained)
    assert_same_weights(applications.VGG16(include_top=False, pooling="max"), trained)
    assert len(web.ranges) == 1
    assert [path.name for path in (keras_home / "models").iterdir()] == ["vgg16_notop.h5"]


@pytest.mark.usefixtures("keras_home")
@pytest.mark.parametrize(
    ("include_top", "name", "start_of_hash"),
    [
        (True, "densenet121_weights_tf_dim_ordering_tf_kernels.h5", "0962ca64"),
        (False, "densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5", "4912a53f"),
    ],
)
def test_other_files_than_those_of_keras_are_refused(
    include_top: bool, name: str, start_of_hash: str, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.files[name] = b"something else"
    monkeypatch.setattr(densenet, "_URL", web.url("{name}_weights_tf_dim_ordering_tf_kernels{suffix}.h5"))
    with pytest.raises(DownloadError, match=f"has not the expected hash {start_of_hash}"):
        applications.DenseNet121(include_top=include_top)


def test_files_may_be_called_otherwise_in_the_cache(
    publish: Publish, keras_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = publish(applications.MobileNet(weights=None, alpha=0.25), "NASNet-mobile.h5")
    monkeypatch.setitem(nasnet._FILES, ("mobile", True), WeightFile(file.url, name="nasnet_mobile.h5"))
    with pytest.raises(ValueError, match="a weight file containing 55 layers into a model with"):
        applications.NASNetMobile()
    assert [path.name for path in (keras_home / "models").iterdir()] == ["nasnet_mobile.h5"]


def test_weights_from_a_file(tmp_path: Path) -> None:
    trained = applications.MobileNet(weights=None, alpha=0.25, classes=3, input_shape=(64, 64, 3))
    trained.save_weights(tmp_path / "own.h5")
    for path in (tmp_path / "own.h5", str(tmp_path / "own.h5")):
        model = applications.MobileNet(weights=path, alpha=0.25, classes=3, input_shape=(64, 64, 3))
        assert_same_weights(model, trained)
    with pytest.raises(ValueError, match="has shape"):
        applications.MobileNet(weights=tmp_path / "own.h5", alpha=0.25, classes=4, input_shape=(64, 64, 3))


def test_vgg_with_channels_first_reorders_the_weights_of_its_first_dense_layer(publish: Publish) -> None:
    # Without convolutions, which only make it slow.
    depths = (0, 0, 0, 0, 0)

    def make(weights: Any, file: WeightFile) -> Any:
        return make_vgg("vgg", depths, file, True, weights, None, None, None, 1000)

    trained = make(None, WeightFile(""))
    file = publish(trained, "vgg.h5")
    x = np.random.uniform(0, 255, (2, 224, 224, 3))
    K.set_image_data_format("channels_first")
    try:
        model = make("imagenet", file)
    finally:
        K.set_image_data_format("channels_last")
    expected = Model(trained.input, trained.get_layer("fc1").output).predict(x)
    features = Model(model.input, model.get_layer("fc1").output).predict(x.transpose(0, 3, 1, 2))
    assert expected.std() > 1
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-3)
