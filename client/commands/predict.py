"""kerasd predict: use a trained model."""

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from client.arrays import encode_array, encode_arrays
from client.commands.connection import DEFAULT_URL, JobId, Url, connect, read_json

Data = Annotated[
    Path,
    typer.Argument(exists=True, dir_okay=False, help="Samples: .npy, .npz (arrays by input name) or .json."),
]
Column = Annotated[str | None, typer.Option("--x", help="Take this one array of an .npz file.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help=".npy, .npz or .json to write; default: JSON on the screen."),
]


def predict(
    job_id: JobId, data: Data, x: Column = None, output: Output = None, url: Url = DEFAULT_URL
) -> None:
    """Predict with the trained model of a job."""
    samples = _read_samples(data, x)
    with connect(url) as client:
        y = client.jobs.predict(job_id, samples)
    if output is None:
        typer.echo(json.dumps(_to_lists(y)))
        return
    output.write_bytes(_encode(y, output.suffix.lower()))
    typer.echo(str(output))


def _read_samples(path: Path, column: str | None) -> Any:
    if path.suffix.lower() == ".json":
        return read_json(path)
    try:
        loaded = np.load(path, allow_pickle=False)
    except ValueError as exc:
        raise typer.BadParameter(f"{path} is no .npy or .npz file of plain arrays: {exc}") from exc
    if isinstance(loaded, np.ndarray):
        return loaded
    with loaded:
        if column is None:
            return {name: loaded[name] for name in loaded.files}
        if column not in loaded.files:
            raise typer.BadParameter(f"{path} has no array {column!r}; it has: {', '.join(loaded.files)}.")
        return loaded[column]


def _to_lists(y: Any) -> Any:
    if isinstance(y, dict):
        return {name: _to_lists(value) for name, value in y.items()}
    return y.tolist() if isinstance(y, np.ndarray) else y


def _encode(y: Any, suffix: str) -> bytes:
    if suffix == ".json":
        return json.dumps(_to_lists(y)).encode()
    if suffix == ".npz":
        outputs = y if isinstance(y, dict) else {"y": y}
        return encode_arrays({name: np.asarray(value) for name, value in outputs.items()})
    if suffix == ".npy" and not isinstance(y, dict):
        return encode_array(np.asarray(y))
    raise typer.BadParameter(
        f"--output ends in .npy (one output), .npz or .json. Received: {suffix or 'no ending'}"
    )
