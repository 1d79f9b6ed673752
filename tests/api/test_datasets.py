"""Datasets over HTTP: streamed in, described, previewed, deleted; refused whole or kept whole."""

import hashlib
import io
import os
import zipfile
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import pytest


def make_npz(**arrays: Any) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def count_files(home: Path) -> int:
    """Files under the object store, and uploads under way."""
    return sum(len(files) for folder in ("objects", "uploads") for _, _, files in os.walk(home / folder))


class TestUpload:
    def test_raw_body(self, api: httpx.Client) -> None:
        body = make_npz(x=np.arange(24, dtype="float32").reshape(6, 4), y=np.array([0, 1, 2, 0, 1, 0]))
        answer = api.post("/v1/datasets", params={"name": "six"}, content=body)
        dataset = answer.json()
        assert answer.status_code == 201
        assert answer.headers["location"] == f"/v1/datasets/{dataset['id']}"
        assert dataset["sha256"] == hashlib.sha256(body).hexdigest()
        assert (dataset["name"], dataset["format"], dataset["rows"]) == ("six", "npz", 6)
        x, y = dataset["columns"]
        assert (x["shape"], x["dtype"], x["maximum"]) == ([4], "float32", 23)
        assert y["classes"] == {"0": 3, "1": 2, "2": 1}
        assert api.get(answer.headers["location"]).json() == dataset

    def test_form_field_names_the_dataset(self, api: httpx.Client) -> None:
        files = {"file": ("../my flowers.csv", b"size,kind\n1.5,rose\n2.5,lily\n", "text/csv")}
        dataset = api.post("/v1/datasets", files=files).json()
        assert (dataset["name"], dataset["format"]) == ("my_flowers", "csv")
        assert dataset["columns"][1]["dtype"] == "string"

    def test_preview(self, api: httpx.Client) -> None:
        dataset = api.post("/v1/datasets", content=b"a,b\n1,2\n3,4\n5,6\n").json()
        found = api.get(f"/v1/datasets/{dataset['id']}/preview", params={"rows": 2}).json()
        assert found == {"id": dataset["id"], "rows": 2, "columns": {"a": [1, 3], "b": [2, 4]}}

    def test_same_key_and_file_are_one_dataset(self, api: httpx.Client, problem: Any) -> None:
        headers = {"Idempotency-Key": os.urandom(8).hex()}
        first = api.post("/v1/datasets", content=b"a,b\n1,2\n", headers=headers)
        second = api.post("/v1/datasets", content=b"a,b\n1,2\n", headers=headers)
        assert second.json() == first.json()
        problem(api.post("/v1/datasets", content=b"a,b\n1,3\n", headers=headers), 422)


def make_pickle() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return buffer.getvalue()


def make_bomb() -> bytes:
    buffer = io.BytesIO()
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**13,)})
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("x.npy", header.getvalue())
    return buffer.getvalue()


class TestBadFiles:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            make_pickle(),
            make_bomb(),
            b"PK\x03\x04 broken",
            b"\x00\x01\x02",
            b"\x89HDF\r\n\x1a\n nothing",
        ],
        ids=["empty", "pickle", "bomb", "broken zip", "bytes", "broken hdf5"],
    )
    def test_nothing_is_kept(self, api: httpx.Client, server: Any, problem: Any, body: bytes) -> None:
        before, files = api.get("/v1/datasets").json(), count_files(server.home)
        problem(api.post("/v1/datasets", content=body), 422)
        assert (api.get("/v1/datasets").json(), count_files(server.home)) == (before, files)

    def test_bad_cell_is_named(self, api: httpx.Client, problem: Any) -> None:
        rows = "\n".join(["a,b", *["1,2"] * 40, "1,oops,3"])
        detail = problem(api.post("/v1/datasets", content=rows.encode()), 422)["detail"]
        assert "42" in detail or "41" in detail

    def test_wrong_format_is_named(self, api: httpx.Client, problem: Any) -> None:
        assert "csv" in problem(api.post("/v1/datasets?format=npz", content=b"a,b\n1,2\n"), 422)["detail"]

    def test_form_without_a_file(self, api: httpx.Client, problem: Any) -> None:
        answer = api.post("/v1/datasets", files={"upload": ("a.csv", b"a,b\n1,2\n")})
        assert "upload" in problem(answer, 422, "/file")["detail"]

    @pytest.mark.parametrize("name", ["../x", ".hidden", "a b", "x" * 101, "a%00b", ""])
    def test_unsafe_name(self, api: httpx.Client, problem: Any, name: str) -> None:
        problem(api.post("/v1/datasets", params={"name": name}, content=b"a,b\n1,2\n"), 422)

    def test_broken_form_is_a_problem(self, api: httpx.Client, problem: Any) -> None:
        headers = {"content-type": "multipart/form-data; boundary=x"}
        problem(api.post("/v1/datasets", content=b"--x\r\nnonsense", headers=headers), 422)
        problem(api.post("/v1/datasets", content=b"a", headers={"content-type": "multipart/form-data"}), 400)


class TestDelete:
    def test_unused_dataset_and_its_file_go(self, api: httpx.Client, server: Any, problem: Any) -> None:
        body = b"a,b\n" + os.urandom(8).hex().encode() + b",1\n"
        dataset = api.post("/v1/datasets", content=body).json()
        path = server.home / "objects" / "sha256" / dataset["sha256"][:2] / dataset["sha256"]
        assert path.read_bytes() == body
        assert api.delete(f"/v1/datasets/{dataset['id']}").status_code == 204
        assert not path.exists()
        problem(api.get(f"/v1/datasets/{dataset['id']}"), 404)
        problem(api.delete(f"/v1/datasets/{dataset['id']}"), 404)

    def test_file_of_a_twin_stays(self, api: httpx.Client) -> None:
        body = b"a,b\n" + os.urandom(8).hex().encode() + b",1\n"
        first, second = (api.post("/v1/datasets", content=body).json() for _ in range(2))
        api.delete(f"/v1/datasets/{first['id']}")
        assert api.get(f"/v1/datasets/{second['id']}/preview").status_code == 200


class TestMemory:
    SIZE = 160 * 1024**2

    @pytest.mark.parametrize("form", ["body", "multipart"])
    def test_large_upload_is_never_held(
        self, api: httpx.Client, server: Any, form: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "large.npy"
        np.save(path, np.zeros(self.SIZE // 4, dtype="float32"))
        process = psutil.Process(server.pid)
        api.post("/v1/datasets", content=b"a,b\n1,2\n")
        before = process.memory_info().rss
        with path.open("rb") as file:
            if form == "body":
                answer = api.post("/v1/datasets", content=iter(lambda: file.read(2**20), b""), timeout=120)
            else:
                answer = api.post("/v1/datasets", files={"file": file}, timeout=120)
        assert answer.status_code == 201, answer.text
        assert process.memory_info().rss - before < self.SIZE // 2
        api.delete(f"/v1/datasets/{answer.json()['id']}")
