"""Arrays, tables and pickles that a stranger might upload as a data set or as the input of a prediction."""

import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import torch

from tests.hostile.conftest import Traps

MIB = 1024**2


class Bomb:
    """Runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return exec, (f"import os; os.system({self.command!r})",)


def npy(shape: str, descr: str, data: bytes = b"") -> bytes:
    """An .npy file whose header says what it likes."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (63 - (10 + len(header)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def saved(write: Callable[[io.BytesIO], Any]) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def object_array(traps: Traps) -> bytes:
    return saved(lambda file: np.save(file, np.array([Bomb(traps.command)]), allow_pickle=True))


def torch_file(traps: Traps) -> bytes:
    return saved(lambda file: torch.save({"w": Bomb(traps.command)}, file))


def parquet(table: pa.Table) -> bytes:
    return saved(lambda file: pyarrow.parquet.write_table(table, file, compression="zstd"))


ATTACKS: dict[str, Callable[[Traps], bytes]] = {
    "pickle": lambda traps: pickle.dumps(Bomb(traps.command)),
    "pickle in an npy": object_array,
    "pickle in an npz": lambda traps: zipped({"x.npy": object_array(traps)}),
    "pickle beside an array": lambda traps: zipped(
        {"x.npy": npy("(1,)", "'<f4'", bytes(4)), "y.npy": object_array(traps)}),
    "torch file": torch_file,
    "torch file of old": lambda traps: saved(lambda file: torch.save(
        Bomb(traps.command), file, _use_new_zipfile_serialization=False)),
    "object dtype in a record": lambda traps: npy("(1,)", "[('a', '|O')]", bytes(8)),
    "call in a header": lambda traps: npy("(1,)", f"__import__('os').system({traps.command!r})", bytes(4)),
    "absurd shape": lambda traps: npy("(1000000000000,)", "'<f4'"),
    "absurd shape in an npz": lambda traps: zipped({"x.npy": npy("(1000000000000,)", "'<f4'")}),
    "shape that overflows": lambda traps: npy("(4611686018427387904, 8)", "'<f4'"),
    "shape below zero": lambda traps: npy("(-1, 2)", "'<f4'", bytes(8)),
    "shape of a boolean": lambda traps: npy("(True,)", "'<f4'", bytes(4)),
    "shape of a million sizes": lambda traps: npy("(" + "1," * 20_000 + ")", "'<f4'", bytes(4)),
    "type of no size": lambda traps: npy("(1000000000000,)", "'|S0'"),
    "text of a gigabyte": lambda traps: npy("(1,)", "'<U268435456'", bytes(4)),
    "header of depth": lambda traps: npy("(" * 5_000 + ")" * 5_000, "'<f4'"),
    "header over its length": lambda traps: b"\x93NUMPY\x02\x00" + struct.pack("<L", 2**32 - 1) + b"{",
    "zeros that unpack": lambda traps: zipped(
        {"x.npy": npy(f"({80 * MIB},)", "'|u1'", bytes(80 * MIB))}, zipfile.ZIP_DEFLATED),
    "files over files": lambda traps: zipped(
        {f"{place}.npy": npy("(1,)", "'|u1'", b"a") for place in range(10_001)}),
    "parquet that unpacks": lambda traps: parquet(pa.table({"a": np.zeros(20_000_000)})),
    "csv of a million columns": lambda traps: b",".join([b"%d" % place for place in range(1_000_000)]) + b"\n",
    "csv of one cell": lambda traps: b'a,b\n"' + b"x" * (2 * MIB) + b'",1\n',
    "csv without an end": lambda traps: b'a,b\n1,2\n"' + b"x,\n" * 100_000,
    "csv with NUL": lambda traps: b"a,b\n1,\x00\n",
    "names that print": lambda traps: "a\u202eb,c\n1,2\n".encode(),
    "names of controls": lambda traps: b"a\x1b[2J,b\n1,2\n",
    "names of a kilometre": lambda traps: b"a" * 100_000 + b",b\n1,2\n",
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_data_sets_of_strangers(attack: Callable[[Traps], bytes], traps: Traps, refuse: Any) -> None:
    refuse("/v1/datasets", content=attack(traps), headers={"content-type": "application/octet-stream"})


READ_BY_PREDICTIONS = [name for name in ATTACKS if not name.startswith(("csv", "parquet", "names", "files"))]
