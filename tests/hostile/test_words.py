"""Names that are no text, in places where the service tells or keeps them."""

import json

import pytest

from api.errors import Fault, ProblemError
from api.models.definition import check_definition
from engine.saving import DefinitionLimits

HALF = "\ud800"


def test_problems_tell_what_utf_8_cannot_hold() -> None:
    fault = Fault(pointer=f"/{HALF}", parameter=HALF, detail=f"no {HALF}")
    problem = ProblemError(422, f"found {HALF}", pointer=f"/{HALF}", errors=[fault])
    told = json.loads(ProblemError.unpack(json.loads(json.dumps(problem.pack()))).respond().body)
    assert told["detail"] == "found \\ud800"
    assert told["pointer"] == "/\\ud800"
    assert told["errors"] == [{"pointer": "/\\ud800", "parameter": "\\ud800", "detail": "no \\ud800"}]


def make_definition(name: object, activation: str = "relu") -> dict[str, object]:
    config = {"name": "a", "units": 1, "batch_input_shape": [None, 1], "activation": activation}
    return {
        "class_name": "Sequential",
        "config": {"name": name, "layers": [{"class_name": "Dense", "config": config}]},
    }


def test_a_model_whose_name_is_a_number_has_a_name() -> None:
    assert check_definition(make_definition(-1), DefinitionLimits(), "")["name"] == "-1"


def test_a_function_of_no_name_is_refused() -> None:
    with pytest.raises(ProblemError) as caught:
        check_definition(make_definition("m", HALF), DefinitionLimits(), "")
    assert b"ud800" in caught.value.respond().body
