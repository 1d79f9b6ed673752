"""Lets scripts written for Keras run on the engine: `import engine.as_keras`, and `import keras` means this engine.

Every module of Keras 2.1.6 that scripts import from gets its name. Processes that a script spawns find them too:
they take over `sys.path`, on which a package `keras` stands that imports this one.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path
from types import FunctionType, ModuleType

import engine
from engine.as_keras.aliases import COLLECTIONS, MODULES

SITE = Path(__file__).parent / "site"


def install() -> ModuleType:
    """Make `keras` and its modules importable, and return `keras`.

    Raises:
        ImportError: another Keras was imported before.
    """
    loaded = sys.modules.get("keras")
    if loaded is not None and getattr(loaded, "engine_package", None) is not engine:
        raise ImportError(
            f"Another keras was imported before the engine could take its name: {loaded!r}. Import engine.as_keras "
            "first."
        )
    keras = _make_module("keras", vars(engine))
    keras.__dict__.update(engine_package=engine, __version__=engine.__version__)
    for name in _module_names():
        _bind(f"keras.{name}", importlib.import_module(f"engine.{name}"))
    for name, members in COLLECTIONS.items():
        found = {member: _find(place) for member, place in members.items()}
        _bind(f"keras.{name}", _make_module(f"keras.{name}", found))
    for name, module in MODULES.items():
        _bind(f"keras.{name}", importlib.import_module(module))
    if str(SITE) not in sys.path:
        sys.path.append(str(SITE))
    return keras


def _module_names() -> list[str]:
    """Name the engine's modules that a script may import from, packages before what is in them."""
    public = [name for name in engine.__all__ if isinstance(getattr(engine, name), ModuleType)]
    inner = [
        f"{name}.{found.name}"
        for name in public
        if hasattr(getattr(engine, name), "__path__")
        for found in pkgutil.iter_modules(getattr(engine, name).__path__)
    ]
    return public + inner


def _find(place: str) -> object:
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)


def _make_module(name: str, members: dict[str, object]) -> ModuleType:
    module = ModuleType(name)
    module.__dict__.update({key: item for key, item in members.items() if not key.startswith("__")})
    module.__path__ = []
    sys.modules[name] = module
    return module


def _bind(name: str, module: ModuleType) -> None:
    """Let `name` mean a module, for the import statement and as an attribute of its package."""
    sys.modules[name] = module
    package, _, attribute = name.rpartition(".")
    holder = sys.modules[package]
    held = getattr(holder, attribute, None)
    if held is None:
        setattr(holder, attribute, module)
    elif isinstance(held, FunctionType):
        # `keras.layers.merge` is Keras 1's function and, with `keras.layers.merge.Add`, a module.
        vars(held).update({key: item for key, item in vars(module).items() if not key.startswith("_")})


install()
