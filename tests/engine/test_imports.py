"""What `import engine` loads: little more than torch does, and the rest when it is asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

import engine

LATE = ["applications", "datasets", "preprocessing", "saving", "utils", "wrappers"]

LOAD = """
import gc, sys
import torch
before = set(sys.modules)
collections = gc.get_stats()[2]["collections"]
import engine
from engine.layers import Dense
assert gc.get_stats()[2]["collections"] == collections, "all of torch was looked through for garbage"
assert gc.isenabled()
loaded = set(sys.modules) - before
print(*sorted(loaded))
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_nothing_is_loaded_that_few_programs_need() -> None:
    loaded = run(LOAD).split()
    assert "engine.training.trainer" in loaded
    others = [name for name in loaded if name.partition(".")[0] != "engine"]
    # What stands for this module loads it when it is needed.
    assert others == ["torch.fx.experimental.symbolic_shapes"]
    assert [name for name in loaded if name.split(".")[1:2] and name.split(".")[1] in LATE] == []


def test_tools_for_data_load_nothing_to_write_files() -> None:
    run(
        "import sys\n"
        "from engine.utils import Sequence, to_categorical\n"
        "assert not {'h5py', 'yaml'} & set(sys.modules)\n"
        "from engine.utils.conv_utils import convert_kernel\n"
        "from engine.utils.io_utils import ask_to_proceed_with_overwrite\n"
        "from engine.utils.layer_utils import convert_dense_weights_data_format\n"
        "assert ask_to_proceed_with_overwrite is sys.modules['engine.saving.files'].ask_to_proceed_with_overwrite"
    )


COLLECT = """
import gc, weakref
class Item: pass
item = Item()
item.itself = item
watched = weakref.ref(item)
del item
import engine
young = len(gc.get_objects(generation=0)) + len(gc.get_objects(generation=1))
assert young < 20_000 < len(gc.get_objects()), "what was imported is looked through soon"
assert gc.get_freeze_count() == 0
gc.collect()
assert watched() is None, "garbage of the program's own is kept"
"""


def test_what_was_imported_is_looked_through_for_garbage_last() -> None:
    run(COLLECT)


FROZEN = """
import gc
gc.freeze()
count = gc.get_freeze_count()
import engine
assert gc.get_freeze_count() > count / 2, "what the program froze was thawed"
"""


def test_what_a_program_froze_stays_frozen() -> None:
    run(FROZEN)


def test_late_packages_are_loaded_when_they_are_asked_for() -> None:
    run(
        "import sys, engine\n"
        "from engine.models import load_model\n"
        "assert load_model is sys.modules['engine.saving'].load_model\n"
        f"for name in {LATE}:\n"
        "    assert name in dir(engine)\n"
        "    assert getattr(engine, name) is sys.modules[f'engine.{name}']"
    )


def test_unknown_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="module 'engine' has no attribute 'nonsense'"):
        engine.nonsense  # noqa: B018
    with pytest.raises(AttributeError, match=r"module 'engine\.models' has no attribute 'nonsense'"):
        engine.models.nonsense  # noqa: B018
