"""What the applications' arguments do, and which they refuse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from engine import applications
from engine import backend as K
from engine.applications import densenet
from engine.applications.imagenet_utils import _obtain_input_shape
from engine.layers import Input, ZeroPadding2D
from engine.models import Model

MINIMUM_SIZES = {
    "VGG16": 48,
    "VGG19": 48,
    "ResNet50": 197,
    "DenseNet121": 221,
    "DenseNet169": 221,
    "DenseNet201": 221,
    "MobileNet": 32,
    "MobileNetV2": 32,
    "NASNetMobile": 32,
    "NASNetLarge": 32,
    "InceptionV3": 139,
    "InceptionResNetV2": 139,
    "Xception": 71,
}


@pytest.fixture
def channels_first() -> Iterator[Callable[[], None]]:
    """Gives a function that sets Keras's image format, which is set back after the test."""
    yield lambda: K.set_image_data_format("channels_first")
    K.set_image_data_format("channels_last")


@pytest.mark.parametrize(("name", "size"), MINIMUM_SIZES.items())
def test_too_small_images_are_refused(name: str, size: int) -> None:
    with pytest.raises(ValueError, match=f"Input size must be at least {size}x{size}; got"):
        getattr(applications, name)(weights=None, include_top=False, input_shape=(size, size - 1, 3))


@pytest.mark.parametrize("pooling", ["avg", "max"])
def test_features_are_pooled(pooling: str) -> None:
    model = applications.MobileNet(
        weights=None, include_top=False, input_shape=(64, 96, 3), alpha=0.25, pooling=pooling
    )
    x = np.random.uniform(-1, 1, (2, 64, 96, 3))
    unpooled = Model(model.input, model.layers[-2].output).predict(x)
    assert unpooled.shape == (2, 2, 3, 256)
    reduce = np.mean if pooling == "avg" else np.max
    np.testing.assert_allclose(model.predict(x), reduce(unpooled, axis=(1, 2)), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["ResNet50", "VGG19", "MobileNet"])
def test_features_are_of_any_size_by_default(name: str) -> None:
    model = getattr(applications, name)(weights=None, include_top=False)
    assert model.input_shape == (None, None, None, 3)
    assert model.output_shape[:-1] == (None, None, None)


def test_nasnet_takes_images_of_known_size() -> None:
    for function in (applications.NASNetMobile, applications.NASNetLarge):
        with pytest.raises(ValueError, match="NASNet needs images of a known size"):
            function(weights=None, include_top=False, input_shape=(None, None, 3))


def test_unknown_pooling_is_refused() -> None:
    with pytest.raises(ValueError, match=r"`pooling` must be None, 'avg' or 'max'. Found: 'sum'"):
        applications.VGG16(weights=None, include_top=False, pooling="sum")


@pytest.mark.parametrize("name", sorted(MINIMUM_SIZES))
def test_weights_that_do_not_fit_are_refused(name: str) -> None:
    function = getattr(applications, name)
    with pytest.raises(ValueError, match=r"The `weights` argument should be either `None`.*Found: 'no.h5'"):
        function(weights="no.h5")
    with pytest.raises(ValueError, match=r"`classes` should be 1000\. Found: 10"):
        function(classes=10)
    with pytest.raises(ValueError, match="The input must have 3 channels"):
        function(include_top=False, input_shape=(331, 331, 4))


