"""What the API says about a model."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from core.tables import Model


class ParameterCounts(BaseModel):
    """Numbers of weights."""

    total: int
    trainable: int
    non_trainable: int


class MemoryEstimate(BaseModel):
    """What a training takes, roughly; unknown dimensions of a shape count as 1."""

    parameter_bytes: int
    activation_bytes_per_sample: int
    note: str


class InputDescription(BaseModel):
    """An input of a model; the first dimension of its shape is the batch."""

    name: str
    shape: list[int | None]
    dtype: str
    vocabulary_size: int | None = Field(description="Where it feeds an Embedding: its values lie below this.")


class OutputDescription(BaseModel):
    """An output of a model; the first dimension of its shape is the batch."""

    name: str
    shape: list[int | None]


class LayerDescription(BaseModel):
    """A layer of a model."""

    name: str
    class_name: str
    output_shape: Any = Field(description="A shape, or a list of shapes for several outputs.")
    parameters: int
    inbound: list[str] = Field(description="Names of the layers it is fed by.")


EXAMPLE_MODEL: dict[str, Any] = {
    "id": "mdl_01JD5K7Q0V9F2M8X3YB4T6W1ZC",
    "name": "digits",
    "class_name": "Sequential",
    "keras_version": "2.1.6",
    "created_at": "2026-01-15T12:00:00Z",
    "has_weights": False,
    "parameters": {"total": 650, "trainable": 650, "non_trainable": 0},
    "memory": {
        "parameter_bytes": 2600,
        "activation_bytes_per_sample": 40,
        "note": "Training with Adam keeps two more values a trainable weight.",
    },
    "inputs": [{"name": "dense_1_input", "shape": [None, 64], "dtype": "float32", "vocabulary_size": None}],
    "outputs": [{"name": "dense_1", "shape": [None, 10]}],
    "layers": [
        {
            "name": "dense_1",
            "class_name": "Dense",
            "output_shape": [None, 10],
            "parameters": 650,
            "inbound": [],
        }
    ],
    "summary": "Layer (type)  Output Shape  Param #",
}

EXAMPLE_DEFINITION = {
    "class_name": "Sequential",
    "config": [
        {
            "class_name": "Dense",
            "config": {
                "name": "dense_1",
                "batch_input_shape": [None, 64],
                "dtype": "float32",
                "units": 10,
                "activation": "softmax",
            },
        }
    ],
    "keras_version": "2.1.6",
    "backend": "tensorflow",
}


class ModelView(BaseModel):
    """A model the service knows."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE_MODEL})

    id: str
    name: str
    class_name: str
    keras_version: str | None
    created_at: datetime
    has_weights: bool
    parameters: ParameterCounts
    memory: MemoryEstimate
    inputs: list[InputDescription]
    outputs: list[OutputDescription]
    layers: list[LayerDescription]
    summary: str


def view_model(model: Model) -> dict[str, Any]:
    """The model as the API shows it."""
    return {
        "id": model.id,
        "name": model.name,
        "class_name": model.class_name,
        "keras_version": model.keras_version,
        "created_at": model.created_at,
        "has_weights": model.weights_sha256 is not None,
        **model.summary,
    }
