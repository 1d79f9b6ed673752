"""Models as pictures (manual, chapter 18 and section 20.8)."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

from engine.layers import Wrapper
from engine.models import Sequential

try:
    import pydot
except ImportError:
    pydot = None  # type: ignore[assignment]


def model_to_dot(
    model: Any, show_shapes: bool = False, show_layer_names: bool = True, rankdir: str = "TB"
) -> Any:
    """Return a model's layers as a graph.

    Args:
        model: the model.
        show_shapes: whether to show the shapes of inputs and outputs.
        show_layer_names: whether to show the layers' names.
        rankdir: `TB` for a graph from top to bottom, `LR` for one from left to right.

    Returns:
        A `pydot.Dot`.

    Raises:
        ImportError: pydot is not installed.
    """
    if pydot is None:
        raise ImportError("Drawing a model needs pydot. Install it by `pip install pydot`.")
    if isinstance(model, Sequential):
        model.build()
    dot = pydot.Dot(rankdir=rankdir, concentrate=True)
    dot.set_node_defaults(shape="record")
    # Unlike `model.layers` this has the input of a Sequential too.
    drawn = model._map.layers
    ids = {id(layer): f"layer_{number}" for number, layer in enumerate(drawn)}
    for layer in drawn:
        label = _make_label(layer, show_shapes, show_layer_names)
        dot.add_node(pydot.Node(ids[id(layer)], label=f'"{label}"'))
    for layer in drawn:
        for node in layer._inbound_nodes:
            if id(node) in model._map.node_ids:
                for inbound in node.inbound_layers:
                    dot.add_edge(pydot.Edge(ids[id(inbound)], ids[id(layer)]))
    return dot


def _make_label(layer: Any, show_shapes: bool, show_layer_names: bool) -> str:
    name, kind = layer.name, type(layer).__name__
    if isinstance(layer, Wrapper):
        name, kind = f"{name}({layer.layer.name})", f"{kind}({type(layer.layer).__name__})"
    label = _escape(f"{name}: {kind}" if show_layer_names else kind)
    if show_shapes:
        shapes = [_escape(_show_shape(layer, attribute)) for attribute in ("input_shape", "output_shape")]
        label = rf"{label}\n|{{input:|output:}}|{{{{{shapes[0]}}}|{{{shapes[1]}}}}}"
    return label


def _show_shape(layer: Any, attribute: str) -> str:
    # A layer that is called several times has no one shape.
    return str(getattr(layer, attribute, "multiple"))


def _escape(text: str) -> str:
    """Spell what would draw fields or end the label."""
    return re.sub(r'([{}|<>"\\])', r"\\\1", text)


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
) -> None:
    """Draw a model's layers into a file.

    Args:
        model: the model.
        to_file: the file; its ending says what kind of picture it becomes, PNG without one.
        show_shapes: whether to show the shapes of inputs and outputs.
        show_layer_names: whether to show the layers' names.
        rankdir: `TB` for a picture from top to bottom, `LR` for one from left to right.

    Raises:
        ImportError: pydot is not installed.
        OSError: Graphviz is not installed.
    """
    dot = model_to_dot(model, show_shapes, show_layer_names, rankdir)
    if shutil.which("dot") is None:
        raise OSError(
            "Drawing a model needs Graphviz's program `dot`, which is not on the PATH. Install Graphviz "
            "(https://graphviz.org; Debian: apt-get install graphviz)."
        )
    dot.write(str(to_file), format=Path(to_file).suffix[1:] or "png")
