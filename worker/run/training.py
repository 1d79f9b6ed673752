"""One attempt at a job, from its row to its artifacts."""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.database import utc_now
from core.jobs import cursor, lease, transitions
from core.jobs.errors import StaleAttemptError
from core.jobs.states import JobState
from core.settings import Settings
from core.storage import ObjectStore
from core.tables import Job
from engine.backend import set_mixed_precision
from engine.callbacks import Callback
from engine.saving import DefinitionLimits, read_definition
from worker.attempt import SHUTDOWN_REASON
from worker.device import seed_generators, use_threads
from worker.patience import endure, insist
from worker.reporting import RefusedError, ServiceMonitor
from worker.run import artifacts
from worker.run.callbacks import (
    BestModels,
    EpochLog,
    LossGuard,
    MissedEpochs,
    NonFiniteLossError,
    make_callbacks,
)
from worker.run.checkpoint import Checkpoint, Checkpointer, read_checkpoint
from worker.run.data import load_data, make_fit_arguments
from worker.run.job import TrainingJob
from worker.run.log import RunLog


class InterruptedTrainingError(Exception):
    """The run is to end here and to go on later from its checkpoint; the message says why."""


class Training:
    """Trains a job and hands back its files.

    Args:
        settings: limits and addresses.
        db_engine, store: the service's database and files.
        job: what to train.
        printed: the log of the job, which is finished before the job leaves this process.
        must_yield: whether the worker wants the job back; asked before the training and after each batch.
    """

    def __init__(
        self,
        settings: Settings,
        db_engine: Engine,
        store: ObjectStore,
        job: TrainingJob,
        printed: RunLog,
        must_yield: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._db_engine = db_engine
        self._store = store
        self._job = job
        self._printed = printed
        self._must_yield = must_yield
        home = settings.runs_path / job.job_id
        self._folder = home / str(job.attempt)
        self._folder.mkdir(parents=True, exist_ok=True)
        self.monitor = ServiceMonitor(settings, job.job_id, job.attempt, home / "spool", job.token)

    def run(self) -> None:
        """Train, keep the files and end the job as succeeded; or hand it back when that is wanted.

        Raises:
            RefusedError, StaleAttemptError: the job is another attempt's; nothing more may be written.
            Exception: whatever went wrong; nothing is half written.
        """
        # At each attempt alike; specs of earlier versions ask for nothing.
        set_mixed_precision(self._job.spec.get("mixed_precision"))
        try:
            self._train()
        except InterruptedTrainingError as interruption:
            self._hand_back(str(interruption))
        finally:
            set_mixed_precision(None)

    def _train(self) -> None:
        seed_generators(self._seed())
        model = endure(self._build_model)
        train, validation = endure(partial(load_data, self._job, self._store, self._settings))
        model.compile(**self._job.spec["compile"])
        fit = make_fit_arguments(self._job.spec["fit"], train, validation, model.output_names)
        self._begin()
        log = EpochLog(fit["epochs"])
        try:
            self._fit(model, fit, log)
        except NonFiniteLossError:
            self._keep(artifacts.write_reports(model, log.rows, self._folder))
            raise
        self._finish(model, log)

    def _seed(self) -> int:
        """The job's seed, or one made from its identifier, so that every attempt draws the same."""
        seed = self._job.spec.get("seed")
        if seed is not None:
            return int(seed)
        return int.from_bytes(hashlib.sha256(self._job.job_id.encode()).digest()[:4], "big")

    def _build_model(self) -> Any:
        settings = self._settings
        limits = DefinitionLimits(
            text_bytes=settings.max_definition_bytes,
            layers=settings.max_layers,
            parameters=settings.max_parameters,
            activation_bytes=settings.max_activation_bytes,
        )
        model = read_definition(self._job.definition, limits).build()
        if self._job.weights_sha256 is not None:
            with self._store.local_path(self._job.weights_sha256) as path:
                model.load_weights(str(path))
        return model

    def _fit(self, model: Any, fit: dict[str, Any], log: EpochLog) -> None:
        resumed = self._read_checkpoint()
        asked = make_callbacks(self._job.spec["callbacks"], self._folder)
        checkpointer = Checkpointer(
            self._store,
            self._job.job_id,
            self._job.attempt,
            self._folder,
            seconds=self._settings.checkpoint_seconds,
            must_yield=self._must_yield,
            may_write=self._refuse_stale,
            written=self._note_checkpoint,
            resumed=None if resumed is None else resumed.state,
        )
        watching: list[Callback] = [
            log,
            self.monitor,
            MissedEpochs(log, self.monitor, self._job.told_epochs),
            BestModels(self._folder, self._keep),
            LossGuard(),
            checkpointer,
        ]
        if resumed is not None:
            use_threads(resumed.threads)
            state = resumed.state
            within = f" and {state.batch} batches" if state.batch else ""
            print(f"Going on from the checkpoint after epoch {state.epoch}{within}")
            # Told at once: what ended the attempt before may end this one too, before its lines are written.
            self._printed.deliver()
        model.fit(**fit, callbacks=[*asked, *watching], verbose=0)

    def _finish(self, model: Any, log: EpochLog) -> None:
        paths = [
            *artifacts.write_model(model, self._folder),
            *artifacts.write_reports(model, log.rows, self._folder),
        ]
        files = endure(partial(artifacts.keep_files, self._store, paths))
        if not self.monitor.flush():
            raise RefusedError(self._job.job_id)
        self._printed.finish()

        def succeed(session: Session) -> None:
            artifacts.add_artifacts(session, self._store, self._job.job_id, files)
            transitions.move(session, self._job.job_id, JobState.SUCCEEDED, attempt=self._job.attempt)

        insist(self._db_engine, succeed)

    def _keep(self, paths: list[Path]) -> None:
        files = endure(partial(artifacts.keep_files, self._store, paths))

        def add(session: Session) -> None:
            artifacts.add_artifacts(session, self._store, self._job.job_id, files)
            cursor.reserve(session, self._job.job_id, 0, self._job.attempt)

        insist(self._db_engine, add)

    def _read_checkpoint(self) -> Checkpoint | None:
        """The checkpoint to go on from; whatever lies in the store of a job that is to begin anew is none."""
        if not self._job.has_checkpoint:
            return None
        return endure(partial(read_checkpoint, self._store, self._job.job_id))

    def _refuse_stale(self) -> None:
        job_id = self._job.job_id
        job = insist(self._db_engine, lambda session: session.get_one(Job, job_id), read_only=True)
        if job.attempt != self._job.attempt:
            raise StaleAttemptError(job_id, self._job.attempt, job.attempt, job.state)

    def _note_checkpoint(self) -> None:
        """Tell that there is a checkpoint, once there is: a job of which this was never told begins anew."""

        def note(session: Session) -> str:
            cursor.reserve(session, self._job.job_id, 0, self._job.attempt)
            job = session.get_one(Job, self._job.job_id, populate_existing=True)
            job.checkpoint_at = utc_now()
            return job.state

        self._refuse_interrupted(insist(self._db_engine, note))

    def _begin(self) -> None:
        def begin(session: Session) -> None:
            job = transitions.lock(session, self._job.job_id)
            self._refuse_interrupted(job.state)
            # It runs already where this was done and the database could not say so.
            if (job.state, job.attempt) != (JobState.RUNNING, self._job.attempt):
                transitions.move(session, job.id, JobState.RUNNING, attempt=self._job.attempt)

        insist(self._db_engine, begin)

    def _refuse_interrupted(self, state: str) -> None:
        if state == JobState.PAUSING:
            raise InterruptedTrainingError("paused on request")
        if self._must_yield():
            raise InterruptedTrainingError(SHUTDOWN_REASON)

    def _hand_back(self, reason: str) -> None:
        if not self.monitor.flush():
            raise RefusedError(self._job.job_id)
        self._printed.finish()
        job_id, attempt = self._job.job_id, self._job.attempt
        insist(self._db_engine, lambda session: lease.release(session, job_id, attempt, reason))
