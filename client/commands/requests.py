"""kerasd pause, resume, retry, clone and prioritize: what is asked of a job that is there."""

from pathlib import Path
from typing import Annotated, Any

import typer

from client.commands.connection import DEFAULT_URL, JobId, Url, connect, read_json
from client.commands.watch import watch_job
from client.records import Job

Epochs = Annotated[int | None, typer.Option(min=1)]
BatchSize = Annotated[int | None, typer.Option(min=1)]
Name = Annotated[str | None, typer.Option(help="The new job's name.")]
Changes = Annotated[
    Path | None,
    typer.Option("--spec", help="JSON object of all fields that differ.", exists=True, dir_okay=False),
]
IsWatched = Annotated[bool, typer.Option("--watch/--detach", help="Follow the new job, or print its id.")]
FromScratch = Annotated[
    bool, typer.Option("--from-scratch", help="Forget what the job has learnt and measured.")
]
Priority = Annotated[int, typer.Argument(min=-100, max=100, help="Higher goes first.")]


def pause(job_id: JobId, url: Url = DEFAULT_URL) -> None:
    """Pause a job: a waiting one at once, a running one once it has written a checkpoint."""
    with connect(url) as client:
        _tell(client.jobs.pause(job_id))


def resume(job_id: JobId, url: Url = DEFAULT_URL) -> None:
    """Let a paused job go on."""
    with connect(url) as client:
        _tell(client.jobs.resume(job_id))


def retry(job_id: JobId, from_scratch: FromScratch = False, url: Url = DEFAULT_URL) -> None:
    """Try a job again that failed or was cancelled, from its last checkpoint."""
    with connect(url) as client:
        _tell(client.jobs.retry(job_id, from_checkpoint=not from_scratch))


def prioritize(job_id: JobId, priority: Priority, url: Url = DEFAULT_URL) -> None:
    """Give a job another priority; write a negative one behind `--`."""
    with connect(url) as client:
        job = client.jobs.prioritize(job_id, priority)
    typer.echo(f"{job.id} has the priority {job.priority}")


def clone(
    job_id: JobId,
    name: Name = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    changes: Changes = None,
    is_watched: IsWatched = True,
    url: Url = DEFAULT_URL,
) -> None:
    """Train once more like a job, with some fields changed. Exit status as of `submit`."""
    asked: dict[str, Any] = {} if changes is None else dict(read_json(changes))
    fit = {field: value for field, value in (("epochs", epochs), ("batch_size", batch_size)) if value}
    if fit:
        asked["fit"] = {**asked.get("fit", {}), **fit}
    if name is not None:
        asked["name"] = name
    with connect(url) as client:
        job = client.jobs.clone(job_id, asked)
        typer.echo(job.id, err=is_watched)
        if is_watched:
            raise typer.Exit(watch_job(client, job.id))


def _tell(job: Job) -> None:
    typer.echo(f"{job.id} is {job.state}")
