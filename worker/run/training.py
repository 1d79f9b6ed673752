"""One attempt at a job, from its row to its artifacts."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from core.database import session_scope, utc_now
from core.jobs import cursor, lease, transitions
from core.jobs.states import JobState
from core.settings import Settings
from core.storage import ObjectStore
from core.tables import Job
from engine.callbacks import Callback
from engine.saving import DefinitionLimits, read_definition
from worker.attempt import SHUTDOWN_REASON
from worker.device import seed_generators
from worker.reporting import RefusedError, ServiceMonitor
from worker.run import artifacts
from worker.run.callbacks import EpochLog, LossGuard, NonFiniteLossError, make_callbacks
from worker.run.checkpoint import Checkpointer, read_checkpoint
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
        self.monitor = ServiceMonitor(settings, job.job_id, job.attempt, home / "spool")

    def run(self) -> None:
        """Train, keep the files and end the job as succeeded; or hand it back when that is wanted.

        Raises:
            RefusedError, StaleAttemptError: the job is another attempt's; nothing more may be written.
            Exception: whatever went wrong; nothing is half written.
        """
        try:
            self._train()
        except InterruptedTrainingError as interruption:
            self._hand_back(str(interruption))

    def _train(self) -> None:
        seed_generators(self._seed())
        model = self._build_model()
        train, validation = load_data(self._job, self._store, self._settings)
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
        resumed = read_checkpoint(self._store, self._job.job_id)
        asked = make_callbacks(self._job.spec["callbacks"], self._folder)
        checkpointer = Checkpointer(
            self._store,
            self._job.job_id,
            self._folder,
            seconds=self._settings.checkpoint_seconds,
            must_yield=self._must_yield,
            may_write=self._note_checkpoint,
            written=self._check_interruption,
            resumed=resumed,
        )
        watching: list[Callback] = [
            log,
            self.monitor,
            BestModels(self._folder, self._keep),
            LossGuard(),
            checkpointer,
        ]
        if resumed is not None:
            within = f" and {resumed.batch} batches" if resumed.batch else ""
            print(f"Going on from the checkpoint after epoch {resumed.epoch}{within}")
        model.fit(**fit, callbacks=[*asked, *watching], verbose=0)

    def _finish(self, model: Any, log: EpochLog) -> None:
        paths = [
            *artifacts.write_model(model, self._folder),
            *artifacts.write_reports(model, log.rows, self._folder),
        ]
        files = artifacts.keep_files(self._store, paths)
        if not self.monitor.flush():
            raise RefusedError(self._job.job_id)
        self._printed.finish()
        with session_scope(self._db_engine) as session:
            artifacts.add_artifacts(session, self._store, self._job.job_id, files)
            transitions.move(session, self._job.job_id, JobState.SUCCEEDED, attempt=self._job.attempt)

    def _keep(self, paths: list[Path]) -> None:
        files = artifacts.keep_files(self._store, paths)
        with session_scope(self._db_engine) as session:
            artifacts.add_artifacts(session, self._store, self._job.job_id, files)
            cursor.reserve(session, self._job.job_id, 0, self._job.attempt)

    def _note_checkpoint(self) -> None:
        with session_scope(self._db_engine) as session:
            cursor.reserve(session, self._job.job_id, 0, self._job.attempt)
            session.get_one(Job, self._job.job_id).checkpoint_at = utc_now()

    def _begin(self) -> None:
        with session_scope(self._db_engine) as session:
            self._refuse_interrupted(transitions.lock(session, self._job.job_id).state)
            transitions.move(session, self._job.job_id, JobState.RUNNING, attempt=self._job.attempt)

    def _check_interruption(self) -> None:
        with session_scope(self._db_engine, read_only=True) as session:
            self._refuse_interrupted(session.get_one(Job, self._job.job_id).state)

    def _refuse_interrupted(self, state: str) -> None:
        if state == JobState.PAUSING:
            raise InterruptedTrainingError("paused on request")
        if self._must_yield():
            raise InterruptedTrainingError(SHUTDOWN_REASON)

    def _hand_back(self, reason: str) -> None:
        if not self.monitor.flush():
            raise RefusedError(self._job.job_id)
        self._printed.finish()
        with session_scope(self._db_engine) as session:
            lease.release(session, self._job.job_id, self._job.attempt, reason)


class BestModels(Callback):
    """Keeps the files of `ModelCheckpoint` as artifacts as soon as they change, so that no kill loses them.

    Args:
        folder: where `ModelCheckpoint` writes.
        keep: keeps files.
    """

    def __init__(self, folder: Path, keep: Callable[[list[Path]], None]) -> None:
        super().__init__()
        self._folder = folder
        self._keep = keep
        self._seen: dict[Path, int] = {}

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Called at the end of each epoch."""
        written = {path: path.stat().st_mtime_ns for path in self._folder.glob("best*.h5")}
        changed = [path for path, written_at in written.items() if self._seen.get(path) != written_at]
        if changed:
            self._keep(changed)
        self._seen = written
