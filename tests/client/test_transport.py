import socket

import httpx
import pytest

from client import Client, KerasdError
from client.errors import read_problem


def find_closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def count_models(client, name):
    return sum(model.name == name for model in client.models.iterate())


class TestRetries:
    def test_a_create_whose_answer_was_lost_creates_once(self, far_client, network, client, definition):
        network.cuts.extend([0, 30])

        created = far_client.models.create(definition, name="lost_answer")

        assert sum(b"POST /v1/models" in request for request in network.requests) == 3
        assert count_models(client, "lost_answer") == 1
        assert client.models.get(created.id) == created

    def test_an_upload_whose_answer_was_lost_is_sent_again_from_its_start(
        self, far_client, network, client, points_path
    ):
        network.cuts.append(0)

        dataset = far_client.datasets.upload(points_path, name="lost_upload")

        assert dataset.size_bytes == points_path.stat().st_size
        assert [found.id for found in client.datasets.iterate() if found.name == "lost_upload"] == [
            dataset.id
        ]

    def test_a_request_that_must_not_be_repeated_is_not(self, far_client, network, job_id):
        network.cuts.extend([0, 0])

        with pytest.raises(KerasdError, match=r"connection to .* broke"):
            far_client.jobs.finish(job_id)

        assert sum(b"/finish" in request for request in network.requests) == 1

    def test_two_calls_with_one_key_are_one_create(self, client, definition):
        first = client.models.create(definition, idempotency_key="twice-the-same")
        assert client.models.create(definition, idempotency_key="twice-the-same").id == first.id
        assert client.models.create(definition).id != first.id

    def test_a_service_that_is_away_is_named(self):
        url = f"http://127.0.0.1:{find_closed_port()}"
        with Client(url, retries=1) as client, pytest.raises(KerasdError) as caught:
            client.jobs.list()
        assert caught.value.status is None
        assert url in caught.value.detail


class TestErrors:
    def test_a_problem_carries_title_detail_pointer_and_all_places(self, client):
        with pytest.raises(KerasdError) as caught:
            client.jobs.submit({"external": True, "epochs": 0, "name": ""})
        error = caught.value
        assert error.status == 422
        assert error.pointer in {"/epochs", "/name"}
        assert {place["pointer"] for place in error.errors} == {"/epochs", "/name"}
        assert "/epochs: " in str(error)
        assert "/name: " in str(error)

    def test_an_unknown_job_is_a_404(self, client):
        with pytest.raises(KerasdError) as caught:
            client.jobs.get("job_00000000000000000000000000")
        assert caught.value.status == 404
        assert caught.value.type == "urn:kerasd:problem:no-such-job"

    def test_an_answer_that_is_no_problem_is_told_as_it_is(self):
        request = httpx.Request("GET", "http://host/v1/jobs")
        error = read_problem(httpx.Response(502, text="<h1>Bad gateway</h1>", request=request))
        assert error.status == 502
        assert "GET http://host/v1/jobs answered 502: <h1>Bad gateway</h1>" in str(error)


class TestAddress:
    def test_an_address_without_a_scheme_is_refused(self):
        with pytest.raises(ValueError, match="http://"):
            Client("localhost:8000")

    def test_the_environment_names_the_service(self, monkeypatch):
        monkeypatch.setenv("KERASD_URL", "http://elsewhere:1234/")
        with Client() as client:
            assert client.base_url == "http://elsewhere:1234"
