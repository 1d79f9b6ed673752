"""One client of many: it does what people, dashboards and scripts do, at random and as fast as it is answered."""

import itertools
import time
import uuid
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from random import Random
from typing import Any

import httpx
import numpy as np

from tests.load.objects import MOST_EPOCHS, Objects
from tests.worker.conftest import make_definition

TRAINING = {
    "compile": {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]},
    "seed": 1,
}
ACTS = ("change", "create", "delete", "predict", "read", "report", "submit")
# Statuses besides 2xx that an act may be answered with, since others may have been faster.
EXPECTED = {
    "delete": {404, 409},
    "submit": {409, 422},
    "change": {404, 409},
    "read": {404},
    "predict": {404, 409},
    "report": {409},
}


# So that a slow machine, too, does everything that is to be tried.
LEAST_ACTS = 40


@dataclass
class Record:
    """What a client has seen.

    Attributes:
        answers: how many by act and status. surprises: answers that must not be. slowest: seconds by act.
    """

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)
    slowest: dict[str, float] = field(default_factory=dict)

    def count_successes(self, act: str) -> int:
        return sum(count for (of, status), count in self.answers.items() if of == act and status < 300)

    def add(self, other: "Record") -> None:
        self.answers += other.answers
        self.surprises += other.surprises
        for act, seconds in other.slowest.items():
            self.slowest[act] = max(seconds, self.slowest.get(act, 0))


