import math

import numpy as np
import pytest

from client import KerasdError


class TestTraining:
    def test_a_trained_job_tells_its_course(self, client, trained_id):
        job = client.jobs.get(trained_id)
        assert (job.state, job.epoch, job.progress) == ("succeeded", 3, 1.0)
        assert job.spec["fit"]["batch_size"] == 16
        losses = client.jobs.metrics(trained_id, names=["loss"]).values("loss")
        assert len(losses) == 3
        assert losses[2] < losses[0]
        assert job.metrics["loss"] == losses[2]
        assert job.best is not None
        assert job.best.epoch == 2
        assert client.jobs.metrics_csv(trained_id).splitlines()[0].startswith("step,epoch,recorded_at,loss")
        assert "Epoch 1/3" in client.jobs.logs(trained_id)

    def test_events_of_a_trained_job_end_with_its_state(self, client, trained_id):
        told = list(client.jobs.watch(trained_id))
        states = [event.data["state"] for event in told if event.kind == "state"]
        assert states == ["queued", "starting", "running", "succeeded"]
        assert told[-1].kind == "end"
        assert list(client.jobs.events(trained_id)) == told[:-1]

    def test_predictions_come_in_the_form_of_their_input(self, client, trained_id):
        x = np.array([[1, 2, 3], [0, 0, 0]], dtype=np.float32)
        as_array = client.jobs.predict(trained_id, x)
        assert as_array.shape == (2, 2)
        assert client.jobs.predict(trained_id, x.tolist()) == as_array.tolist()
        by_name = client.jobs.predict(trained_id, {"dense_1_input": x})
        assert np.array_equal(by_name["dense_1"], as_array)

    def test_samples_that_do_not_fit_are_refused(self, client, trained_id):
        with pytest.raises(KerasdError, match=r"\(3\)") as caught:
            client.jobs.predict(trained_id, np.zeros((2, 5)))
        assert caught.value.pointer == "/x"


class TestExternal:
    def test_numbers_that_json_has_not_arrive(self, client, job_id):
        client.jobs.publish(job_id, 0, {"loss": math.nan, "acc": 0.5})
        point = {"kind": "epoch", "step": 1, "epoch": 1, "values": {"loss": -math.inf}, "recorded_at": 1e9}
        assert client.jobs.record(job_id, [point], attempt=0) == 1
        assert client.jobs.record(job_id, [point], attempt=0) == 0

        metrics = client.jobs.metrics(job_id)

        assert math.isnan(metrics.values("loss")[0])
        assert metrics.values("loss")[1] == -math.inf
        assert metrics.values("acc") == [0.5, None]
        assert client.jobs.get(job_id).metrics["loss"] == -math.inf
        assert sorted(metrics.names) == ["acc", "loss"]
        with pytest.raises(KeyError, match="val_loss"):
            metrics.values("val_loss")

    def test_the_cursor_gives_only_what_is_new(self, client, job_id):
        client.jobs.publish(job_id, 0, {"loss": 3.0})
        seen = client.jobs.metrics(job_id)
        assert len(client.jobs.metrics(job_id, since=seen.cursor)) == 0
        client.jobs.publish(job_id, 1, {"loss": 2.0})
        assert client.jobs.metrics(job_id, since=seen.cursor).columns["step"] == [1]

    def test_a_stale_attempt_is_refused(self, client, job_id):
        with pytest.raises(KerasdError) as caught:
            client.jobs.record(job_id, [], attempt=7)
        assert caught.value.status == 409

    def test_finish_and_cancel_end_a_run(self, client, job_id):
        other = client.jobs.create(external=True)
        assert client.jobs.finish(job_id, "failed").state == "failed"
        client.jobs.cancel(other.id)
        assert client.jobs.wait(other.id, timeout_seconds=10).state == "cancelled"
        assert client.jobs.cancel(other.id).is_terminal


class TestLists:
    def test_state_and_tag_choose(self, client):
        ended, open_ = (client.jobs.create(external=True, tags=["chosen"]).id for _ in range(2))
        client.jobs.finish(ended)
        assert [job.id for job in client.jobs.list(tag="chosen").data] == [open_, ended]
        assert [job.id for job in client.jobs.iterate(tag="chosen", state="running")] == [open_]
        client.jobs.finish(open_)


class TestWait:
    def test_patience_ends(self, client, job_id):
        with pytest.raises(TimeoutError, match=job_id):
            client.jobs.wait(job_id, timeout_seconds=0.1, poll_seconds=0.05)


def test_a_worker_is_listed(client, trained_id):
    assert [worker.slots for worker in client.workers() if worker.is_alive] == [1]
    client.check_ready()
