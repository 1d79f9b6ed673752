"""A short run of what `python -m tests.fuzz` does at length."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.api_process import ApiProcess
from tests.fuzz.bodies import ARRAYS, POINTS, PUBLISHED, SPEC
from tests.fuzz.files import DATASETS, MODEL, WEIGHTS_FILES
from tests.fuzz.session import KINDS, fuzz
from tests.fuzz.target import MIB, READ_MEMORY_BYTES, Target, open_target, settle, watch_memory

EXAMPLES = 150


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Target, ApiProcess]]:
    with open_target(tmp_path_factory.mktemp("fuzz")) as opened:
        yield opened


def test_what_is_changed_is_sound_before(opened: tuple[Target, ApiProcess]) -> None:
    """Else all that is generated would be refused for one and the same reason."""
    target, _ = opened
    with httpx.Client(base_url=target.url, timeout=60) as api:
        answers = [api.post("/v1/datasets", content=content) for content in DATASETS.values()]
        answers += [
            api.post("/v1/models", files={"file": content}, data={"definition": json.dumps(MODEL)})
            for content in WEIGHTS_FILES.values()
        ]
        answers.append(api.post("/v1/jobs", json={**SPEC, "model": target.model, "dataset": target.dataset}))
        answers.append(api.post(f"/v1/jobs/{target.external}/metrics", json=POINTS))
        answers.append(api.post(f"/v1/jobs/{target.external}/publish/epoch/end/", json=PUBLISHED))
        predicted = api.post(f"/v1/jobs/{target.trained}/predict?timeout_seconds=0.001", json=ARRAYS)
    assert [answer.text for answer in answers if not answer.is_success] == []
    assert predicted.status_code == 504  # the arrays were taken, and nobody predicts


def test_generated_requests_are_answered_and_leave_nothing(opened: tuple[Target, ApiProcess]) -> None:
    target, process = opened
    with watch_memory(process.pid) as peaks:
        report = fuzz(target, EXAMPLES, seed_number=1)
    assert report.surprises == []
    assert {kind for kind, _ in report.answers} == {kind.__name__ for kind in KINDS}
    assert settle(process.pid, 30) == []
    assert "Traceback" not in process.log.read_text()
    assert peaks.api - peaks.before < 128 * MIB, report.describe()
    assert peaks.child < READ_MEMORY_BYTES + 512 * MIB, report.describe()
