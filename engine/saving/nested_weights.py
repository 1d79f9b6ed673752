"""Weights in groups nested as the objects that own them: the layout of `.weights.h5` of tf_keras and Keras 3.

A group an object. Its own variables are the data sets `vars/0`, `vars/1`...; an object in an attribute has a group
of the attribute's name; objects in a list have groups named by their classes and counted: `layers/dense`,
`layers/dense_1`. Keras 3 notes the objects' own names too, as the attribute `name` of `vars`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import h5py
import numpy as np

from engine import backend as K
from engine.layers.base import Layer

# What later lines call the classes of 2.1.6, where the name differs.
_CLASS_NAMES = {"Model": "functional", "Network": "functional"}

Pairs = list[tuple[Any, Any]]


def is_nested(group: Any) -> bool:
    """Tell whether a file or group holds weights in this layout."""
    return "layers" in group and "layer_names" not in group.attrs


def read_weights(group: Any, model: Any, reshape: bool = False) -> None:
    """Assign the weights of a file to a model of the same structure.

    Args:
        group: the file.
        model: the model.
        reshape: reshape weights that have the right number of elements.

    Raises:
        ValueError: the structures or shapes differ; no weight is changed then.
    """
    _assign(_pair(model, group, "", reshape), reshape)


def read_weights_by_name(
    group: Any, layers: Sequence[Any], skip_mismatch: bool = False, reshape: bool = False
) -> None:
    """Assign weights to the layers whose names the file has.

    Raises:
        ValueError: the file has no names, or a layer's weights have other shapes and `skip_mismatch` is False.
    """
    groups = _groups_by_name(group["layers"])
    if not groups:
        raise ValueError(
            "The file tells the order of the layers only and not their names, so `by_name` can't be used. "
            "Keras 3 writes names to `.weights.h5`; tf_keras writes them to `.h5`."
        )
    pairs: Pairs = []
    for layer in layers:
        if layer.name not in groups or not layer.weights:
            continue
        try:
            pairs.extend(_pair(layer, groups[layer.name], layer.name, reshape))
        except ValueError:
            if not skip_mismatch:
                raise
    _assign(pairs, reshape)


def write_weights(group: Any, owner: Any) -> None:
    """Write the weights of a model, and of all that it is made of, into a file or group."""
    write_variables(group, K.batch_get_value(_own_variables(owner)), owner.name)
    for attribute, member in _attributes(owner):
        if isinstance(member, Layer):
            write_weights(group.create_group(attribute), member)
        else:
            container = group.create_group(attribute)
            for name, item in _counted(member):
                write_weights(container.create_group(name), item)


def read_variables(group: Any) -> list[Any]:
    """Return the data sets of an object's own variables, in order; their content is not read yet."""
    variables = group.get("vars", {})
    found: list[Any] = []
    while str(len(found)) in variables:
        found.append(variables[str(len(found))])
    return found


def write_variables(group: Any, arrays: Sequence[Any], name: str) -> None:
    """Write an object's own variables."""
    variables = group.create_group("vars")
    variables.attrs["name"] = name
    for number, array in enumerate(arrays):
        variables.create_dataset(str(number), data=array)


def to_group_name(class_name: str) -> str:
    """Return `conv2d_transpose` for `Conv2DTranspose`; layers' names are made by another rule."""
    spaced = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", class_name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", spaced).lower()


def _own_variables(owner: Any) -> list[Any]:
    return [*owner._trainable_weights, *owner._non_trainable_weights]


def _attributes(owner: Any) -> Iterator[tuple[str, Any]]:
    """Yield the attributes that hold layers, or lists of them."""
    if hasattr(owner, "layers"):
        yield "layers", owner.layers
        return
    for name, member in sorted(vars(owner).items()):
        # What a Bidirectional layer was made from is the forward layer itself.
        is_template = name == "layer" and hasattr(owner, "forward_layer")
        members = member if isinstance(member, list) else [member]
        if not is_template and members and all(isinstance(item, Layer) for item in members):
            yield name, member