class LoadClient:
    """Acts at random on the objects that all clients share.

    Args:
        url: of the API.
        objects: of all clients.
        seed: of what it does.
        most_trainings: no client asks for more trainings than this, of all clients together.
    """

    def __init__(self, url: str, objects: Objects, seed: int, most_trainings: int) -> None:
        self.record = Record()
        self._http = httpx.Client(base_url=url, timeout=120)
        self._objects = objects
        self._random = Random(seed)
        self._most_trainings = most_trainings
        self._acts = {
            self.upload_dataset: 2, self.upload_model: 2, self.submit: 3, self.open_external: 1, self.report: 8,
            self.read: 10, self.change: 4, self.finish: 1, self.delete: 2, self.predict: 4, self.publish: 4,
        }  # fmt: skip

    def run(self, seconds: float) -> None:
        """Act until the time is over, and no less than `LEAST_ACTS` times."""
        end = time.monotonic() + seconds
        with closing(self._http):
            for number in itertools.count():
                if number >= LEAST_ACTS and time.monotonic() >= end:
                    return
                (act,) = self._random.choices([*self._acts], [*self._acts.values()])
                act()

    def upload_dataset(self) -> None:
        random = np.random.default_rng(self._random.randrange(4))
        rows = b"\n".join(b"%f,%f,%d" % (*pair, sum(pair) > 0) for pair in random.normal(size=(40, 2)))
        answer = self._send("create", "POST", "/v1/datasets", content=b"a,b,label\n" + rows, key=True)
        self._objects.add("dataset", answer.json()["id"])

    def upload_model(self) -> None:
        definition = make_definition(units=self._random.randrange(2, 6), features=2, classes=2)
        answer = self._send("create", "POST", "/v1/models", json=definition, key=True)
        self._objects.add("model", answer.json()["id"])

    def submit(self) -> None:
        dataset, model = (self._objects.pick(self._random, kind) for kind in ("dataset", "model"))
        if dataset is None or model is None or self._objects.count("training") >= self._most_trainings:
            return
        body = {
            **TRAINING,
            "model": model,
            "dataset": dataset,
            "data": {"x": ["a", "b"], "y": "label"},
            "fit": {"epochs": self._random.randrange(1, MOST_EPOCHS + 1), "batch_size": 8},
            "priority": self._random.randrange(-2, 3),
        }
        answer = self._send("submit", "POST", "/v1/jobs", json=body, key=True)
        if answer.is_success:
            self._objects.add("training", answer.json()["id"])
        elif not tells_of_deletion(answer.json()):
            self.record.surprises.append(f"POST /v1/jobs {body}: {answer.text}")

    def open_external(self) -> None:
        body = {"external": True, "epochs": 10, "name": "elsewhere"}
        answer = self._send("create", "POST", "/v1/jobs", json=body, key=True)
        self._objects.add("external", answer.json()["id"])

    def report(self) -> None:
        job_id, step = self._objects.pick(self._random, "external"), self._random.randrange(1000)
        if job_id is not None:
            values = {"loss": 1 / (1 + step), "acc": float("nan")}
            point = {"kind": "epoch", "step": step, "values": values, "recorded_at": time.time()}
            body = str({"attempt": 0, "points": [point]}).replace("'", '"').replace("nan", "NaN")
            answer = self._send("report", "POST", f"/v1/jobs/{job_id}/metrics", content=body)
            if answer.is_success:
                self._objects.note_step(job_id, step)

    def publish(self) -> None:
        """As stock Keras does."""
        job_id, epoch = self._objects.pick(self._random, "external"), self._random.randrange(1000)
        if job_id is not None:
            data = {"data": f'{{"epoch": {epoch}, "loss": 0.5, "val_loss": Infinity}}'}
            answer = self._send("report", "POST", f"/v1/jobs/{job_id}/publish/epoch/end/", data=data)
            if answer.is_success:
                self._objects.note_step(job_id, epoch)

    def read(self) -> None:
        job_id = self._objects.pick(self._random, self._random.choice(["training", "external"]))
        paths = ["/v1/jobs?limit=50", "/v1/workers", "/v1/datasets", "/v1/models"]
        if job_id is not None:
            address = f"/v1/jobs/{job_id}"
            paths += [address, f"{address}/metrics", f"{address}/metrics?since=3", f"{address}/logs"]
            paths += [f"{address}/metrics?format=csv", f"{address}/artifacts"]
        self._send("read", "GET", self._random.choice(paths))

    def change(self) -> None:
        """Cancel, pause, resume, retry, or go first."""
        job_id = self._objects.pick(self._random, self._random.choice(["training"] * 3 + ["external"]))
        act = self._random.choice(["cancel", "pause", "resume", "resume", "retry", "priority"])
        if job_id is None:
            return
        if act == "priority":
            self._send("change", "PATCH", f"/v1/jobs/{job_id}", json={"priority": 3})
            return
        if act == "cancel":
            self._objects.note("cancelled", job_id)
        self._send("change", "POST", f"/v1/jobs/{job_id}/{act}")

    def finish(self) -> None:
        job_id = self._objects.pick(self._random, "external")
        if job_id is not None:
            answer = self._send("change", "POST", f"/v1/jobs/{job_id}/finish", json={"state": "succeeded"})
            if answer.is_success:
                self._objects.note("finished", job_id)

    def delete(self) -> None:
        kind = self._random.choice(["dataset", "model"])
        identifier = self._objects.pick(self._random, kind)
        if identifier is not None and self._objects.count(kind) > 3:
            answer = self._send("delete", "DELETE", f"/v1/{kind}s/{identifier}")
            if answer.is_success:
                self._objects.remove(kind, identifier)

    def predict(self) -> None:
        """Of any job; the first one has been trained before the others began."""
        if trained := self._objects.all("training"):
            job_id = self._random.choice(trained)
            body = {"x": [[0.5, -0.5], [1.0, 1.0]]}
            answer = self._send(
                "predict", "POST", f"/v1/jobs/{job_id}/predict?timeout_seconds=100", json=body
            )
            if answer.is_success and len(answer.json()["y"]) != 2:
                self.record.surprises.append(f"prediction of {answer.text}")

    def _send(self, act: str, method: str, path: str, key: bool = False, **request: Any) -> httpx.Response:
        headers = {"Idempotency-Key": uuid.UUID(int=self._random.getrandbits(128)).hex} if key else {}
        if "content" in request and act == "report":
            headers["content-type"] = "application/json"
        begun = time.monotonic()
        answer = self._http.request(method, path, headers=headers, **request)
        seconds = time.monotonic() - begun
        self.record.answers[act, answer.status_code] += 1
        self.record.slowest[act] = max(seconds, self.record.slowest.get(act, 0))
        if not answer.is_success and answer.status_code not in EXPECTED.get(act, set()):
            self.record.surprises.append(f"{method} {path} {request}: {answer.status_code} {answer.text}")
            if act == "create":
                answer.raise_for_status()
        return answer


def tells_of_deletion(problem: dict[str, Any]) -> bool:
    """Whether a job was refused for its dataset or model, which may have been deleted by now, and for nothing else."""
    is_absent = problem.get("pointer") in ("/dataset", "/model") and "there is no" in problem["detail"]
    return is_absent or problem["type"].endswith(":part-deleted")
