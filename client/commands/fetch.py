"""kerasd fetch: download what a job left."""

from pathlib import Path
from typing import Annotated

import typer

from client.commands.connection import DEFAULT_URL, JobId, Url, connect
from client.commands.transfers import show_transfer

Name = Annotated[str, typer.Argument(help="model.h5, weights.h5, history.csv, summary.txt or best.h5.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="File or folder; default: its name, in the current folder."),
]


def fetch(job_id: JobId, name: Name = "model.h5", output: Output = None, url: Url = DEFAULT_URL) -> None:
    """Download a file of a job; it appears whole and checked, or not at all."""
    with connect(url) as client, show_transfer(name) as progress:
        path = client.jobs.fetch(job_id, name, output, progress=progress)
    typer.echo(str(path))
