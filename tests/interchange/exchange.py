"""Make the models of `cases` with one Keras, or read what another one made; runs in that Keras's environment.

Usage: exchange.py (engine | tf_keras | keras) (make | read) FOLDER
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

import numpy as np
from cases import CASES, Case

LOSS = "mean_squared_error"
STEPS = 3


def make(keras: Any, folder: Path) -> dict[str, str]:
    """Build and save every model; return why those that could not be made failed."""
    failures = {}
    for number, case in enumerate(CASES):
        try:
            model = case.build(keras.models, keras.layers)
            model.set_weights(_draw_weights(model, number))
            inputs = _draw_inputs(model, number)
            arrays = {f"x_{i}": x for i, x in enumerate(inputs)}
            if case.optimizer:
                _compile(keras, model, case)
                _train(model, inputs)
            arrays.update({f"y_{i}": y for i, y in enumerate(_predict(model, inputs))})
            failures.update(_save(model, folder / case.name))
            if case.optimizer:
                arrays.update(_train_on(keras, folder / case.name, inputs))
            np.savez(folder / f"{case.name}.npz", **arrays)
        except Exception as error:
            failures[case.name] = _tell(error)
    return failures


def read(keras: Any, folder: Path) -> dict[str, Any]:
    """Load every file of a folder; return the largest differences, or why a file was refused."""
    results: dict[str, Any] = {}
    for case in CASES:
        if not (folder / f"{case.name}.npz").exists():
            continue
        with np.load(folder / f"{case.name}.npz") as archive:
            arrays = {name: archive[name] for name in archive.files}
        inputs = [arrays[f"x_{i}"] for i in range(len(arrays)) if f"x_{i}" in arrays]
        for kind, load in (("h5", _load_whole), ("keras", _load_whole), ("json", _load_parts)):
            path = folder / f"{case.name}.{kind}"
            if path.exists():
                try:
                    results[f"{case.name} {kind}"] = _compare(load(keras, path), kind, arrays, inputs)
                except Exception as error:
                    results[f"{case.name} {kind}"] = _tell(error)
    return results


def _compare(model: Any, kind: str, arrays: dict[str, Any], inputs: list[Any]) -> float:
    pairs = [(y, arrays[f"y_{i}"]) for i, y in enumerate(_predict(model, inputs))]
    if f"losses_{kind}" in arrays:
        pairs.append((_train(model, inputs), arrays[f"losses_{kind}"]))
    return max(float(np.abs(found - expected).max()) for found, expected in pairs)


def _save(model: Any, stem: Path) -> dict[str, str]:
    failures = {}
    # Keras 3 forgets the optimizer in what it writes after an `.h5` file.
    for kind in ("keras", "h5"):
        try:
            model.save(f"{stem}.{kind}")
        except Exception as error:
            failures[f"{stem.name} {kind}"] = _tell(error)
    Path(f"{stem}.json").write_text(model.to_json())
    model.save_weights(f"{stem}.weights.h5")
    return failures


def _train_on(keras: Any, stem: Path, inputs: list[Any]) -> dict[str, np.ndarray]:
    """Return how training goes on from each file: files leave out some of what an optimizer has in memory."""
    losses = {}
    for kind in ("h5", "keras"):
        try:
            losses[f"losses_{kind}"] = _train(_load_whole(keras, Path(f"{stem}.{kind}")), inputs)
        except Exception as error:
            # Keras 3 can't always train a model that it read from its own `.h5` file.
            print(f"{stem.name}.{kind}: {_tell(error)}", file=sys.stderr)
    return losses


def _load_whole(keras: Any, path: Path) -> Any:
    return keras.models.load_model(str(path))


def _load_parts(keras: Any, path: Path) -> Any:
    model = keras.models.model_from_json(path.read_text())
    weights = path.with_suffix(".weights.h5")
    try:
        model.load_weights(str(weights))
    except Exception:
        # Keras 3 and tf_keras tell the layout of Keras 2 by the file's name.
        other = path.with_suffix(".legacy.h5")
        other.write_bytes(weights.read_bytes())
        model.load_weights(str(other))
    return model


def _compile(keras: Any, model: Any, case: Case) -> None:
    optimizer = getattr(keras.optimizers, str(case.optimizer))
    model.compile(optimizer(0.05), LOSS)


def _train(model: Any, inputs: list[Any]) -> np.ndarray:
    targets = np.linspace(-1.0, 1.0, len(inputs[0]) * 2, dtype="float32").reshape(-1, 2)
    losses = [np.ravel(model.train_on_batch(inputs[0], targets))[0] for _ in range(STEPS)]
    return np.array(losses, dtype="float64")


def _predict(model: Any, inputs: list[Any]) -> list[np.ndarray]:
    outputs = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    return [np.asarray(y) for y in (outputs if isinstance(outputs, (list, tuple)) else [outputs])]


def _draw_inputs(model: Any, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    inputs = []
    for tensor in model.inputs:
        shape = (4, *tuple(tensor.shape)[1:])
        is_embedded = any(type(layer).__name__ == "Embedding" for layer in model.layers)
        x = rng.integers(0, 7, shape) if is_embedded else rng.normal(size=shape)
        # A few steps that masking leaves out.
        if len(shape) == 3:
            x[0, -1] = 0
        inputs.append(x.astype("float32"))
    return inputs


def _draw_weights(model: Any, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(1000 + seed)
    weights = model.get_weights()
    return [
        rng.uniform(0.2, 0.8, w.shape) if w.ndim == 1 else rng.uniform(-0.6, 0.6, w.shape) for w in weights
    ]


def _tell(error: Exception) -> str:
    if os.environ.get("INTERCHANGE_TRACE"):
        traceback.print_exception(error)
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:300]}"


def main(name: str, action: str, folder: Path) -> None:
    """Make or read, and leave the results beside the files."""
    keras = importlib.import_module(name)
    for module in ("models", "layers", "optimizers"):
        importlib.import_module(f"{name}.{module}")
    folder.mkdir(parents=True, exist_ok=True)
    results = {"make": make, "read": read}[action](keras, folder)
    (folder / f"{action}_by_{name}.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
