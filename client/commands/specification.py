"""A job request as a user writes it: the body of `POST /v1/jobs`, in which files may stand for ids."""

from pathlib import Path
from typing import Any

import typer

from client.client import Client
from client.commands.transfers import show_transfer
from client.records import Job


def submit_spec(client: Client, spec: dict[str, Any], folder: Path, weights: Path | None = None) -> Job:
    """Send a job, and before it the files that its `model` and `dataset` name.

    Args: folder: where relative paths begin. weights: a weights file for a model that is sent as a file.
    Raises: KerasdError: the service refused something.
    """
    prepared = dict(spec)
    if isinstance(spec.get("model"), str) and not spec["model"].startswith("mdl_"):
        path = _find_file(folder, spec["model"], "model")
        with show_transfer(path.name) as progress:
            prepared["model"] = client.models.create(path, weights=weights, progress=progress).id
    if isinstance(spec.get("dataset"), str) and not spec["dataset"].startswith("dst_"):
        path = _find_file(folder, spec["dataset"], "dataset")
        with show_transfer(path.name) as progress:
            prepared["dataset"] = client.datasets.upload(path, progress=progress).id
    return client.jobs.submit(prepared)


def _find_file(folder: Path, name: str, role: str) -> Path:
    path = folder / name
    if not path.is_file():
        prefix = "mdl_" if role == "model" else "dst_"
        raise typer.BadParameter(f"The {role} {name!r} is neither a file nor an id ({prefix}...).")
    return path
