"""Default float type, data format and fuzz factor."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import backend as K
from engine.backend.config import keras_directory, read_configuration


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    before = (K.floatx(), K.image_data_format(), K.epsilon())
    yield
    K.set_floatx(before[0])
    K.set_image_data_format(before[1])
    K.set_epsilon(before[2])


def test_functions_follow_the_defaults() -> None:
    K.set_floatx("float64")
    assert K.dtype(K.zeros((2,))) == "float64"
    assert K.dtype(K.one_hot(K.constant([1], "int32"), 2)) == "float64"
    K.set_image_data_format("channels_first")
    x = K.placeholder((None, 3, 8, 6))
    assert K.int_shape(K.pool2d(x, (2, 2), (2, 2))) == (None, 3, 4, 3)
    K.set_epsilon(0.5)
    loss = K.categorical_crossentropy(K.constant([[1.0, 0.0]]), K.constant([[0.0, 1.0]]))
    assert K.eval(loss) == pytest.approx(0.6931, abs=1e-4)


def test_settings_come_from_keras_json(tmp_path: Path) -> None:
    path = tmp_path / "keras.json"
    defaults = read_configuration(path)
    assert defaults == {
        "floatx": "float32",
        "epsilon": 1e-07,
        "image_data_format": "channels_last",
        "backend": "torch",
    }
    path.write_text('{"image_data_format": "channels_first", "backend": "tensorflow", "more": 1}')
    assert read_configuration(path) == {**defaults, "image_data_format": "channels_first"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"floatx": "float8"}', "`floatx` must be one of"),
        ('{"image_data_format": "tf"}', "`image_data_format` must be one of"),
        ('{"epsilon": "small"}', "`epsilon` must be a number. Found: 'small'"),
        ("[]", "should hold a JSON object"),
        ("{", "can't be read as JSON"),
    ],
)
def test_a_wrong_keras_json_is_named(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "keras.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message) as caught:
        read_configuration(path)
    assert str(path) in str(caught.value)


def test_keras_home_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert keras_directory() == tmp_path
    monkeypatch.delenv("KERAS_HOME")
    assert keras_directory() == Path.home() / ".keras"


def test_keras_1_names_of_the_data_formats() -> None:
    K.set_image_dim_ordering("th")
    assert (K.image_data_format(), K.image_dim_ordering()) == ("channels_first", "th")
    K.set_image_dim_ordering("tf")
    assert (K.image_data_format(), K.image_dim_ordering()) == ("channels_last", "tf")


def test_unknown_names_are_refused() -> None:
    with pytest.raises(ValueError, match="'float8'"):
        K.set_floatx("float8")
    with pytest.raises(ValueError, match="data_format"):
        K.set_image_data_format("last")
    with pytest.raises(ValueError, match="'theano'"):
        K.set_image_dim_ordering("theano")
