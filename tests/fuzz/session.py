"""Sends generated requests and counts what is answered."""

import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.bodies import ARRAYS, POINTS, PUBLISHED, SPEC, texts
from tests.fuzz.files import DATASETS, MODEL, WEIGHTS_FILES, damaged
from tests.fuzz.target import Target
from tests.hostile.test_fuzz import changed, mutated_definitions

REQUEST_SECONDS: Final = 120
_KEPT_SURPRISES: Final = 20
_SHOWN_CHARACTERS: Final = 2000
JSON: Final = {"content-type": "application/json"}


@dataclass
class Report:
    """What came of it.

    Attributes:
        answers: how many by kind of request and status. slowest: seconds by kind. surprises: in words.
    """

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    slowest: dict[str, float] = field(default_factory=dict)
    surprises: list[str] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        self.answers += other.answers
        self.surprises += other.surprises
        for kind, seconds in other.slowest.items():
            self.slowest[kind] = max(seconds, self.slowest.get(kind, 0))

    def describe(self) -> str:
        """A line a kind, and what must not be."""
        lines = []
        for kind in sorted({kind for kind, _ in self.answers}):
            counts = {status: count for (of, status), count in sorted(self.answers.items()) if of == kind}
            lines.append(f"{kind}: {sum(counts.values())} {counts}, slowest {self.slowest[kind]:.2f} s")
        classes = Counter[str]()
        for (_, status), count in self.answers.items():
            classes["504, as asked for" if status == 504 else f"{status // 100}xx"] += count
        lines.append(f"together: {sum(classes.values())} {dict(sorted(classes.items()))}")
        return "\n".join([*lines, f"surprises: {len(self.surprises)}", *self.surprises[:_KEPT_SURPRISES]])


Request = tuple[str, dict[str, Any]]


def definitions(target: Target) -> st.SearchStrategy[Request]:
    return (
        mutated_definitions()
        .flatmap(texts)
        .map(lambda body: ("/v1/models", {"content": body, "headers": JSON}))
    )


def datasets(target: Target) -> st.SearchStrategy[Request]:
    return damaged(DATASETS).map(lambda found: ("/v1/datasets", {"content": found[1]}))


def datasets_of_a_format(target: Target) -> st.SearchStrategy[Request]:
    """The sender says what it is, so that the bytes do not."""
    formats = st.sampled_from(["npz", "npy", "hdf5", "csv", "parquet", "images"])
    return st.tuples(damaged(DATASETS), formats).map(
        lambda found: ("/v1/datasets", {"content": found[0][1], "params": {"format": found[1]}})
    )


def weights(target: Target) -> st.SearchStrategy[Request]:
    form = {"definition": json.dumps(MODEL)}
    return damaged(WEIGHTS_FILES).map(
        lambda found: ("/v1/models", {"files": {"file": ("w.h5", found[1])}, "data": form})
    )


def jobs(target: Target) -> st.SearchStrategy[Request]:
    spec = {**SPEC, "model": target.model, "dataset": target.dataset}
    return changed(spec).flatmap(texts).map(lambda body: ("/v1/jobs", {"content": body, "headers": JSON}))


def metrics(target: Target) -> st.SearchStrategy[Request]:
    address = f"/v1/jobs/{target.external}"
    points = changed(POINTS).flatmap(texts).map(lambda body: (f"{address}/metrics", body))
    published = changed(PUBLISHED).flatmap(texts).map(lambda body: (f"{address}/publish/epoch/end/", body))
    return (points | published).map(lambda found: (found[0], {"content": found[1], "headers": JSON}))


def predictions(target: Target) -> st.SearchStrategy[Request]:
    address = f"/v1/jobs/{target.trained}/predict?timeout_seconds=0.001"
    arrays = {"npy": DATASETS["npy"], "npz": DATASETS["npz"], "npz ": DATASETS["npz, compressed"]}
    files = damaged(arrays).map(lambda found: (f"application/x-{found[0].strip()}", found[1]))
    plain = changed(ARRAYS).flatmap(texts).map(lambda body: ("application/json", body))
    return (files | plain).map(
        lambda found: (address, {"content": found[1], "headers": {"content-type": found[0]}})
    )


# How many of a hundred requests are of a kind.
KINDS: Final[dict[Callable[[Target], st.SearchStrategy[Request]], int]] = {
    definitions: 25, datasets: 20, datasets_of_a_format: 5, weights: 10, jobs: 20, metrics: 12, predictions: 8,
}  # fmt: skip


def fuzz(target: Target, examples: int, seed_number: int) -> Report:
    """Send so many generated requests, one after the other."""
    report = Report()
    with httpx.Client(base_url=target.url, timeout=REQUEST_SECONDS) as client:
        for kind, share in KINDS.items():
            _send_many(
                client, report, kind.__name__, kind(target), max(1, examples * share // 100), seed_number
            )
    return report


def _send_many(
    client: httpx.Client,
    report: Report,
    kind: str,
    requests: st.SearchStrategy[Request],
    examples: int,
    seed_number: int,
) -> None:
    @seed(seed_number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(requests)
    def send(request: Request) -> None:
        path, parts = request
        begun = time.monotonic()
        try:
            answer = client.post(path, **parts)
        except httpx.HTTPError as error:
            report.surprises.append(f"{kind}: {path} {shorten(parts)}: {error!r}")
            return
        report.slowest[kind] = max(time.monotonic() - begun, report.slowest.get(kind, 0))
        report.answers[kind, answer.status_code] += 1
        if surprise := find_surprise(kind, answer):
            report.surprises.append(f"{kind}: {surprise}: {path} {shorten(parts)}")

    send()


def shorten(parts: dict[str, Any]) -> str:
    text = repr(parts)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def find_surprise(kind: str, answer: httpx.Response) -> str | None:
    """What is wrong with an answer: it is neither 2xx nor a problem of the 4xx."""
    if answer.is_success:
        return None
    # Nobody predicts here: arrays that were taken end in the time-out that the request asked for.
    is_expected = answer.is_client_error or (kind == "predictions" and answer.status_code == 504)
    if is_expected and answer.headers["content-type"] == "application/problem+json":
        return None
    return f"{answer.status_code} {answer.text[:500]}"
