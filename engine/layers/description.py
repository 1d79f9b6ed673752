"""A layer's constructor arguments as its configuration holds them."""

from __future__ import annotations

from typing import Any

from engine import activations, constraints, initializers, regularizers

_SERIALIZERS = {
    "activation": activations.serialize,
    "initializer": initializers.serialize,
    "regularizer": regularizers.serialize,
    "constraint": constraints.serialize,
}


def describe(layer: Any, *names: str) -> dict[str, Any]:
    """Return the attributes `names` of a layer, by name; the last word of a name says what kind it is of."""
    described = {}
    for name in names:
        value = getattr(layer, name)
        serialize = _SERIALIZERS.get(name.rpartition("_")[2])
        described[name] = value if serialize is None or value is None else serialize(value)
    return described


def describe_later(layer: Any, **neutral: Any) -> dict[str, Any]:
    """Return the attributes that Keras 2.1.6 has not, where they differ from the values at which they do nothing."""
    return {name: getattr(layer, name) for name, value in neutral.items() if getattr(layer, name) != value}
