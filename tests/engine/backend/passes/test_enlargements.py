"""Convolutions read images before rows and columns are repeated, and models learn what they learned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine.layers import Conv2D, Flatten, Input, UpSampling2D, add
from engine.models import Model
from engine.utils import set_random_seed

IMAGES = np.random.default_rng(0).normal(size=(32, 6, 6, 16))


def train(read: Callable[[Any], Any], list_calls: Any) -> tuple[list[np.ndarray], list[str]]:
    """Return predictions and weights after training, and the calls of both functions."""
    set_random_seed(3)
    images = Input((6, 6, 16))
    model = Model(images, Flatten()(read(images)))
    model.compile("adam", "mse")
    targets = np.ones((len(IMAGES), *model.output_shape[1:]))
    model.fit(IMAGES, targets, batch_size=32, epochs=3, shuffle=False, verbose=0)
    found = [model.predict(IMAGES), *model.get_weights()]
    calls = [
        name
        for kind, phase in (("train", 1), ("predict", 0))
        for name in list_calls(model._step(kind)._function, phase)
    ]
    return found, calls


READERS: dict[str, Callable[[Any], Any]] = {
    "relu": lambda x: Conv2D(24, 3, padding="same", activation="relu")(UpSampling2D()(x)),
    "sigmoid": lambda x: Conv2D(24, 5, padding="same", activation="sigmoid")(UpSampling2D((3, 2))(x)),
    "without bias": lambda x: Conv2D(24, (3, 4), padding="same", use_bias=False)(UpSampling2D()(x)),
    "channels first": lambda x: Conv2D(24, 3, padding="same", data_format="channels_first")(
        UpSampling2D(data_format="channels_first")(x)
    ),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_results_are_those_of_enlarged_images(
    read: Callable[[Any], Any], without_passes: Any, list_calls: Any
) -> None:
    expected, _ = without_passes(lambda: train(read, list_calls))
    found, calls = train(read, list_calls)
    assert calls.count("convolve_enlarged") == 2
    assert not {"resize_images", "conv2d"} & set(calls)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-5)


OTHERS: dict[str, Callable[[Any], Any]] = {
    "strided": lambda x: Conv2D(4, 3, strides=2, padding="same")(UpSampling2D()(x)),
    "dilated": lambda x: Conv2D(4, 3, dilation_rate=2, padding="same")(UpSampling2D()(x)),
    "valid": lambda x: Conv2D(4, 3)(UpSampling2D()(x)),
    "mixed formats": lambda x: Conv2D(4, 3, padding="same", data_format="channels_first")(UpSampling2D()(x)),
}


def read_twice(x: Any) -> Any:
    enlarged = UpSampling2D()(x)
    return add([Conv2D(16, 3, padding="same")(enlarged), enlarged])


@pytest.mark.parametrize("read", [*OTHERS.values(), read_twice], ids=[*OTHERS, "read twice"])
def test_other_convolutions_stay_as_they_are(read: Callable[[Any], Any], list_calls: Any) -> None:
    with K.isolated_state():
        _, calls = train(read, list_calls)
    assert calls.count("resize_images") == calls.count("conv2d") == 2
