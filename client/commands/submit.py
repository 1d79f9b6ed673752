"""kerasd submit: send a model and data, and train."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from client.commands.connection import DEFAULT_URL, Url, connect, read_json
from client.commands.specification import submit_spec
from client.commands.watch import watch_job

_FILE: dict[str, Any] = {"exists": True, "dir_okay": False}
_ONE_OR_JSON = "a name, or JSON"

Model = Annotated[str | None, typer.Argument(help="A .json, .yaml or .h5 file of the model, or its id.")]
Dataset = Annotated[
    str | None, typer.Argument(help="A .npz, .npy, HDF5, CSV, Parquet or zipped image file, or its id.")
]
Spec = Annotated[
    Path | None,
    typer.Option(
        help="A job as POST /v1/jobs takes it; model and dataset may be files. Options win.", **_FILE
    ),
]
Weights = Annotated[Path | None, typer.Option(help="Weights (.h5) for a model without any.", **_FILE)]
Optimizer = Annotated[str | None, typer.Option(help=f"Keras's name of it ({_ONE_OR_JSON}).")]
Loss = Annotated[str | None, typer.Option(help=f"Keras's name of it ({_ONE_OR_JSON}, by output).")]
MetricNames = Annotated[
    list[str] | None, typer.Option("--metrics", help="May be given again; or with commas.")
]
Epochs = Annotated[int | None, typer.Option(min=1)]
BatchSize = Annotated[int | None, typer.Option(min=1)]
ValidationSplit = Annotated[float | None, typer.Option(help="Last part of the data that validates: 0 to 1.")]
X = Annotated[list[str] | None, typer.Option("--x", help="Column that feeds the model, or INPUT=COLUMN.")]
Y = Annotated[list[str] | None, typer.Option("--y", help="Column of the targets, or OUTPUT=COLUMN.")]
Callbacks = Annotated[Path | None, typer.Option(help="JSON list of {class_name, config}.", **_FILE)]
Name = Annotated[str | None, typer.Option(help="The job's name.")]
Tags = Annotated[list[str] | None, typer.Option("--tag", help="A word to find it by; may be given again.")]
Seed = Annotated[int | None, typer.Option(min=0)]
MixedPrecision = Annotated[
    str | None, typer.Option(help="What products and convolutions compute in: bfloat16 or tf32.")
]
Priority = Annotated[int | None, typer.Option(min=-100, max=100, help="Higher goes first.")]
QueueTimeout = Annotated[float | None, typer.Option(help="Seconds after which it fails if it still waits.")]
TimeLimit = Annotated[float | None, typer.Option(help="Seconds after which the training is ended.")]
MaxAttempts = Annotated[int | None, typer.Option(min=1, help="So many attempts may be lost to crashes.")]
IsWatched = Annotated[
    bool, typer.Option("--watch/--detach", help="Follow the job, or print its id and return.")
]


def submit(
    model: Model = None,
    dataset: Dataset = None,
    spec: Spec = None,
    weights: Weights = None,
    optimizer: Optimizer = None,
    loss: Loss = None,
    metrics: MetricNames = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    validation_split: ValidationSplit = None,
    x: X = None,
    y: Y = None,
    callbacks: Callbacks = None,
    name: Name = None,
    tag: Tags = None,
    seed: Seed = None,
    mixed_precision: MixedPrecision = None,
    priority: Priority = None,
    queue_timeout: QueueTimeout = None,
    time_limit: TimeLimit = None,
    max_attempts: MaxAttempts = None,
    is_watched: IsWatched = True,
    url: Url = DEFAULT_URL,
) -> None:
    """Train a model on data and follow it. Exit status: 0 succeeded, 1 failed, 2 cancelled."""
    given = {
        "model": _locate(model),
        "dataset": _locate(dataset),
        "compile": {
            "optimizer": _read_value(optimizer),
            "loss": _read_value(loss),
            "metrics": _split_names(metrics),
        },
        "fit": {"epochs": epochs, "batch_size": batch_size, "validation_split": validation_split},
        "data": {"x": _read_columns(x), "y": _read_columns(y)},
        "callbacks": None if callbacks is None else read_json(callbacks),
        "name": name,
        "tags": tag,
        "seed": seed,
        "mixed_precision": mixed_precision,
        "priority": priority,
        "queue_timeout_seconds": queue_timeout,
        "time_limit_seconds": time_limit,
        "max_attempts": max_attempts,
    }
    request = _merge({} if spec is None else _read_spec(spec), given)
    for role in ("model", "dataset"):
        if role not in request:
            raise typer.BadParameter(f"A {role} is missing: `kerasd submit model.json data.npz ...`.")
    with connect(url) as client:
        job = submit_spec(client, request, Path() if spec is None else spec.parent, weights)
        typer.echo(job.id, err=is_watched)
        if is_watched:
            raise typer.Exit(watch_job(client, job.id))


def _locate(named: str | None) -> str | None:
    """A file of the command line lies in the current folder, wherever the specification lies."""
    return str(Path(named).absolute()) if named is not None and Path(named).is_file() else named


def _read_spec(path: Path) -> dict[str, Any]:
    spec = read_json(path)
    if not isinstance(spec, dict):
        raise typer.BadParameter(f"{path} must hold a JSON object.")
    return spec


def _read_value(text: str | None) -> Any:
    if text is None or text[:1] not in {"{", "["}:
        return text
    try:
        return json.loads(text)
    except ValueError as exc:
        raise typer.BadParameter(f"{text} looks like JSON and is not: {exc}") from exc


def _split_names(names: list[str] | None) -> list[str] | None:
    return [part.strip() for name in names for part in name.split(",")] if names else None


def _read_columns(columns: list[str] | None) -> Any:
    """One column, a list of them, or an object of them by input or output."""
    if not columns:
        return None
    if all("=" in column for column in columns):
        return dict(column.split("=", 1) for column in columns)
    return columns[0] if len(columns) == 1 else columns


def _merge(spec: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The specification with everything that was given on the command line in its place."""
    merged = dict(spec)
    for name, value in given.items():
        if isinstance(value, dict) and isinstance(merged.get(name, {}), dict):
            value = _merge(merged.get(name, {}), value) or None
        if value is not None:
            merged[name] = value
    return merged
