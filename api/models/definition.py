"""The only door from the API to the engine: is a model sound, and can it be compiled as asked?

It is called through `api.models.isolation`, in a process of its own. Building a model here costs no memory for
its weights: the engine initialises variables late.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from api.errors import Fault, ProblemError, pointer_to
from engine import backend as K
from engine import losses, metrics, optimizers
from engine.layers import Embedding
from engine.models import Model
from engine.saving import Definition, DefinitionError, DefinitionLimits, read_definition
from engine.saving.definition import activation_bytes
from engine.training.check import check_fit

_FLOAT_BYTES: Final = 4
# What numbers and names from strangers can raise in the engine's arithmetic, besides its own errors.
_REFUSALS: Final = (
    ArithmeticError, AssertionError, AttributeError, LookupError, MemoryError, NotImplementedError, OSError,
    RuntimeError, SyntaxError, TypeError, ValueError,
)  # fmt: skip
_METRICS_BY_LOSS: Final = frozenset({"accuracy", "acc", "crossentropy", "ce"})
_NOTE: Final = (
    "Gradients take as much again as the trainable weights. SGD keeps one more value a weight, RMSprop and "
    "Adagrad one, Adam, Adamax, Adadelta and Nadam two, Adam with amsgrad three."
)


def check_definition(source: str | dict[str, Any], limits: DefinitionLimits, pointer: str) -> dict[str, Any]:
    """Build an untrusted definition and describe it.

    Args: source: `to_json()` or `to_yaml()` text, or the object. pointer: where it lies in the request.
    Returns: the fields of `api.models.isolation.CheckedModel`.
    Raises: ProblemError (422): it cannot be built; the pointer leads to the layer.
    """
    with K.isolated_state():
        try:
            definition = read_definition(source, limits)
            model = definition.build()
        except DefinitionError as exc:
            raise _refuse(exc.message, pointer + exc.pointer) from exc
        except _REFUSALS as exc:
            raise _refuse(f"The model cannot be built: {_tell(exc)}", pointer) from exc
        if not model.built or not model.outputs:
            raise _refuse("The model has no layers, so it computes nothing.", f"{pointer}/config")
        summary = _summarise(model)
        return {
            "name": str(model.name),
            "class_name": type(model).__name__,
            "keras_version": _find_text(definition, "keras_version"),
            "backend": _find_text(definition, "backend"),
            "definition": model.to_json(),
            "summary": summary,
        }


def check_weights(definition: str, path: str, limits: DefinitionLimits) -> None:
    """See whether an HDF5 file holds the weights of a model.

    Raises: ProblemError (422): it does not.
    """
    with K.isolated_state():
        model = read_definition(definition, limits).build()
        try:
            model.load_weights(path)
        except _REFUSALS as exc:
            detail = f"The weights do not fit the model: {_tell(exc)}"
            raise ProblemError(422, detail, name="invalid-weights", pointer="/file") from exc


def check_training(
    definition: str,
    compile_arguments: Mapping[str, Any],
    x_shapes: Mapping[str, tuple[int, ...]],
    y_shapes: Mapping[str, tuple[int, ...]],
    limits: DefinitionLimits,
) -> dict[str, Any]:
    """Compile a model as asked and fit the shapes of its data to it.

    Args:
        definition: the model's normalised JSON. compile_arguments: of Keras's `compile`.
        x_shapes, y_shapes: shapes of one row by name; empty where the data is at fault already.

    Returns:
        `names` of the values that training reports (without `val_`), and `faults`, what is wrong.
    """
    names, faults = _compile(definition, compile_arguments, x_shapes, y_shapes, limits)
    return {"names": names, "faults": [fault.model_dump() for fault in faults]}


def _compile(
    definition: str,
    compile_arguments: Mapping[str, Any],
    x_shapes: Mapping[str, tuple[int, ...]],
    y_shapes: Mapping[str, tuple[int, ...]],
    limits: DefinitionLimits,
) -> tuple[list[str], list[Fault]]:
    with K.isolated_state():
        model = read_definition(definition, limits).build()
        faults = [
            *_check_optimizer(compile_arguments["optimizer"]),
            *_check_outputs(model, compile_arguments),
        ]
        if faults:
            return [], faults
        try:
            model.compile(**compile_arguments)
        except _REFUSALS as exc:
            return [], [Fault(pointer="/compile", detail=_tell(exc))]
        if x_shapes and y_shapes:
            faults = _check_shapes(model, x_shapes, y_shapes)
        return list(model.metrics_names), faults


def warm_up() -> None:
    """Check a model once: what libraries load at their first use is then there, for all copies of the process."""
    layer = {"class_name": "Dense", "config": {"name": "dense", "batch_input_shape": [None, 1], "units": 1}}
    text = check_definition({"class_name": "Sequential", "config": [layer]}, DefinitionLimits(), "")[
        "definition"
    ]
    shapes = {"dense_input": (1,)}, {"dense": (1,)}
    check_training(text, {"optimizer": "sgd", "loss": "mse"}, *shapes, DefinitionLimits())


def answer(order: dict[str, Any]) -> dict[str, Any]:
    """Do one check of this module, in the other process.

    Args: order: `check`, its name; `limits`, the fields of DefinitionLimits; `arguments`.
    Returns: `value`, what it returned; or `problem`, the packed ProblemError.
    """
    check = {each.__name__: each for each in (check_definition, check_weights, check_training)}[
        order["check"]
    ]
    try:
        return {"value": check(**order["arguments"], limits=DefinitionLimits(**order["limits"]))}
    except ProblemError as exc:
        return {"problem": exc.pack()}


def _refuse(detail: str, pointer: str) -> ProblemError:
    return ProblemError(422, detail, name="invalid-model", pointer=pointer)


def _find_text(definition: Definition, field: str) -> str | None:
    """What the definition tells of its maker; cut, since it is only shown."""
    value = definition.config.get(field)
    return value[:50] if isinstance(value, str) else None


def _check_optimizer(optimizer: Any) -> list[Fault]:
    pointer = pointer_to("compile", "optimizer")
    try:
        optimizers.get(optimizer)
    except _REFUSALS as exc:
        name = optimizer if isinstance(optimizer, str) else optimizer["class_name"]
        return [Fault(pointer=pointer, detail=f"{_tell(exc)}{_suggest(name, optimizers)}")]
    return []


def _check_outputs(model: Model, arguments: Mapping[str, Any]) -> list[Fault]:
    """Losses and metrics by their names, and names of outputs."""
    faults = []
    for field in ("loss", "metrics", "loss_weights", "sample_weight_mode", "weighted_metrics"):
        if isinstance(arguments.get(field), dict):
            faults += [
                Fault(
                    pointer=pointer_to("compile", field, name),
                    detail=f"the model has no output {name!r}; it has {', '.join(model.output_names)}",
                )
                for name in arguments[field]
                if name not in model.output_names
            ]
    faults += _check_functions(arguments["loss"], losses, "loss", frozenset())
    for field in ("metrics", "weighted_metrics"):
        faults += _check_functions(arguments.get(field), metrics, field, _METRICS_BY_LOSS)
    return faults


def _check_functions(value: Any, family: Any, field: str, special: frozenset[str]) -> list[Fault]:
    faults = []
    for path, name in _walk_names(value, ()):
        if name in special:
            continue
        try:
            family.get(name)
        except _REFUSALS as exc:
            detail = f"{_tell(exc)}{_suggest(name, family)}"
            faults.append(Fault(pointer=pointer_to("compile", field, *path), detail=detail))
    return faults


def _walk_names(value: Any, path: tuple[str | int, ...]) -> Iterable[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _walk_names(inner, (*path, key))


def _tell(exc: Exception) -> str:
    """The reason in the engine's words; other errors with their kind, since their words alone say little."""
    return str(exc) if isinstance(exc, ValueError) else f"{type(exc).__name__}: {exc}"


