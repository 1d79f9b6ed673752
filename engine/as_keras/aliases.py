"""Where Keras 2.1.6 keeps what the engine keeps elsewhere."""

from types import ModuleType

from engine.layers import convolutional, pooling


def _members(*modules: ModuleType) -> dict[str, str]:
    return {name: f"{module.__name__}:{name}" for module in modules for name in module.__all__}


_TOPOLOGY = {
    "Container": "engine.models.network:Network",
    "Input": "engine.layers:Input",
    "InputLayer": "engine.layers:InputLayer",
    "InputSpec": "engine.layers:InputSpec",
    "Layer": "engine.layers:Layer",
    "Network": "engine.models.network:Network",
    "Node": "engine.graph:Node",
    "get_source_inputs": "engine.layers.input:get_source_inputs",
}

# Modules of Keras made of members of several of the engine's: member to `module:name`.
COLLECTIONS: dict[str, dict[str, str]] = {
    "engine": {**_TOPOLOGY, "Model": "engine.models:Model"},
    "engine.base_layer": {name: _TOPOLOGY[name] for name in ("InputSpec", "Layer", "Node")},
    "engine.input_layer": {name: _TOPOLOGY[name] for name in ("Input", "InputLayer")},
    "engine.network": {name: _TOPOLOGY[name] for name in ("Network", "get_source_inputs")},
    "engine.sequential": {"Sequential": "engine.models:Sequential"},
    "engine.topology": _TOPOLOGY,
    "engine.training": {"Model": "engine.models:Model"},
    # Keras kept pooling here before it had a module of its own.
    "layers.convolutional": _members(convolutional, pooling),
    "legacy": {},
}

# Modules of Keras that are one of the engine's under another name.
MODULES: dict[str, str] = {
    "applications.mobilenet_v2": "engine.applications.mobilenetv2",
    "backend.tensorflow_backend": "engine.backend",
    "engine.saving": "engine.saving",
    "legacy.layers": "engine.layers.legacy",
    "objectives": "engine.losses",
}
