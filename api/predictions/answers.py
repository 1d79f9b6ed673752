"""What came out of a prediction, in the form in which the input came."""

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from starlette.responses import Response

from api.predictions.arrays import Array, Form, write_npz
from api.responses import JsonResponse
from core.jobs.metrics import to_json


def write_answer(arrays: Mapping[str, Array], form: Form) -> Response:
    """The arrays in the form in which the input came; several never fit .npy and come as .npz."""
    if form == "json":
        plain = {name: _to_plain(array) for name, array in arrays.items()}
        return JsonResponse({"y": plain if len(plain) > 1 else next(iter(plain.values()))})
    buffer = io.BytesIO()
    if form == "npy" and len(arrays) == 1:
        np.save(buffer, next(iter(arrays.values())), allow_pickle=False)
        return Response(buffer.getvalue(), media_type="application/x-npy")
    write_npz(buffer, arrays)
    return Response(buffer.getvalue(), media_type="application/x-npz")


def _to_plain(array: Array) -> Any:
    if np.isfinite(array).all():
        return array.tolist()
    flat = [to_json(float(value)) for value in array.ravel()]
    return np.array(flat, dtype=object).reshape(array.shape).tolist()