@pytest.mark.parametrize("name", ["VGG16", "ResNet50", "DenseNet121", "MobileNet", "MobileNetV2"])
def test_sizes_other_than_the_weights_are_refused_with_the_top(name: str) -> None:
    with pytest.raises(ValueError, match=r"`input_shape` should be \(224, 224, 3\)"):
        getattr(applications, name)(input_shape=(300, 300, 3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"alpha": 0.3}, "alpha can be one of"),
        ({"depth_multiplier": 2}, "depth multiplier must be 1"),
        ({"include_top": False, "input_shape": (128, 160, 3)}, "static square shape"),
        ({"include_top": False, "input_shape": (100, 100, 3)}, "static square shape"),
    ],
)
@pytest.mark.parametrize("name", ["MobileNet", "MobileNetV2"])
def test_mobilenets_without_weights_of_imagenet(name: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(applications, name)(**arguments)


def test_densenet_of_other_blocks() -> None:
    model = densenet.DenseNet([2, 2], weights=None, input_shape=(224, 224, 3), classes=4)
    assert model.output_shape == (None, 4)
    assert model.get_layer("pool2_conv").output_shape == (None, 56, 56, 64)
    with pytest.raises(ValueError, match=r"no weights of ImageNet for a DenseNet with blocks \(2, 2\)"):
        densenet.DenseNet([2, 2])


def test_mobilenet_width_depth_and_dropout() -> None:
    model = applications.MobileNet(weights=None, alpha=0.5, depth_multiplier=2, dropout=0.1, classes=5)
    assert model.name == "mobilenet_0.50_224"
    assert model.output_shape == (None, 5)
    assert model.get_layer("conv1").filters == 16
    assert model.get_layer("conv_dw_1").output_shape == (None, 112, 112, 32)
    assert model.get_layer("dropout").rate == 0.1


@pytest.mark.parametrize(("alpha", "first", "last"), [(0.35, 16, 1280), (1.0, 32, 1280), (1.4, 48, 1792)])
def test_mobilenet_v2_width(alpha: float, first: int, last: int) -> None:
    model = applications.MobileNetV2(weights=None, alpha=alpha, input_shape=(96, 96, 3), include_top=False)
    assert model.name == f"mobilenetv2_{alpha:0.2f}_96"
    assert model.get_layer("Conv1").filters == first
    assert model.get_layer("Conv_1").filters == last


def test_models_begin_where_the_input_tensor_comes_from() -> None:
    images = Input(shape=(46, 46, 3), name="images")
    model = applications.VGG16(
        weights=None, include_top=False, input_tensor=ZeroPadding2D((1, 1), name="margin")(images)
    )
    assert model.input is images
    assert [layer.name for layer in model.layers[:3]] == ["images", "margin", "block1_conv1"]
    assert model.output_shape == (None, 1, 1, 512)


def test_the_input_tensor_may_come_from_no_layer() -> None:
    images = K.placeholder((None, 48, 48, 3))
    model = applications.VGG16(weights=None, include_top=False, input_tensor=images)
    assert model.input is images


def test_unusual_channels_are_warned_of() -> None:
    with pytest.warns(UserWarning, match="with 5 input channels"):
        model = applications.VGG16(weights=None, include_top=False, input_shape=(64, 64, 5))
    assert model.get_layer("block1_conv1").get_weights()[0].shape == (3, 3, 5, 64)


@pytest.mark.parametrize(
    ("asked", "data_format", "require_flatten", "chosen"),
    [
        (None, "channels_last", True, (224, 224, 3)),
        (None, "channels_first", True, (3, 224, 224)),
        (None, "channels_first", False, (3, None, None)),
        ((1, 100, 90), "channels_first", True, (1, 100, 90)),
        ((None, 90, 3), "channels_last", False, (None, 90, 3)),
    ],
)
def test_obtain_input_shape(
    asked: Any, data_format: str, require_flatten: bool, chosen: tuple[int | None, ...]
) -> None:
    assert _obtain_input_shape(asked, 224, 32, data_format, require_flatten) == chosen


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ((224, 224), "must be a tuple of three integers"),
        ((None, None, 3), "you should specify a static `input_shape`"),
    ],
)
def test_obtain_input_shape_refuses(asked: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _obtain_input_shape(asked, 224, 32, "channels_last", True)


@pytest.mark.parametrize(("name", "size"), [("VGG16", 48), ("InceptionV3", 139), ("ResNet50", 197)])
def test_channels_first(name: str, size: int, channels_first: Callable[[], None]) -> None:
    function = getattr(applications, name)
    model = function(weights=None, include_top=False, input_shape=(size, size, 3))
    x = np.random.uniform(-1, 1, (1, size, size, 3))
    expected = model.predict(x)
    channels_first()
    other = function(weights=None, include_top=False, input_shape=(3, size, size))
    other.set_weights(model.get_weights())
    features = other.predict(x.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("name", ["MobileNet", "MobileNetV2", "NASNetLarge", "NASNetMobile", "Xception"])
def test_models_of_channels_last_only(name: str, channels_first: Callable[[], None]) -> None:
    channels_first()
    with (
        pytest.warns(UserWarning, match="only available for the input data format `channels_last`"),
        pytest.raises(ValueError, match="Input size must be at least"),
    ):
        getattr(applications, name)(weights=None, include_top=False, input_shape=(3, 96, 1))
    assert K.image_data_format() == "channels_first"


def test_mobilenet_takes_channels_last_images_whatever_the_format(channels_first: Callable[[], None]) -> None:
    channels_first()
    with pytest.warns(UserWarning, match="which it takes now"):
        model = applications.MobileNet(weights=None, include_top=False, input_shape=(64, 96, 3), alpha=0.25)
    assert model.output_shape == (None, 2, 3, 256)
    assert model.predict(np.zeros((1, 64, 96, 3))).shape == (1, 2, 3, 256)
