"""The OpenAPI document says what the API does: no other status, no other form of answer, nothing else refused."""

from pathlib import Path

import httpx
import pytest

from tests.fuzz.document import check_document, open_documented


@pytest.mark.timeout(900)
@pytest.mark.parametrize("needs_key", [False, True], ids=["open", "guarded"])
def test_answers_are_as_the_document_says(tmp_path: Path, needs_key: bool) -> None:
    with open_documented(tmp_path, needs_key=needs_key) as target:
        ended = check_document(target, tmp_path, examples=2, phases="examples,coverage,fuzzing")
        access = httpx.get(f"{target.url}/v1/access", headers=target.headers)
    assert ended.returncode == 0, ended.stdout[-20_000:] + ended.stderr[-4_000:]
    assert access.status_code == 200  # what was sent was let in until the end
