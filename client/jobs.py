"""Jobs of the service."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from client.arrays import NPY, NPZ, decode_arrays, encode_array, encode_arrays
from client.errors import KerasdError
from client.events import Event, Watch, fetch_events
from client.files import Progress, download
from client.paging import fetch_page, iterate_pages
from client.records import Artifact, Job, Metrics, Page
from client.transport import Transport

_GRACE_SECONDS: Final = 10.0


class Jobs:
    """The jobs of a service; reached as `client.jobs`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self,
        *,
        model: str | Mapping[str, Any] | None = None,
        dataset: str | None = None,
        compile: Mapping[str, Any] | None = None,
        fit: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        callbacks: Sequence[Mapping[str, Any]] | None = None,
        name: str | None = None,
        seed: int | None = None,
        mixed_precision: str | None = None,
        priority: int | None = None,
        queue_timeout_seconds: float | None = None,
        time_limit_seconds: float | None = None,
        max_attempts: int | None = None,
        tags: Sequence[str] | None = None,
        external: bool | None = None,
        epochs: int | None = None,
        idempotency_key: str | None = None,
    ) -> Job:
        """Ask for a training. What can be checked is checked before it is queued.

        Args:
            model: id of a model, or a definition as an object. dataset: id of a dataset.
            compile: arguments of Keras's `compile`: optimizer, loss, metrics, loss_weights,
                sample_weight_mode, weighted_metrics. An optimizer is a name or
                `{"class_name": ..., "config": {...}}`.
            fit: arguments of Keras's `fit`: epochs, batch_size, validation_split, shuffle, class_weight, ...
            data: which columns feed the model: `{"x": ..., "y": ..., "validation": {"x", "y"}}`; the service
                chooses by their names where it is absent.
            callbacks: `{"class_name": "EarlyStopping", "config": {...}}` and so on.
            mixed_precision: `bfloat16` or `tf32`: what products and convolutions compute in.
            priority: -100 to 100, default 0; higher goes first, and a minute of waiting is worth a point.
            queue_timeout_seconds: a job that has not started by then fails.
            time_limit_seconds: of all attempts together. tags: words to find it by.
            max_attempts: so many attempts may be lost to crashes and lost workers.
            external: the run trains elsewhere and only reports here, `epochs` long.
        Returns: the job, queued.
        Raises: KerasdError: something does not fit; `pointer` names the field.
        """
        given = {
            "model": model,
            "dataset": dataset,
            "compile": compile,
            "fit": fit,
            "data": data,
            "callbacks": callbacks,
            "name": name,
            "seed": seed,
            "mixed_precision": mixed_precision,
            "priority": priority,
            "queue_timeout_seconds": queue_timeout_seconds,
            "time_limit_seconds": time_limit_seconds,
            "max_attempts": max_attempts,
            "tags": tags,
            "external": external,
            "epochs": epochs,
        }
        spec = {field: value for field, value in given.items() if value is not None}
        return self.submit(spec, idempotency_key=idempotency_key)

    def submit(self, spec: Mapping[str, Any], *, idempotency_key: str | None = None) -> Job:
        """Ask for a training as `create` does, with the whole request as one object."""
        answer = self._transport.create("/v1/jobs", json=dict(spec), idempotency_key=idempotency_key)
        return Job.model_validate_json(answer.content)

    def get(self, job_id: str) -> Job:
        """Get a job."""
        return Job.model_validate_json(self._transport.request("GET", f"/v1/jobs/{job_id}").content)

    def list(
        self, *, state: str | None = None, tag: str | None = None, limit: int = 50, after: str | None = None
    ) -> Page[Job]:
        """Get one page of jobs, newest first."""
        params = {"state": state, "tag": tag, "limit": limit, "after": after}
        return fetch_page(self._transport, "/v1/jobs", Job, params)

    def iterate(self, *, state: str | None = None, tag: str | None = None) -> Iterator[Job]:
        """Go through all jobs, newest first."""
        return iterate_pages(self._transport, "/v1/jobs", Job, {"state": state, "tag": tag})

    def cancel(self, job_id: str) -> Job:
        """Ask for a job's end; a job that has ended stays as it is."""
        return self._ask(job_id, "cancel")

    def pause(self, job_id: str) -> Job:
        """Pause a job: a waiting one at once, a running one once it has written a checkpoint.

        Raises: KerasdError (409): it has ended, or trains elsewhere.
        """
        return self._ask(job_id, "pause")

    def resume(self, job_id: str) -> Job:
        """Queue a paused job again; it goes on from its checkpoint.

        Raises: KerasdError (409): it is not paused; one that is pausing still writes its checkpoint.
        """
        return self._ask(job_id, "resume")

    def retry(self, job_id: str, *, from_checkpoint: bool = True) -> Job:
        """Queue a job that failed or was cancelled again.

        Args: from_checkpoint: false forgets what it has learnt and measured.
        Raises: KerasdError (409): it neither failed nor was cancelled, or trains elsewhere.
        """
        body = {"from_checkpoint": from_checkpoint}
        answer = self._transport.request("POST", f"/v1/jobs/{job_id}/retry", json=body)
        return Job.model_validate_json(answer.content)

    def clone(
        self, job_id: str, changes: Mapping[str, Any] | None = None, *, idempotency_key: str | None = None
    ) -> Job:
        """Ask for a training like another one.

        Args: changes: fields of the request that differ, as in `{"name": "longer", "fit": {"epochs": 20}}`;
            those within `fit`, `compile` and `data` are replaced one by one.
        """
        answer = self._transport.create(
            f"/v1/jobs/{job_id}/clone", json=dict(changes or {}), idempotency_key=idempotency_key
        )
        return Job.model_validate_json(answer.content)

    def prioritize(self, job_id: str, priority: int) -> Job:
        """Give a job another priority, -100 to 100; what it has waited counts on."""
        answer = self._transport.request(
            "PATCH", f"/v1/jobs/{job_id}", json={"priority": priority}, is_repeatable=True
        )
        return Job.model_validate_json(answer.content)

    def _ask(self, job_id: str, verb: str) -> Job:
        answer = self._transport.request("POST", f"/v1/jobs/{job_id}/{verb}", is_repeatable=True)
        return Job.model_validate_json(answer.content)

    def mint_token(self, job_id: str) -> str:
        """Make the token with which an external run reports, told this once; the one before ends.

        Stock Keras sends it: `RemoteMonitor(root=..., headers={"Authorization": f"Bearer {token}"})`.
        """
        return str(self._transport.request("POST", f"/v1/jobs/{job_id}/token").json()["token"])

    def finish(self, job_id: str, state: str = "succeeded") -> Job:
        """End an external run; `state` is succeeded or failed."""
        answer = self._transport.request("POST", f"/v1/jobs/{job_id}/finish", json={"state": state})
        return Job.model_validate_json(answer.content)

    def watch(self, job_id: str, *, since: int = 0, patience_seconds: float = 300.0) -> Iterator[Event]:
        """Follow a job's events to its end, over breaks of the connection.

        Args: since: `id` of the last event already seen. patience_seconds: how long the service may be away.
        Raises: KerasdError: there is no such job, or the service stayed away.
        """
        return iter(Watch(self._transport, job_id, since=since, patience_seconds=patience_seconds))

    def events(self, job_id: str, *, since: int = 0) -> Sequence[Event]:
        """Get the events behind `since` that there are now."""
        return fetch_events(self._transport, f"/v1/jobs/{job_id}", since)

    def wait(
        self,
        job_id: str,
        *,
        timeout_seconds: float | None = None,
        poll_seconds: float = 0.5,
        patience_seconds: float = 300.0,
    ) -> Job:
        """Wait until a job has ended.

        Args: patience_seconds: how long the service may be away.
        Raises: TimeoutError: it had not ended after `timeout_seconds`. KerasdError: the service stayed away.
        """
        started = last_contact = time.monotonic()
        while True:
            try:
                job = self.get(job_id)
            except KerasdError as exc:
                if exc.status is not None or time.monotonic() - last_contact > patience_seconds:
                    raise
            else:
                last_contact = time.monotonic()
                if job.is_terminal:
                    return job
            if timeout_seconds is not None and time.monotonic() - started > timeout_seconds:
                raise TimeoutError(f"Job {job_id} had not ended after {timeout_seconds} seconds.")
            time.sleep(poll_seconds)

    def metrics(
        self, job_id: str, *, since: int = 0, names: Sequence[str] | None = None, kind: str = "epoch"
    ) -> Metrics:
        """Get metrics written behind the cursor `since`.

        Args: names: only these metrics. kind: `epoch` or `batch`.
        """
        params = {"since": since, "names": ",".join(names) if names else None, "kind": kind}
        answer = self._transport.request("GET", f"/v1/jobs/{job_id}/metrics", params=params)
        return Metrics.model_validate_json(answer.content)

    def metrics_csv(self, job_id: str, *, kind: str = "epoch") -> str:
        """Get all metrics as CSV text."""
        params = {"kind": kind, "format": "csv"}
        return self._transport.request("GET", f"/v1/jobs/{job_id}/metrics", params=params).text

    def record(self, job_id: str, points: Sequence[Mapping[str, Any]], *, attempt: int) -> int:
        """Write metrics as a worker does; points sent again change nothing.

        Args:
            points: `{"kind", "step", "epoch", "values": {name: number}, "recorded_at"}`.
            attempt: the job's attempt that the writer works for.
        Returns: number of points recorded.
        Raises: KerasdError (409): another attempt has taken over.
        """
        body = json.dumps({"attempt": attempt, "points": list(points)}).encode()
        return int(self._post_numbers(f"/v1/jobs/{job_id}/metrics", body).json()["recorded"])

    def publish(self, job_id: str, epoch: int, values: Mapping[str, float]) -> None:
        """Write the metrics of one epoch of an external run, as Keras's RemoteMonitor does.

        Args: epoch: 0 is the first.
        """
        body = json.dumps({"epoch": epoch, **values}).encode()
        self._post_numbers(f"/v1/jobs/{job_id}/publish/epoch/end/", body)

    def _post_numbers(self, path: str, body: bytes) -> Any:
        # Not httpx's own JSON, which refuses NaN and the infinities.
        headers = {"Content-Type": "application/json"}
        return self._transport.request("POST", path, is_repeatable=True, body=body, headers=headers)

    def logs(self, job_id: str, *, since: int = 0) -> str:
        """Get the log as text."""
        return self._transport.request("GET", f"/v1/jobs/{job_id}/logs", params={"since": since}).text

    def artifacts(self, job_id: str) -> Sequence[Artifact]:
        """Get the list of the files that a job left."""
        answer = self._transport.request("GET", f"/v1/jobs/{job_id}/artifacts").json()
        return [Artifact.model_validate(artifact) for artifact in answer["data"]]

    def fetch(
        self, job_id: str, name: str, path: Path | str | None = None, *, progress: Progress | None = None
    ) -> Path:
        """Download an artifact: model.h5, weights.h5, history.csv, summary.txt or best.h5.

        The file appears complete and with the right SHA-256, or not at all.
        Args: path: a file or a folder to write to; default: the artifact's name in the current folder.
        Returns: the path of the file.
        Raises: KerasdError: there is no such artifact, or it did not arrive whole.
        """
        artifacts = {artifact.name: artifact for artifact in self.artifacts(job_id)}
        if name not in artifacts:
            found = ", ".join(artifacts) or "none yet"
            raise KerasdError("No such artifact", f"Job {job_id} has no artifact {name!r}; it has: {found}.")
        target = Path(path) if path is not None else Path(name)
        if target.is_dir():
            target = target / name
        download(self._transport, artifacts[name], target, progress)
        return target

    def predict(self, job_id: str, x: Any, *, timeout_seconds: float = 300.0) -> Any:
        """Predict with a job's trained model.

        Args:
            x: a numpy array, a dict of arrays by input name, or nested lists (also by input name).
            timeout_seconds: how long the service waits for a worker, at most 600.
        Shapes: (samples, ...input) -> (samples, ...output).
        Returns: arrays for arrays, lists for lists; a dict by output name where there are several outputs.
        Raises: KerasdError: the shapes do not fit, the job has no model, or no worker answered in time (504).
        """
        params = {"timeout_seconds": timeout_seconds}
        options: dict[str, Any] = {"params": params, "timeout": timeout_seconds + _GRACE_SECONDS}
        if isinstance(x, np.ndarray):
            options |= {"body": encode_array(x), "headers": {"Content-Type": NPY, "Accept": NPY}}
        elif isinstance(x, Mapping) and x and all(isinstance(value, np.ndarray) for value in x.values()):
            options |= {"body": encode_arrays(x), "headers": {"Content-Type": NPZ, "Accept": NPZ}}
        else:
            options |= {"json": {"x": x}}
        answer = self._transport.request("POST", f"/v1/jobs/{job_id}/predict", **options)
        return answer.json()["y"] if "json" in options else decode_arrays(answer)
