import pytest

from client import KerasdError


def test_an_upload_tells_columns_and_progress(client, points_path):
    seen = []

    dataset = client.datasets.upload(
        points_path, name="points", progress=lambda done, total: seen.append((done, total))
    )

    assert {column.name: column.shape for column in dataset.columns} == {"x": [3], "y": [2]}
    assert (dataset.name, dataset.format, dataset.rows) == ("points", "npz", 64)
    assert seen[-1] == (points_path.stat().st_size, points_path.stat().st_size)
    assert client.datasets.get(dataset.id) == dataset
    assert len(client.datasets.preview(dataset.id, rows=2).columns["x"]) == 2


def test_a_large_file_goes_up_in_pieces(client, tmp_path):
    path = tmp_path / "large.csv"
    path.write_text("a,label\n" + "1.5,0\n" * 150_000)
    seen = []

    dataset = client.datasets.upload(path, progress=lambda done, _total: seen.append(done))

    assert dataset.rows == 150_000
    assert seen == sorted(seen)
    assert len(seen) > 2


def test_a_bad_cell_is_named(client, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("a,label\n1.5,0\n2.5,1,7\n")
    with pytest.raises(KerasdError, match="row"):
        client.datasets.upload(path)


def test_lists_and_deletes(client, points_path):
    older, newer = (client.datasets.upload(points_path, name=name).id for name in ("older", "newer"))
    page = client.datasets.list(limit=1)
    assert ([found.id for found in page.data], page.has_more) == ([newer], True)
    client.datasets.delete(newer)
    assert next(client.datasets.iterate()).id == older
