"""Scripts that import Keras run on the engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

IMPORTS = """
import keras
import keras.backend as K
import keras.layers.core
from keras import activations, backend, callbacks, constraints, initializers, layers, losses, metrics, models
from keras import optimizers, regularizers
from keras.models import Model, Sequential, load_model, model_from_json
from keras.layers import Input, Dense, LSTM
from keras.layers.core import Dense as CoreDense, Dropout, Activation, Flatten, Lambda, Masking
from keras.layers.convolutional import Conv2D, MaxPooling2D as OldMaxPooling2D, ZeroPadding2D
from keras.layers.pooling import MaxPooling2D
from keras.layers.local import LocallyConnected1D
from keras.layers.recurrent import LSTM as RecurrentLSTM
from keras.layers.convolutional_recurrent import ConvLSTM2D
from keras.layers.embeddings import Embedding
from keras.layers.merge import add, concatenate
from keras.layers.advanced_activations import LeakyReLU
from keras.layers.normalization import BatchNormalization
from keras.layers.noise import GaussianNoise
from keras.layers.wrappers import TimeDistributed, Bidirectional
from keras.engine import Layer, InputSpec
from keras.engine.topology import Layer as TopologyLayer, Container, get_source_inputs
from keras.engine.training import Model as TrainingModel
from keras.engine.base_layer import Layer as BaseLayer
from keras.backend import tensorflow_backend
from keras.objectives import mean_squared_error
from keras.legacy.layers import Merge, MaxoutDense, Recurrent
from keras.optimizers import SGD, Adam
from keras.callbacks import EarlyStopping
"""


def run(folder: Path, text: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = folder / "script.py"
    script.write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "engine", str(script), *arguments], capture_output=True, text=True, timeout=120
    )


def test_names_of_keras_are_the_engines(tmp_path: Path) -> None:
    ended = run(
        tmp_path,
        IMPORTS
        + """
import engine
assert keras.__version__ == "2.1.6"
assert Dense is CoreDense is engine.layers.Dense and layers.Dense is Dense
assert Layer is TopologyLayer is BaseLayer is engine.layers.Layer
assert TrainingModel is Model is engine.models.Model
assert keras.layers.merge.Add is layers.Add and callable(keras.layers.merge)
assert K is backend is engine.backend is tensorflow_backend is keras.backend
assert keras.layers.core is engine.layers.core and OldMaxPooling2D is MaxPooling2D
a, b = Input((2,)), Input((3,))
assert get_source_inputs(concatenate([Dense(2)(a), b])) == [a, b]
print("same")
""",
    )
    assert (ended.stdout, ended.stderr) == ("same\n", "")


def test_a_script_gets_its_arguments_and_its_folder(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("VALUE = 7\n")
    ended = run(
        tmp_path,
        "import sys, beside\nif __name__ == '__main__':\n    print(sys.argv[1:], beside.VALUE)\n",
        "--epochs",
        "3",
    )
    assert (ended.stdout, ended.stderr) == ("['--epochs', '3'] 7\n", "")


def test_spawned_processes_of_a_script_find_keras_too(tmp_path: Path) -> None:
    ended = run(
        tmp_path,
        """
import multiprocessing
import keras

def name_of_keras(number):
    return keras.layers.Dense.__module__

if __name__ == "__main__":
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(name_of_keras, [1]))
""",
    )
    assert (ended.stdout, ended.stderr) == ("['engine.layers.core.dense']\n", "")


def test_an_exit_status_and_a_traceback_are_the_scripts(tmp_path: Path) -> None:
    assert run(tmp_path, "import sys\nsys.exit(3)\n").returncode == 3
    failed = run(tmp_path, "from keras.layers import Dense\nDense('many')\n")
    assert failed.returncode == 1
    assert "script.py" in failed.stderr
    assert "units" in failed.stderr


@pytest.mark.parametrize("arguments", [[], ["missing.py"]])
def test_a_missing_script_is_told(arguments: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "engine", *arguments], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert "usage: python -m engine" in ended.stderr


def test_another_keras_that_came_first_is_told(tmp_path: Path) -> None:
    (tmp_path / "keras.py").write_text("")
    ended = subprocess.run(
        [sys.executable, "-c", "import keras, engine.as_keras"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
    )
    assert ended.returncode == 1
    assert "Another keras was imported" in ended.stderr