def _counted(members: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Yield members of a list with their groups' names."""
    counts: Counter[str] = Counter()
    for member in members:
        class_name = type(member).__name__
        name = _CLASS_NAMES.get(class_name) or to_group_name(class_name)
        yield (f"{name}_{counts[name]}" if counts[name] else name), member
        counts[name] += 1


def _groups_by_name(container: Any) -> dict[str, Any]:
    """Return a list's groups by the names that their objects had, as far as the file tells them."""
    names = {}
    for group in container.values():
        name = group["vars"].attrs.get("name") if "vars" in group else None
        if name is not None:
            names[name.decode() if isinstance(name, bytes) else str(name)] = group
    return names


def _pair(owner: Any, group: Any, path: str, reshape: bool) -> Pairs:
    """Pair the variables of an object, and of all that it is made of, with data sets."""
    pairs = _pair_own(owner, group, path, reshape)
    for attribute, member in _attributes(owner):
        inner = f"{path}/{attribute}" if path else attribute
        if not isinstance(member, Layer):
            pairs.extend(_pair_list(member, group.get(attribute, {}), inner, reshape))
        elif member.weights:
            pairs.extend(_pair(member, _find(group, attribute, inner), inner, reshape))
    return pairs


def _pair_list(members: Sequence[Any], container: Any, path: str, reshape: bool) -> Pairs:
    """Pair the variables of a list's members, by their own names or by the counted ones."""
    with_weights = [(name, member) for name, member in _counted(members) if member.weights]
    filled = [name for name in container if _holds_data(container[name])]
    if len(filled) != len(with_weights):
        raise ValueError(
            f"The file has weights of {len(filled)} objects at {path!r} ({sorted(filled)}), but the model has "
            f"{len(with_weights)} there ({[member.name for _, member in with_weights]})."
        )
    by_name = _groups_by_name(container)
    if not all(member.name in by_name for _, member in with_weights):
        by_name = {}
    pairs: Pairs = []
    for name, member in with_weights:
        group = by_name.get(member.name)
        group = _find(container, name, f"{path}/{name}") if group is None else group
        pairs.extend(_pair(member, group, f"{path}/{name}", reshape))
    return pairs


def _holds_data(group: Any) -> bool:
    return isinstance(group, h5py.Group) and bool(
        group.visititems(lambda _, item: True if isinstance(item, h5py.Dataset) else None)
    )


def _find(group: Any, name: str, path: str) -> Any:
    # Keras 3 names parts by their attributes, of which some are private there.
    found = group.get(name, group.get(f"_{name}"))
    if found is None:
        raise ValueError(f"The file has no weights at {path!r}. Found there: {sorted(group)}")
    return found


def _pair_own(owner: Any, group: Any, path: str, reshape: bool) -> Pairs:
    variables, data_sets = _own_variables(owner), read_variables(group)
    if len(variables) != len(data_sets):
        raise ValueError(
            f"Layer {owner.name!r} expects {len(variables)} weights, but the file has {len(data_sets)} at "
            f"{path!r}."
        )
    for variable, data_set in zip(variables, data_sets, strict=True):
        shape = K.int_shape(variable)
        fits = reshape and K.count_params(variable) == data_set.size
        if tuple(data_set.shape) != shape and not fits:
            raise ValueError(
                f"Layer {owner.name!r}: weight {variable.name!r} has shape {shape}, but the file's at {path!r} "
                f"has shape {tuple(data_set.shape)}."
            )
    return list(zip(variables, data_sets, strict=True))


def _assign(pairs: Pairs, reshape: bool) -> None:
    arrays = [(variable, np.asarray(data_set)) for variable, data_set in pairs]
    if reshape:
        arrays = [(variable, array.reshape(variable.shape)) for variable, array in arrays]
    K.batch_set_value(arrays)
