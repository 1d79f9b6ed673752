"""What can go wrong when a job is written to."""

from collections.abc import Iterable


class JobError(Exception):
    """Base of these errors."""


class JobNotFoundError(JobError):
    """There is no such job."""

    def __init__(self, job_id: str) -> None:
        super().__init__(f"There is no job {job_id}.")
        self.job_id = job_id


class StaleAttemptError(JobError):
    """The writer's attempt is no longer the one that counts, so that it must stop."""

    def __init__(self, job_id: str, attempt: int, current_attempt: int, state: str) -> None:
        super().__init__(
            f"Attempt {attempt} of job {job_id} may not write any more: the job is {state}, "
            f"at attempt {current_attempt}."
        )
        self.job_id = job_id
        self.attempt = attempt
        self.current_attempt = current_attempt
        self.state = state


class ExternalRunError(JobError):
    """What is asked can only be done where the run trains."""

    def __init__(self, job_id: str, verb: str) -> None:
        super().__init__(f"Job {job_id} trains elsewhere and only reports here; {verb} it there.")
        self.job_id = job_id


class IllegalMoveError(JobError):
    """The job is in a state from which this move is not allowed."""

    def __init__(self, job_id: str, state: str, target: str, sources: Iterable[str]) -> None:
        super().__init__(
            f"Job {job_id} is {state} and cannot become {target}: "
            f"only a job that is {' or '.join(sorted(sources)) or 'new'} can."
        )
        self.job_id = job_id
        self.state = state
        self.target = target
