"""kerasd watch: follow a job."""

import typer
from rich.console import Console

from client.client import Client
from client.commands.connection import DEFAULT_URL, JobId, Url, connect
from client.commands.display import show_events

INTERRUPTED = 130


def watch(job_id: JobId, url: Url = DEFAULT_URL) -> None:
    """Follow a job to its end; Ctrl-C leaves it running. Exit status: 0 succeeded, 1 failed, 2 cancelled."""
    with connect(url) as client:
        raise typer.Exit(watch_job(client, job_id))


def watch_job(client: Client, job_id: str) -> int:
    """Show a job until it ends or the user has seen enough. Returns: the exit status."""
    console = Console()
    try:
        return show_events(console, client.jobs.get(job_id), client.jobs.watch(job_id)).exit_status
    except KeyboardInterrupt:
        console.print(
            f"\nJob {job_id} goes on running. `kerasd watch {job_id}` follows it again, "
            f"`kerasd cancel {job_id}` ends it.",
            highlight=False,
            soft_wrap=True,
        )
        return INTERRUPTED
