"""fetch, predict, jobs and status."""

import json

import numpy as np
import pytest

X = np.array([[1, 2, 3], [0, 0, 0]], dtype=np.float32)


def test_a_model_is_fetched(kerasd, trained_id, tmp_path):
    done = kerasd("fetch", trained_id, "-o", "mine.h5")
    assert done.stdout.strip() == "mine.h5"
    assert (tmp_path / "mine.h5").read_bytes().startswith(b"\x89HDF")
    missing = kerasd("fetch", trained_id, "best.h5")
    assert missing.returncode == 1
    assert "model.h5" in missing.stderr


class TestPredict:
    @pytest.fixture
    def expected(self, client, trained_id):
        return client.jobs.predict(trained_id, X)

    def test_arrays_in_arrays_out(self, kerasd, trained_id, tmp_path, expected):
        np.save(tmp_path / "x.npy", X)
        assert kerasd("predict", trained_id, "x.npy", "-o", "y.npy").returncode == 0
        assert np.array_equal(np.load(tmp_path / "y.npy"), expected)

    def test_one_array_of_many(self, kerasd, trained_id, tmp_path, expected):
        np.savez(tmp_path / "all.npz", x_test=X, y_test=[0])
        assert kerasd("predict", trained_id, "all.npz", "--x", "x_test", "-o", "y.npz").returncode == 0
        with np.load(tmp_path / "y.npz") as written:
            assert np.array_equal(written["y"], expected)
        unknown = kerasd("predict", trained_id, "all.npz", "--x", "z")
        assert unknown.returncode == 2
        assert "x_test" in unknown.stderr

    def test_json_in_json_out(self, kerasd, trained_id, tmp_path, expected):
        (tmp_path / "x.json").write_text(json.dumps(X.tolist()))
        done = kerasd("predict", trained_id, "x.json")
        assert json.loads(done.stdout) == expected.tolist()

    def test_a_pickle_is_never_read(self, kerasd, trained_id, tmp_path):
        np.save(tmp_path / "x.npy", np.array([{"a": 1}], dtype=object))
        done = kerasd("predict", trained_id, "x.npy")
        assert done.returncode == 2
        assert "plain arrays" in done.stderr


def test_jobs_are_listed_newest_first(kerasd, client):
    older, newer = (client.jobs.create(external=True, tags=["listed"]).id for _ in range(2))
    client.jobs.finish(older, "failed")
    rows = [line.split("\t") for line in kerasd("jobs", "--tag", "listed").stdout.splitlines()]
    assert [(row[0], row[2]) for row in rows] == [(newer, "running"), (older, "failed")]
    assert kerasd("jobs", "--tag", "listed", "--state", "failed").stdout.startswith(older)
    client.jobs.finish(newer)


def test_status_tells_whether_the_service_is_up(service, kerasd, trained_id):
    done = kerasd("status")
    assert done.returncode == 0
    assert f"{service.url} is ready" in done.stdout
    assert "wrk_" in done.stdout
    down = kerasd("status", "--url", "http://127.0.0.1:1")
    assert down.returncode == 1
    assert "not ready" in down.stderr
