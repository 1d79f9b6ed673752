"""What the API takes and says about predictions."""

from typing import Any

EXAMPLE_REQUEST = {"x": [[0.0, 0.5, 1.0]]}
EXAMPLE_ANSWER = {"y": [[0.1, 0.9]]}

_BINARY = {"schema": {"type": "string", "format": "binary"}}

PREDICT_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "Rows of input: JSON, one array as .npy, or arrays by input name as .npz.",
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["x"],
                    "properties": {"x": {"anyOf": [{"type": "array"}, {"type": "object"}]}},
                },
                "example": EXAMPLE_REQUEST,
            },
            "application/x-npy": _BINARY,
            "application/x-npz": _BINARY,
        },
    }
}
PREDICT_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Rows of output in the form of the input; by output name where there are several.",
        "content": {
            "application/json": {"example": EXAMPLE_ANSWER},
            "application/x-npy": _BINARY,
            "application/x-npz": _BINARY,
        },
    }
}
