"""Definitions that a stranger might send, by what they try."""

import copy
from collections.abc import Callable
from typing import Any, Final

DENSE: Final[dict[str, Any]] = {"class_name": "Dense", "config": {"name": "dense", "units": 2}}


def sequential(*layers: dict[str, Any], shape: list[int | None] | None = None) -> dict[str, Any]:
    """A model of these layers, which are named by their places."""
    named = [copy.deepcopy(layer) for layer in layers]
    for place, layer in enumerate(named):
        layer["config"].setdefault("name", f"layer_{place}")
    named[0]["config"]["batch_input_shape"] = [None, *([4] if shape is None else shape)]
    return {"class_name": "Sequential", "config": named, "keras_version": "2.1.6", "backend": "tensorflow"}


def layer(class_name: str, /, **config: Any) -> dict[str, Any]:
    return {"class_name": class_name, "config": config}


def keras_3(*layers: dict[str, Any], shape: list[int | None] | None = None) -> dict[str, Any]:
    """The same as Keras 3 writes it, each layer with a module to import."""
    layers = tuple(
        {
            "module": "keras.layers",
            "registered_name": None,
            **each,
            "build_config": {"input_shape": [None, 4]},
        }
        for each in layers
    )
    start = {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": {"batch_shape": [None, *([4] if shape is None else shape)], "name": "input"},
        "registered_name": None,
    }
    config = {"name": "sequential", "trainable": True, "layers": [start, *layers]}
    return {
        "module": "keras", "class_name": "Sequential", "config": config, "registered_name": "Sequential",
        "keras_version": "3.15.1",
    }  # fmt: skip


def nested(wrapper: str, depth: int, innermost: dict[str, Any]) -> dict[str, Any]:
    """A layer wrapped in itself so many times."""
    inner = innermost
    for place in range(depth):
        inner = layer(wrapper, name=f"wrapper_{place}", layer=inner)
    return inner


def doubling(depth: int) -> dict[str, Any]:
    """A functional model whose every layer is fed twice by the one before: 2**depth ways through it."""
    start = {"name": "in", "class_name": "InputLayer", "inbound_nodes": []}
    start["config"] = {"batch_input_shape": [None, 2], "name": "in"}
    layers = [start]
    for place in range(depth):
        before = layers[-1]["name"]
        each: dict[str, Any] = {"name": f"add_{place}", "class_name": "Add"}
        each["config"] = {"name": f"add_{place}", "trainable": True}
        each["inbound_nodes"] = [[[before, 0, 0, {}], [before, 0, 0, {}]]]
        layers.append(each)
    return functional(layers)


def functional(layers: list[dict[str, Any]]) -> dict[str, Any]:
    config = {
        "name": "model",
        "layers": layers,
        "input_layers": [[layers[0]["name"], 0, 0]],
        "output_layers": [[layers[-1]["name"], 0, 0]],
    }
    return {"class_name": "Model", "config": config, "keras_version": "2.1.6"}


def shared_models(depth: int) -> dict[str, Any]:
    """Models inside models, each calling the one inside it twice: 2**depth calls of the innermost layer."""
    inner: dict[str, Any] = {"class_name": "Dense", "config": {"name": "dense", "units": 2}}
    for place in range(depth):
        start: dict[str, Any] = {"name": f"in_{place}", "class_name": "InputLayer", "inbound_nodes": []}
        start["config"] = {"batch_input_shape": [None, 2], "name": f"in_{place}"}
        name = inner["config"]["name"]
        twice = {**inner, "name": name, "inbound_nodes": [[[f"in_{place}", 0, 0, {}]], [[name, 0, 0, {}]]]}
        inner = functional([start, twice])
        inner["config"]["name"] = f"model_{place}"
        inner["config"]["output_layers"] = [[name, 1, 0]]
    return inner


HUGE: Final = 10**9

