"""Model definitions that carry code, name things to import, reach for files, or cost more than they may."""

import base64
import copy
import json
import marshal
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.hostile.conftest import READ_SECONDS, Traps
from tests.hostile.definitions import (
    DENSE,
    RESOURCE_BOMBS,
    doubling,
    keras_3,
    layer,
    nested,
    sequential,
    shared_models,
)


def run_command(command: str) -> list[Any]:
    """A function as Keras marshals it into a configuration."""
    code = compile(f"__import__('os').system({command!r})", "<lambda>", "eval")
    return [base64.b64encode(marshal.dumps(code)).decode(), None, None]


def lambda_of(traps: Traps, **more: Any) -> dict[str, Any]:
    """CVE-2024-3660."""
    return layer("Lambda", function=run_command(traps.command), function_type="lambda", **more)


def later_lambda(traps: Traps) -> dict[str, Any]:
    code, defaults, closure = run_command(traps.command)
    config = {"code": code, "defaults": defaults, "closure": closure}
    return {"class_name": "__lambda__", "config": config}


ATTACKS: dict[str, Callable[[Traps], Any]] = {
    "CVE-2024-3660 Lambda": lambda traps: sequential(lambda_of(traps)),
    "CVE-2024-3660 Lambda of Keras 3": lambda traps: keras_3(layer("Lambda", function=later_lambda(traps))),
    "CVE-2025-1550 any function": lambda traps: keras_3(
        {"module": "os", "class_name": "system", "registered_name": "system", "config": {"command": traps.command}}
    ),
    "CVE-2025-1550 nested": lambda traps: keras_3(
        layer("Dense", units={"module": "subprocess", "class_name": "Popen", "config": {"args": traps.command}})
    ),
    "CVE-2025-1550 function object": lambda traps: keras_3(
        layer("Activation", activation={
            "module": "builtins", "class_name": "function", "config": "exec", "registered_name": "exec"})
    ),
    "CVE-2025-8747 permitted function reused": lambda traps: keras_3(
        layer("Activation", activation={"module": "keras.utils", "class_name": "function",
            "config": "get_file", "registered_name": "function"}, origin=traps.url)
    ),
    "CVE-2025-9906 safe mode switched off": lambda traps: keras_3(
        {"module": "keras.config", "class_name": "function", "registered_name": "enable_unsafe_deserialization",
            "config": "enable_unsafe_deserialization"}, layer("Lambda", function=later_lambda(traps))
    ),
    "CVE-2025-49655 torch.load": lambda traps: keras_3(
        layer("TorchModuleWrapper", module=base64.b64encode(b"cos\nsystem\n(S'x'\ntR.").decode())
    ),
    "CVE-2025-12058 vocabulary file": lambda traps: keras_3(
        layer("StringLookup", vocabulary=str(traps.secret))
    ),
    "CVE-2025-12058 vocabulary by URL": lambda traps: keras_3(
        layer("IntegerLookup", vocabulary=traps.url)
    ),
    "CVE-2026-1462 foreign SavedModel": lambda traps: keras_3(layer("TFSMLayer", filepath=str(traps.secret))),
    "CVE-2026-12479 name that climbs": lambda traps: sequential(layer("Dense", name="../canary", units=2)),
    "CVE-2026-12481 safe_mode None": lambda traps: {
        **keras_3(layer("Lambda", function=later_lambda(traps))), "safe_mode": None},
    "Lambda in a wrapper": lambda traps: sequential(nested("TimeDistributed", 3, lambda_of(traps)), shape=[2] * 5),
    "Lambda as an argument": lambda traps: sequential(layer("Dense", units=2, activation=lambda_of(traps))),
    "code of a regularizer": lambda traps: sequential(
        layer("Dense", units=2, kernel_regularizer=later_lambda(traps))),
    "raw bytes": lambda traps: keras_3(layer("Dense", units={"class_name": "__bytes__", "config": "a"})),
    "jsonpickle": lambda traps: sequential(layer("Dense", units={"py/reduce": ["os.system", traps.command]})),
    "dunder as a name": lambda traps: sequential(layer("Dense", units=2, activation="__class__")),
    "dotted name": lambda traps: sequential(layer("Dense", units=2, activation="os.system")),
    "foreign initializer": lambda traps: sequential(layer("Dense", units=2, kernel_initializer={
        "class_name": "os.system", "config": {"command": traps.command}})),
    "custom object": lambda traps: keras_3({"class_name": "Evil", "module": None,
        "registered_name": "pkg>Evil", "config": {"name": "evil"}}),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_code_is_refused_and_does_not_run(attack: Callable[[Traps], Any], traps: Traps, refuse: Any) -> None:
    definition = attack(traps)
    problem = refuse("/v1/models", json=definition)
    assert problem["pointer"].startswith("/")
    assert "secret words" not in json.dumps(problem)
    refuse("/v1/jobs", json={"model": definition, "dataset": "dst_" + "0" * 26, "compile": {"loss": "mse"}})


def test_modules_are_text_that_nobody_imports(api: httpx.Client, traps: Traps) -> None:
    """Real files name modules; what they name has no effect."""
    definition = keras_3({**layer("Dense", units=2, name="a"), "module": "antigravity"})
    answer = api.post("/v1/models", json=definition)
    assert answer.status_code == 201, answer.text
    assert "antigravity" not in api.get(answer.headers["location"] + "/definition").text


YAML = {
    "a call": "!!python/object/apply:os.system ['{command}']",
    "a call inside": "class_name: Sequential\nconfig: !!python/object/apply:os.system ['{command}']",
    "an object": "!!python/object/new:subprocess.Popen [['touch', '{canary}']]",
    "a name": "class_name: !!python/name:os.system\nconfig: []",
    "a module": "class_name: Sequential\nconfig: [!!python/module:antigravity ]",
    "a tuple with a call": "!!python/tuple [!!python/object/apply:os.system ['{command}']]",
    "laughs": "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n",
    "an alias of itself": "&a [*a]",
    "a merge": "a: &a {{class_name: Sequential}}\n<<: *a\n",
    "a tuple as a key": "? !!python/tuple [1, 2]\n: x\n",
    "a list as a key": "? [1, 2]\n: x\n",
    "depth": "[" * 5_000,
    "depth of blocks": "- " * 5_000,
    "binary": "class_name: !!binary aGVsbG8=\nconfig: []",
    "a date": "class_name: 2001-01-01\nconfig: []",
    "a huge number": "class_name: Sequential\nconfig: [0x{f}]".replace("{f}", "f" * 100_000),
    "sixty": "class_name: Sequential\nconfig: [" + "1:" * 10_000 + "1]",
}


@pytest.mark.parametrize("text", YAML.values(), ids=YAML)
def test_yaml_makes_no_objects(text: str, traps: Traps, refuse: Any) -> None:
    body = text.format(command=traps.command, canary=traps.canary)
    refuse("/v1/models", content=body, headers={"content-type": "application/yaml"})


TEXTS = {
    "a million layers": lambda: b'{"class_name":"Sequential","config":['
    + b",".join([b'{"class_name":"A","config":{}}'] * 250_000)
    + b"]}",
    "depth": lambda: b'{"class_name":' * 100_000,
    "depth of lists": lambda: b'{"class_name":"Sequential","config":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "no number": lambda: b'{"class_name":"Sequential","config":[{"class_name":"Dense","config":{"units":NaN}}]}',
    "infinity": lambda: json.dumps(sequential(layer("Dropout", rate=float("inf")))).encode(),
    "huge number": lambda: json.dumps(sequential(layer("Dense", units=10**4000))).encode(),
    "longer number": lambda: b'{"class_name":"Sequential","config":[' + b"9" * 100_000 + b"]}",
    "half a pair": lambda: b'{"class_name":"Sequential\\ud800","config":[]}',
    "NUL": lambda: b'{"class_name":"Sequential","config":{"name":"a\\u0000b","layers":[]}}',
    "keys twice": lambda: b'{"class_name":"Sequential","class_name":"Lambda","config":[]}',
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_that_is_too_much(text: Callable[[], bytes], refuse: Any) -> None:
    refuse("/v1/models", content=text(), headers={"content-type": "application/json"})


def test_text_over_the_limit(refuse: Any) -> None:
    refuse("/v1/models", 413, content=b" " * (8 * 1024**2 + 1), headers={"content-type": "application/json"})


@pytest.mark.parametrize("bomb", RESOURCE_BOMBS.values(), ids=RESOURCE_BOMBS)
def test_costly_definitions_end_in_time(bomb: Callable[[], Any], api: httpx.Client) -> None:
    start = time.monotonic()
    answer = api.post("/v1/models", json=bomb())
    assert answer.status_code in (201, 422), answer.text
    assert time.monotonic() - start < READ_SECONDS + 20


@pytest.mark.parametrize(
    "name",
    ["resizing", "upsampling", "padding", "repeat", "embedding", "dense", "flatten", "identity", "rank"],
)
def test_absurd_sizes_are_refused_at_once(name: str, refuse: Any) -> None:
    problem = refuse("/v1/models", json=RESOURCE_BOMBS[name]())
    assert "did not end" not in problem["detail"]


@pytest.mark.parametrize("definition", [doubling(60), shared_models(6)], ids=["doubling", "shared models"])
def test_shared_layers_cost_no_more_than_they_are(definition: dict[str, Any], api: httpx.Client) -> None:
    answer = api.post("/v1/models", json=definition)
    assert answer.status_code == 201, answer.text


TRAINING_ATTACKS: dict[str, Callable[[Traps], dict[str, Any]]] = {
    "callback with a path": lambda traps: {
        "callbacks": [{"class_name": "CSVLogger", "config": {"filename": str(traps.canary)}}]},
    "callback with a URL": lambda traps: {
        "callbacks": [{"class_name": "RemoteMonitor", "config": {"root": traps.url}}]},
    "checkpoint elsewhere": lambda traps: {
        "callbacks": [{"class_name": "ModelCheckpoint", "config": {"filepath": str(traps.canary)}}]},
    "callback with code": lambda traps: {
        "callbacks": [{"class_name": "LambdaCallback", "config": {"on_epoch_end": traps.command}}]},
    "data set by URL": lambda traps: {"dataset": traps.url},
    "data set by path": lambda traps: {"dataset": f"file://{traps.secret}"},
    "loss from a module": lambda traps: {"compile": {"loss": "os.system"}},
    "optimizer from a module": lambda traps: {"compile": {"loss": "mse", "optimizer": {
        "module": "os", "class_name": "system", "config": {"command": traps.command}}}},
    "metric with code": lambda traps: {"compile": {"loss": "mse", "metrics": [later_lambda(traps)]}},
}  # fmt: skip


@pytest.mark.parametrize("attack", TRAINING_ATTACKS.values(), ids=TRAINING_ATTACKS)
def test_trainings_reach_nothing(
    attack: Callable[[Traps], dict[str, Any]], traps: Traps, api: httpx.Client, refuse: Any
) -> None:
    dataset = api.post("/v1/datasets", content=b"a,b,c,d,y\n" + b"1,2,3,4,0\n" * 8).json()["id"]
    sound = {
        "model": sequential(copy.deepcopy(DENSE)),
        "dataset": dataset,
        "compile": {"loss": "mse", "optimizer": "sgd"},
    }
    refuse("/v1/jobs", json={**sound, **attack(traps)})
