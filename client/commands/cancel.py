"""kerasd cancel: end a job."""

import typer

from client.commands.connection import DEFAULT_URL, JobId, Url, connect


def cancel(job_id: JobId, url: Url = DEFAULT_URL) -> None:
    """Ask for a job's end; what it has learnt and measured so far is kept."""
    with connect(url) as client:
        job = client.jobs.cancel(job_id)
    typer.echo(f"{job.id} {'will be cancelled' if not job.is_terminal else f'is {job.state}'}")
