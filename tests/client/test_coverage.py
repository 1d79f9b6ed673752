"""Every address of the API has its method in the SDK."""

import re
from contextlib import suppress

import httpx
import numpy as np

from client import KerasdError


def call_everything(client, definition, points_path, tmp_path):
    """Call each method of the SDK; that the service refuses some changes nothing in what was asked."""
    model = client.models.create(definition)
    dataset = client.datasets.upload(points_path)
    job = client.jobs.create(external=True)
    key = client.keys.create("me")
    calls = [
        lambda: client.models.get(model.id),
        lambda: client.models.list(),
        lambda: client.models.definition(model.id),
        lambda: client.models.delete(model.id),
        lambda: client.datasets.get(dataset.id),
        lambda: client.datasets.list(),
        lambda: client.datasets.preview(dataset.id),
        lambda: client.datasets.delete(dataset.id),
        lambda: client.jobs.get(job.id),
        lambda: client.jobs.list(),
        lambda: client.jobs.metrics(job.id),
        lambda: client.jobs.record(job.id, [], attempt=0),
        lambda: client.jobs.publish(job.id, 0, {"loss": 1.0}),
        lambda: client.jobs.mint_token(job.id),
        lambda: client.jobs.finish(job.id),
        lambda: client.jobs.cancel(job.id),
        lambda: client.jobs.pause(job.id),
        lambda: client.jobs.resume(job.id),
        lambda: client.jobs.retry(job.id),
        lambda: client.jobs.clone(job.id, {"name": "copy"}),
        lambda: client.jobs.prioritize(job.id, 5),
        lambda: list(client.jobs.watch(job.id)),
        lambda: client.jobs.logs(job.id),
        lambda: client.jobs.artifacts(job.id),
        lambda: client.jobs.predict(job.id, np.zeros((1, 3))),
        client.workers,
        client.access,
        lambda: list(client.audit()),
        lambda: client.keys.list(),
        lambda: client.keys.get(key.id),
        lambda: client.keys.rotate(key.id),
        lambda: client.keys.revoke(key.id),
    ]
    for call in calls:
        with suppress(KerasdError):
            call()


def test_every_route_has_its_method(service, client, definition, points_path, trained_id, tmp_path):
    asked = set()
    client._transport.http.event_hooks["request"].append(
        lambda request: asked.add((request.method, request.url.path))
    )

    call_everything(client, definition, points_path, tmp_path)
    client.jobs.fetch(trained_id, "summary.txt", tmp_path)

    document = httpx.get(f"{service.url}/openapi.json").json()
    routes = [
        (method.upper(), path)
        for path, methods in document["paths"].items()
        # Where browsers trade a key for a cookie; the SDK sends its key itself.
        if path.startswith("/v1/") and path != "/v1/session"
        for method in methods
    ]
    assert len(routes) > 20
    uncovered = [
        route
        for route in routes
        if not any(
            route[0] == method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", route[1]), path)
            for method, path in asked
        )
    ]
    assert uncovered == []
