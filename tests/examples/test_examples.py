"""Every script in `examples/` runs on the engine and ends with a sensible result."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
# Script to the lines it prints: how one begins, and the least and the largest number it may end with.
RESULTS: dict[str, dict[str, tuple[float, float]]] = {
    "autoencoder": {"Error before and after": (0.0, 0.03)},
    "bidirectional_lstm": {"Test accuracy": (0.85, 1.0)},
    "cnn": {"Test accuracy": (0.88, 1.0)},
    "conv_lstm": {"Overlap of foretold and seen squares": (0.5, 1.0)},
    "ctc": {"Strips read right": (0.9, 1.0)},
    "custom_layer": {"Test accuracy": (0.85, 1.0)},
    "custom_training": {"Share within a half": (0.8, 1.0)},
    "gan": {"Distance of the made points' centre, before and after": (0.0, 1.0)},
    "gradient_ascent": {"Median rise": (1.0, 1000.0)},
    "hdf5_data": {"Test accuracy": (0.85, 1.0)},
    "hierarchical_rnn": {"Test accuracy": (0.8, 1.0)},
    "image_generator": {"Validation accuracy": (0.85, 1.0)},
    "keras_1_script": {"Test accuracy": (0.85, 1.0)},
    "lstm_text_generation": {"Agreeing characters": (0.8, 1.0)},
    "memory_network": {"Accuracy on the last stories": (0.9, 1.0)},
    "mlp": {"Test accuracy": (0.85, 1.0)},
    "model_surgery": {"Accuracy of the new head": (0.75, 1.0)},
    "multi_input_output": {"Validation accuracy": (0.85, 1.0)},
    "neural_style": {"Share of the loss that is left": (0.0, 0.3)},
    "resnet": {"Test accuracy": (0.9, 1.0)},
    "resume": {"Largest difference of a weight": (0.0, 0.0)},
    "sample_weights_and_masking": {"Accuracy over real steps": (0.9, 1.0)},
    "scikit_learn_wrapper": {"Test accuracy": (0.8, 1.0)},
    "seq2seq": {"Words written right": (0.8, 1.0)},
    "siamese": {"Test accuracy": (0.85, 1.0)},
    "stateful_lstm": {
        "Accuracy at the end of a series, stateful=False": (0.0, 0.6),
        "Accuracy at the end of a series, stateful=True": (1.0, 1.0),
    },
    "text_classification": {"Accuracy from counts": (0.9, 1.0), "Test accuracy": (0.9, 1.0)},
    "transfer_learning": {"Accuracy on 0-4 and 5-9": (0.7, 1.0)},
    "variational_autoencoder": {"Loss before and after": (20.0, 30.0)},
    "wide_and_deep": {"Test accuracy": (0.9, 1.0)},
}
# What a script claims of itself in words.
CLAIMS = {
    "custom_layer": "The copy predicts the same: True",
    "custom_training": "Best validation loss is the model's: True",
    "model_surgery": "Old model untouched: True",
    "resume": "Epochs in the log: [0, 1, 2, 3, 4, 5, 6, 7]",
    "sample_weights_and_masking": "Padding is not seen: True",
    "transfer_learning": "Frozen weights unchanged: True",
}
# What a script is warned of, as by Keras itself.
WARNINGS = {
    "gan": "Discrepancy between trainable weights and collected trainable weights",
    "keras_1_script": "to the Keras 2 API",
    "variational_autoencoder": 'Output "decoder" missing from loss dictionary',
}


def test_every_example_is_listed() -> None:
    assert sorted(path.stem for path in EXAMPLES.glob("*.py")) == sorted(RESULTS)


Ended = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Ended]]]:
    """Gives what each script comes to; two of them run at a time."""
    with ThreadPoolExecutor(2) as threads:
        yield {name: threads.submit(run, name, tmp_path_factory.mktemp(name)) for name in RESULTS}
        threads.shutdown(cancel_futures=True)


def run(name: str, folder: Path) -> Ended:
    return subprocess.run(
        [
            sys.executable,
            "-W",
            "default" if name in WARNINGS else "error",
            "-m",
            "engine",
            EXAMPLES / f"{name}.py",
        ],
        capture_output=True,
        text=True,
        cwd=folder,
        # Small steps lose more by a second thread than they gain.
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=280,
    )


@pytest.mark.parametrize("name", RESULTS)
def test_example(name: str, runs: dict[str, Future[Ended]], request: pytest.FixtureRequest) -> None:
    if name == "wide_and_deep":
        request.getfixturevalue("dot_path")
    ended = runs[name].result()
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-4000:]
    for start, (least, largest) in RESULTS[name].items():
        found = re.search(rf"^{re.escape(start)}: (?:.* )?(\S+)$", ended.stdout, re.MULTILINE)
        assert found, ended.stdout[-2000:]
        assert least <= float(found[1]) <= largest, found[0]
    assert CLAIMS.get(name, "") in ended.stdout
    assert WARNINGS.get(name, "") in ended.stderr
