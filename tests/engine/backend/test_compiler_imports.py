"""Building and training a model import neither torch's compiler nor sympy: a second and 70 MiB of each process."""

from __future__ import annotations

import subprocess
import sys

TRAIN = """
import sys
import numpy as np
from engine.layers import LSTM, BatchNormalization, Conv2D, Dense, Embedding, Flatten, Input, MaxPooling2D, concatenate
from engine.models import Model

image, words = Input((8, 8, 3)), Input((5,))
x = MaxPooling2D()(BatchNormalization()(Conv2D(4, 3, padding="same", activation="relu")(image)))
y = LSTM(4)(Embedding(9, 4)(words))
model = Model([image, words], Dense(3, activation="softmax")(concatenate([Flatten()(x), y])))
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
assert model.output_shape == (None, 3)
assert "torch._dynamo" not in sys.modules, "imported to build the model"

data = [np.ones((16, 8, 8, 3), "float32"), np.ones((16, 5))]
model.fit(data, np.ones((16, 3)), batch_size=2, verbose=0)
model.predict(data, batch_size=2)
for step in (model._step("train"), model._step("predict")):
    assert all(compiled.is_flat for compiled in step._function._compiled.values()), "not trained long enough"
assert "torch._dynamo" not in sys.modules, "imported to train the model"
assert "sympy" not in sys.modules, "imported to build or train the model"
"""

SYMBOLIC = """
import sys
import torch
from engine import backend as K
from torch.fx.experimental import symbolic_shapes
early = {name: vars(symbolic_shapes)[name] for name in ("sym_eq", "guard_or_false", "sym_and", "expect_true")}
assert "sympy" not in sys.modules

from torch._subclasses import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import DimDynamic, ShapeEnv, StatelessSymbolicContext
import sympy
assert sys.modules["torch.fx.experimental.symbolic_shapes"].__file__.endswith("symbolic_shapes.py")
assert torch.fx.experimental.symbolic_shapes.ShapeEnv is ShapeEnv

sizes = StatelessSymbolicContext([DimDynamic.DYNAMIC, DimDynamic.STATIC])
mode = FakeTensorMode(shape_env=ShapeEnv())
x, kernel = mode.from_tensor(torch.ones(5, 3), symbolic_context=sizes), mode.from_tensor(torch.ones(3, 2))
y = torch.nn.functional.relu(torch.addmm(kernel[0], x, kernel)) + 1
assert isinstance(y.shape[0], torch.SymInt) and y.shape == (x.shape[0], 2)
assert bool(early["sym_eq"](y.shape, (x.shape[0], 2))) and not bool(early["sym_eq"](y.shape, x.shape))
assert isinstance(early["sym_and"](y.shape[0] == 5, True), torch.SymBool)
assert early["guard_or_false"](y.shape[0] == 5) is True
from torch._prims_common import ELEMENTWISE_TYPE_PROMOTION_KIND as kinds, elementwise_dtypes
found = elementwise_dtypes(sympy.Symbol("n", integer=True), 1.5, type_promotion_kind=kinds.DEFAULT)
assert found == (torch.float32, torch.float32), found
compiled = torch.compile(lambda x: x.relu() + x.shape[0], dynamic=True, backend="eager")
assert [compiled(torch.ones(size, 2)).sum().item() for size in (3, 4)] == [24.0, 40.0]
"""

ANSWERS = """
import itertools
from engine.backend import symbolic_imports
stand_in = symbolic_imports._PlainShapes()
real = stand_in._load()
sizes = [(), (1,), (2, 3), [2, 3], (2, 4)]
for name in symbolic_imports._ANSWERS:
    many = {"sym_eq": itertools.product(sizes, sizes), "is_nested_int": [(3,), (2.5,)], "guard_int": [(3,), (0,)],
            "guarding_hint_or_throw": [(3,), (True,)], "has_guarding_hint": [(3,), (False,)]}
    given = many.get(name, [(True,), (False,)])
    if name in ("sym_and", "sym_or"):
        given = [values for count in (1, 2, 3) for values in itertools.product([True, False], repeat=count)]
    for values in given:
        found, expected = getattr(stand_in, name)(*values), getattr(real, name)(*values)
        assert found is expected or (found == expected and type(found) is type(expected)), (name, values, found)
"""


def run(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_model_is_trained_without_torchs_compiler() -> None:
    run(TRAIN)


def test_symbolic_sizes_work_once_they_are_asked_for() -> None:
    run(SYMBOLIC)


def test_plain_numbers_are_answered_as_torch_answers() -> None:
    run(ANSWERS)
