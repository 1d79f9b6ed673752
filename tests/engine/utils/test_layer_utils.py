"""Counts, and weights from other axis orders."""

from __future__ import annotations

import numpy as np
import pytest

from engine import layers, models
from engine.utils import conv_utils, convert_all_kernels_in_model, layer_utils, print_summary


def test_count_params_counts_each_weight_once() -> None:
    layer = layers.Dense(4)
    layer.build((None, 3))
    assert layer_utils.count_params(layer.weights) == 16
    assert layer_utils.count_params(layer.weights + layer.weights) == 16


def test_print_summary_is_the_models_summary(capsys: pytest.CaptureFixture[str]) -> None:
    model = models.Sequential([layers.Dense(4, input_shape=(3,))])
    own: list[str] = []
    printed: list[str] = []
    model.summary(print_fn=own.append)
    print_summary(model, print_fn=printed.append)
    assert printed == own
    assert any("16" in line for line in printed)
    print_summary(model)
    assert capsys.readouterr().out.splitlines() == own


def test_only_kernels_of_convolutions_are_turned() -> None:
    model = models.Sequential(
        [
            layers.Conv2D(2, 3, input_shape=(8, 8, 1)),
            layers.Conv2DTranspose(3, 2),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    before = model.get_weights()
    convert_all_kernels_in_model(model)
    after = model.get_weights()
    for position, (old, new) in enumerate(zip(before, after, strict=True)):
        wanted = conv_utils.convert_kernel(old) if position in (0, 2) else old
        np.testing.assert_array_equal(new, wanted)


@pytest.mark.parametrize("target", ["channels_first", "channels_last"])
def test_dense_gives_the_same_for_images_in_the_other_order(target: str) -> None:
    image = np.random.default_rng(0).normal(size=(1, 3, 4, 2))
    other = image.transpose(0, 3, 1, 2)
    old, new = (image, other) if target == "channels_first" else (other, image)
    dense = layers.Dense(5, input_shape=(24,))
    model = models.Sequential([dense])
    expected = model.predict(old.reshape(1, -1))
    layer_utils.convert_dense_weights_data_format(dense, new.shape[1:], target)
    np.testing.assert_allclose(model.predict(new.reshape(1, -1)), expected, atol=1e-6)
    with pytest.raises(ValueError, match=r"takes 24 inputs.*\(5, 5, 5\)"):
        layer_utils.convert_dense_weights_data_format(dense, (5, 5, 5), target)