RESOURCE_BOMBS: Final[dict[str, Callable[[], dict[str, Any]]]] = {
    "resizing": lambda: keras_3(layer("Resizing", height=HUGE, width=HUGE), shape=[8, 8, 3]),
    "upsampling": lambda: sequential(layer("UpSampling2D", size=[HUGE, HUGE]), shape=[8, 8, 3]),
    "upsampling twice": lambda: sequential(
        *[layer("UpSampling1D", size=10**6) for _ in range(3)], shape=[8, 3]
    ),
    "padding": lambda: sequential(layer("ZeroPadding2D", padding=[HUGE, HUGE]), shape=[8, 8, 3]),
    "repeat": lambda: sequential(layer("RepeatVector", n=HUGE * 1000)),
    "embedding": lambda: sequential(layer("Embedding", input_dim=HUGE, output_dim=HUGE)),
    "attention": lambda: keras_3(layer("MultiHeadAttention", num_heads=HUGE, key_dim=HUGE), shape=[4, 4]),
    "dense": lambda: sequential(layer("Dense", units=2**62)),
    "flatten": lambda: sequential(layer("Flatten"), shape=[2**40, 2**40]),
    "identity": lambda: sequential(layer("Dense", units=50_000, kernel_initializer={
        "class_name": "Identity", "config": {"gain": 1.0}}), shape=[50_000]),
    "orthogonal": lambda: sequential(layer("SimpleRNN", units=60_000), shape=[3, 4]),
    "unrolled": lambda: sequential(layer("LSTM", units=2, unroll=True), shape=[10**6, 2]),
    "wrapped": lambda: sequential(nested("TimeDistributed", 30, DENSE), shape=[2] * 31),
    "both ways": lambda: sequential(nested("Bidirectional", 14, layer("LSTM", units=2, name="lstm",
        return_sequences=True)), shape=[3, 2]),
    "doubling": lambda: doubling(200),
    "shared models": lambda: shared_models(20),
    "strides": lambda: sequential(layer("Conv2DTranspose", filters=2, kernel_size=3, strides=[HUGE, HUGE]),
        shape=[8, 8, 3]),
    "kernel": lambda: sequential(layer("Conv2D", filters=2, kernel_size=[HUGE, HUGE], padding="same"),
        shape=[8, 8, 3]),
    "dilated": lambda: sequential(layer("Conv1D", filters=2, kernel_size=3, dilation_rate=HUGE, padding="causal"),
        shape=[8, 3]),
    "locally connected": lambda: sequential(layer("LocallyConnected1D", filters=2, kernel_size=1),
        shape=[10**8, 1]),
    "many layers": lambda: sequential(*[layer("Activation", activation="relu") for _ in range(9_999)]),
    "maxout": lambda: sequential(layer("MaxoutDense", output_dim=HUGE, nb_feature=HUGE)),
    "permute": lambda: sequential(layer("Permute", dims=list(range(1, 60))), shape=[1] * 59),
    "reshape": lambda: sequential(layer("Reshape", target_shape=[1] * 5000)),
    "rank": lambda: sequential(layer("Activation", activation="relu"), shape=[1] * 5000),
    "constant": lambda: sequential(layer("Dense", units=2, bias_initializer={
        "class_name": "Constant", "config": {"value": [[1.0] * 1000] * 1000}})),
    "tile": lambda: operation("tile", repeats=[HUGE, HUGE]),
    "repeat elements": lambda: operation("repeat", repeats=HUGE, axis=1),
    "einsum": lambda: operation("einsum", subscripts="ab,cd,ef,gh->abcdefgh"),
}  # fmt: skip


def operation(function: str, **arguments: Any) -> dict[str, Any]:
    """A functional model with one function of a tensor as a layer, as Keras 3 writes it."""
    tensor = {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 4], "dtype": "float32", "keras_history": ["in", 0, 0]},
    }
    start: dict[str, Any] = {"module": "keras.layers", "class_name": "InputLayer", "name": "in"}
    start |= {"config": {"batch_shape": [None, 4], "name": "in"}, "inbound_nodes": []}
    name = "".join(part.capitalize() for part in function.split("_"))
    call: dict[str, Any] = {"module": "keras.src.ops.numpy", "class_name": name, "name": "op"}
    call |= {
        "config": {"name": "op", **arguments},
        "inbound_nodes": [{"args": [tensor], "kwargs": arguments}],
    }
    config = {
        "name": "model", "trainable": True, "layers": [start, call],
        "input_layers": [["in", 0, 0]], "output_layers": [["op", 0, 0]],
    }  # fmt: skip
    return {"module": "keras.src.models.functional", "class_name": "Functional", "config": config,
            "registered_name": "Functional", "keras_version": "3.15.1"}  # fmt: skip