def _suggest(name: str, family: Any) -> str:
    close = get_close_matches(name, [known for known in dir(family) if not known.startswith("_")], 1)
    return f" Did you mean {close[0]!r}?" if close and close[0] != name else ""


def _check_shapes(
    model: Model, x_shapes: Mapping[str, tuple[int, ...]], y_shapes: Mapping[str, tuple[int, ...]]
) -> list[Fault]:
    x = {name: (None, *shape) for name, shape in x_shapes.items()}
    y = {name: (None, *shape) for name, shape in y_shapes.items()}
    try:
        check_fit(model, x, y)
    except ValueError as exc:
        return [Fault(pointer="/data", detail=str(exc))]
    return []


def _summarise(model: Model) -> dict[str, Any]:
    trainable = sum(K.count_params(weight) for weight in model.trainable_weights)
    fixed = sum(K.count_params(weight) for weight in model.non_trainable_weights)
    lines: list[str] = []
    model.summary(print_fn=lines.append)
    return {
        "parameters": {"total": trainable + fixed, "trainable": trainable, "non_trainable": fixed},
        "memory": {
            "parameter_bytes": (trainable + fixed) * _FLOAT_BYTES,
            "activation_bytes_per_sample": activation_bytes(model),
            "note": _NOTE,
        },
        "inputs": [_describe_input(name, tensor) for name, tensor in zip(model.input_names, model.inputs)],
        "outputs": [
            {"name": name, "shape": list(K.int_shape(tensor))}
            for name, tensor in zip(model.output_names, model.outputs)
        ],
        "layers": [_describe_layer(model, layer) for layer in model.layers],
        "summary": "\n".join(lines),
    }


def _describe_input(name: str, tensor: Any) -> dict[str, Any]:
    readers = [node.outbound_layer for node in tensor._keras_history[0]._outbound_nodes]
    sizes = [layer.input_dim for layer in readers if isinstance(layer, Embedding)]
    return {
        "name": name,
        "shape": list(K.int_shape(tensor)),
        "dtype": K.dtype(tensor),
        "vocabulary_size": min(sizes, default=None),
    }


def _describe_layer(model: Model, layer: Any) -> dict[str, Any]:
    feeders = [
        feeder for node in layer._inbound_nodes for feeder in node.inbound_layers if feeder in model.layers
    ]
    shapes = layer._inbound_nodes[-1].output_shapes
    return {
        "name": layer.name,
        "class_name": type(layer).__name__,
        "output_shape": list(shapes[0]) if len(shapes) == 1 else [list(shape) for shape in shapes],
        "parameters": layer.count_params(),
        "inbound": list(dict.fromkeys(feeder.name for feeder in feeders)),
    }
