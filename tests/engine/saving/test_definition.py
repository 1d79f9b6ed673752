"""Definitions from strangers: what is refused, where, and that nothing runs."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from engine import backend as K
from engine.saving import DefinitionError, DefinitionLimits, read_definition

DENSE: dict[str, Any] = {
    "class_name": "Sequential",
    "config": [
        {
            "class_name": "Dense",
            "config": {
                "name": "dense_1",
                "trainable": True,
                "batch_input_shape": [None, 4],
                "dtype": "float32",
                "units": 3,
                "activation": "relu",
                "use_bias": True,
            },
        },
        {"class_name": "Dense", "config": {"name": "dense_2", "trainable": True, "units": 2}},
    ],
    "keras_version": "2.1.6",
    "backend": "tensorflow",
}


@pytest.fixture(autouse=True)
def fresh_session() -> Any:
    with K.isolated_state():
        yield


def changed(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    definition = copy.deepcopy(DENSE)
    place = definition
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return definition


def refusal(definition: Any, **limits: int) -> DefinitionError:
    with pytest.raises(DefinitionError) as caught:
        read_definition(definition, DefinitionLimits(**limits)).build()
    return caught.value


def test_sound_definition_builds_without_taking_memory_for_weights() -> None:
    model = read_definition(json.dumps(DENSE)).build()
    assert [layer.output_shape for layer in model.layers] == [(None, 3), (None, 2)]
    assert not any(weight.is_initialized for weight in model.weights)


def test_huge_but_permitted_model_is_checked_without_allocating() -> None:
    huge = changed(("config", 0, "config", "units"), 200_000_000)
    model = read_definition(huge).build()
    assert model.count_params() == 5 * 200_000_000 + 2 * 200_000_000 + 2


@pytest.mark.parametrize(
    ("path", "value", "pointer", "words"),
    [
        (("config", 1, "class_name"), "Dens", "/config/1/class_name", "Unknown layer: Dens"),
        (("config", 1, "class_name"), "Lambda", "/config/1/class_name", "carries code"),
        (("config", 1, "config", "units"), -3, "/config/1", "dense_2"),
        (("config", 1, "config", "units"), "many", "/config/1", "dense_2"),
        (("config", 1, "config", "unitz"), 3, "/config/1", "unitz"),
        (("config", 0, "config", "activation"), "rely", "/config/0", "rely"),
        (("config", 1, "config", "name"), "../../etc/passwd", "/config/1/config/name", "refused"),
        (("config", 1, "config", "name"), "dense_1", "/config", "used 2 times"),
        (("config", 1, "config", "function_type"), "lambda", "/config/1/config", "marks code"),
        (("config", 1, "config"), None, "/config/1/config", "lacks its `config`"),
        (("class_name",), "Dense", "/class_name", "Sequential or functional"),
        (
            ("config", 1, "config", "kernel_regularizer"),
            {"class_name": "__lambda__", "config": {}},
            "/config/1/config/kernel_regularizer/class_name",
            "code",
        ),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, (str, int)) else None,
)
def test_faults_are_told_with_their_place(
    path: tuple[Any, ...], value: Any, pointer: str, words: str
) -> None:
    error = refusal(changed(path, value))
    assert words in error.message
    assert error.pointer.startswith(pointer)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{not json", "no JSON"),
        ("[1, 2]", "an object"),
        ("!!python/object/apply:os.system ['true']", "neither JSON nor plain YAML"),
        ("a: &x [1]\nb: *x", "aliases"),
        ('{"class_name": "Sequential"}', "lacks `config`"),
        ("[" * 100_000, "nested deeper"),
        (b"\xff\xfe", "UTF-8"),
    ],
)
def test_text_that_is_no_definition(text: Any, words: str) -> None:
    assert words in refusal(text).message


def test_limits() -> None:
    assert "bytes" in refusal(json.dumps(DENSE), text_bytes=10).message
    assert "more than 1 layers" in refusal(DENSE, layers=1).message
    assert "parameters" in refusal(DENSE, parameters=10).message
    assert "bytes a sample" in refusal(DENSE, activation_bytes=8).message
    assert "nested deeper" in refusal(DENSE, depth=2).message


def test_numbers_must_be_finite_and_small() -> None:
    assert "finite" in refusal(changed(("config", 0, "config", "units"), float("inf"))).message
    assert "too large" in refusal(changed(("config", 0, "config", "units"), 10**30)).message


def test_module_names_are_never_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    imported: list[str] = []
    real_import = __import__
    monkeypatch.setattr(
        "builtins.__import__",
        lambda name, *rest, **more: imported.append(name) or real_import(name, *rest, **more),
    )
    definition = copy.deepcopy(DENSE)
    definition["config"][0]["module"] = "antigravity"
    definition["config"][0]["registered_name"] = "this>Evil"
    read_definition(definition).build()
    assert "antigravity" not in imported
    assert "this" not in imported
