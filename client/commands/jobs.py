"""kerasd jobs: list jobs."""

from itertools import islice
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from client.commands.connection import DEFAULT_URL, Url, connect
from client.commands.history import format_value, sort_names
from client.records import Job

State = Annotated[str | None, typer.Option(help="Only jobs in this state.")]
Tag = Annotated[str | None, typer.Option(help="Only jobs with this tag.")]
Limit = Annotated[int, typer.Option(min=1, help="At most so many.")]


def jobs(state: State = None, tag: Tag = None, limit: Limit = 20, url: Url = DEFAULT_URL) -> None:
    """List jobs, newest first."""
    with connect(url) as client:
        found = list(islice(client.jobs.iterate(state=state, tag=tag), limit))
    if not found:
        typer.echo("No jobs.")
        return
    console = Console()
    if not console.is_terminal:
        for job in found:
            typer.echo("\t".join(_describe(job)))
        return
    table = Table("id", "name", "state", "epochs", "last metrics", "created")
    for job in found:
        table.add_row(*_describe(job))
    console.print(table)


def _describe(job: Job) -> tuple[str, ...]:
    state = job.state if job.queue_position is None else f"{job.state} ({job.queue_position})"
    metrics = ", ".join(f"{name} {format_value(job.metrics[name])}" for name in sort_names(job.metrics))
    created = job.created_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return job.id, job.name or "", state, f"{job.epoch}/{job.epochs}", metrics, created
