"""A worker collects what nothing refers to, and leaves alone what its job has handed back."""

import os
from collections.abc import Callable
from typing import Any

from core.storage import open_store
from core.storage.keys import object_key


def test_a_worker_removes_an_orphan_and_keeps_artifacts(make_service: Callable[..., Any]) -> None:
    service = make_service(collect_seconds=0.2)
    store = open_store(service.settings)
    orphan = store.put_stream([b"left by a process that was killed"]).sha256
    service.start_worker()
    job_id = service.submit(fit={"epochs": 1})
    service.wait_for(job_id, "succeeded")
    live = set(store.list_objects()) - {orphan}
    for sha256 in store.list_objects():
        os.utime(service.settings.home / "objects" / object_key(sha256), (0, 0))
    service.wait_until(lambda: not store.exists(orphan), "the collection of the orphan")
    assert set(store.list_objects()) == live
    assert service.artifact(job_id, "model.h5")
