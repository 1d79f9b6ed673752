import json
import threading

import pytest

from client import Client, KerasdError
from client.events import Event, Watch, parse_events


def describe(events):
    return [(event.kind, event.data.get("line", event.data.get("state"))) for event in events]


EXPECTED = [
    ("state", "running"),
    ("log", "one"),
    ("log", "two"),
    ("state", "succeeded"),
    ("end", "succeeded"),
]


@pytest.fixture
def ended_id(service, client, job_id):
    service.write_log(job_id, "one", "two")
    client.jobs.finish(job_id)
    return job_id


class TestParse:
    def test_lines_may_end_in_three_ways_and_anywhere(self):
        text = (
            b': ping\r\n\r\nid: 7\r\nevent: log\r\ndata: {"line":\r\ndata: "a"}\r\n\r\n'
            b"event:end\rdata:{}\r\rdata: {}\n\n"
        )
        expected = [Event(7, "log", {"line": "a"}), Event(None, "end", {}), Event(None, "message", {})]
        for size in (1, 2, 3, 1000):
            chunks = (text[start : start + size] for start in range(0, len(text), size))
            assert list(parse_events(chunks)) == expected

    def test_separators_that_are_no_line_ends_stay_in_the_text(self):
        line = "left\u2028middle\u0085right é"
        body = f"event: log\ndata: {json.dumps({'line': line}, ensure_ascii=False)}\n\n".encode()
        assert list(parse_events(iter([body[:40], body[40:]]))) == [Event(None, "log", {"line": line})]

    def test_an_event_that_broke_off_is_none(self):
        assert list(parse_events(iter([b'event: log\ndata: {"line": 1}\n']))) == []


class TestWatch:
    def test_events_come_as_they_happen(self, service, client, job_id):
        seen = []
        first = threading.Event()

        def follow():
            for event in client.jobs.watch(job_id):
                seen.append(event)
                first.set()

        follower = threading.Thread(target=follow)
        follower.start()
        assert first.wait(10)
        with Client(service.url) as other:
            other.jobs.publish(job_id, 0, {"loss": 0.25})
            other.jobs.finish(job_id)
        follower.join(10)

        assert [event.kind for event in seen] == ["state", "metrics", "state", "end"]
        assert seen[1].data["values"] == {"loss": 0.25}

    def test_since_goes_on_behind_it(self, client, ended_id):
        first, *rest = client.jobs.watch(ended_id)
        assert list(client.jobs.watch(ended_id, since=first.id)) == rest

    @pytest.mark.parametrize("step", [150, 400, 700])
    def test_a_stream_that_breaks_goes_on_where_it_broke(self, far_client, network, ended_id, step):
        network.cuts.extend(range(0, 4 * step, step))

        assert describe(far_client.jobs.watch(ended_id)) == EXPECTED

        requests = b"".join(network.requests)
        assert requests.count(b"text/event-stream") > 1

    def test_where_streams_bring_nothing_events_are_polled(self, far_client, network, ended_id):
        network.held = b"text/event-stream"

        watch = Watch(far_client._transport, ended_id, silence_seconds=0.1, poll_seconds=0.05)

        assert describe(watch) == EXPECTED
        assert any(b"format=json" in request for request in network.requests)

    def test_polling_waits_for_what_is_yet_to_come(self, far_client, network, client, job_id):
        network.held = b"text/event-stream"
        seen = []
        for event in Watch(far_client._transport, job_id, silence_seconds=0.1, poll_seconds=0.05):
            seen.append(event.kind)
            if event.kind == "state" and len(seen) == 1:
                client.jobs.publish(job_id, 0, {"loss": 1.0})
            elif event.kind == "metrics":
                client.jobs.finish(job_id)
        assert seen == ["state", "metrics", "state", "end"]

    def test_an_unknown_job_is_told_at_once(self, client):
        with pytest.raises(KerasdError) as caught:
            next(client.jobs.watch("job_00000000000000000000000000"))
        assert caught.value.status == 404

    def test_a_service_that_stays_away_is_given_up(self, network, client, ended_id):
        with Client(network.url, retries=0) as far_client:
            network.close()
            with pytest.raises(KerasdError, match="Nothing answers"):
                list(far_client.jobs.watch(ended_id, patience_seconds=0.2))
