"""A store that is away for a while, in front of a running training."""

from collections.abc import Callable, Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.api_process import find_free_port
from tests.worker.conftest import Service, wait_until

EPOCHS = 30
KEYS = {"key": "k", "secret": "s"}


class Bucket:
    """An S3 server with one bucket, whose content outlives the server."""

    def __init__(self) -> None:
        self._port = find_free_port()
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._server = ThreadedMotoServer(ip_address="127.0.0.1", port=self._port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def create(self) -> None:
        keys = {"aws_access_key_id": KEYS["key"], "aws_secret_access_key": KEYS["secret"]}
        client = boto3.client("s3", endpoint_url=self.url, region_name="us-east-1", **keys)
        client.create_bucket(Bucket="bucket")
        client.close()


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    """Gives a running S3 server."""
    server = Bucket()
    server.start()
    server.create()
    yield server
    server.stop()


def test_a_training_waits_for_its_store(make_service: Callable[..., Service], bucket: Bucket) -> None:
    options = {**KEYS, "endpoint_url": bucket.url, "config_kwargs": {"retries": {"max_attempts": 0}}}
    service = make_service(storage_url="s3://bucket/x", storage_options=options)
    worker = service.start_worker()
    job_id = service.submit(fit={"epochs": EPOCHS, "batch_size": 2})
    service.wait_for_epoch(job_id, 2)

    bucket.stop()
    wait_until(lambda: "tried again" in worker.log.read_text(), "a refused checkpoint")
    refusal = service.api.post("/v1/datasets?name=x&format=csv", content=b"a,b\n1,2\n")
    assert refusal.status_code == 503, refusal.text
    assert refusal.json()["type"] == "urn:kerasd:problem:storage-unavailable"
    assert refusal.headers["Retry-After"] == "1"
    assert service.job(job_id)["state"] == "running"
    bucket.start()

    assert service.wait_for(job_id, "succeeded")["attempt"] == 1
    assert service.metrics(job_id)["step"] == list(range(EPOCHS))
    assert service.artifact(job_id, "model.h5").startswith(b"\x89HDF")
