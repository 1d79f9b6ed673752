"""What all optimizers share: configuration, weights, state, constraints, settings that change."""

from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import constraints, optimizers

NAMES = ["SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "Adamax", "Nadam"]
SETTINGS: dict[str, dict[str, Any]] = {
    "SGD": {"lr": 0.1, "momentum": 0.5, "decay": 0.25, "nesterov": True, "clipnorm": 1.0},
    "RMSprop": {"lr": 0.1, "rho": 0.5, "epsilon": 0.01, "decay": 0.25, "clipvalue": 0.5},
    "Adagrad": {"lr": 0.1, "epsilon": 0.01, "decay": 0.25},
    "Adadelta": {"lr": 0.1, "rho": 0.5, "epsilon": 0.01, "decay": 0.25},
    "Adam": {"lr": 0.1, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.01, "decay": 0.25, "amsgrad": True},
    "Adamax": {"lr": 0.1, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.01, "decay": 0.25},
    "Nadam": {"lr": 0.1, "beta_1": 0.5, "beta_2": 0.75, "epsilon": 0.01, "schedule_decay": 0.1},
}


class Training:
    """Two weights on their way to 3."""

    def __init__(self, optimizer: Any, constraint: Any = None) -> None:
        self.optimizer = optimizer
        self.weights = [
            K.variable(np.arange(6.0).reshape(2, 3), constraint=constraint),
            K.variable(np.array([1.0, -1.0])),
        ]
        loss: Any = sum(K.sum(K.square(weight - 3.0)) for weight in self.weights)
        with K.name_scope("training"), K.name_scope(type(optimizer).__name__):
            updates = optimizer.get_updates(loss, self.weights)
        self._step = K.function([], [loss], updates)

    def run(self, steps: int) -> list[float]:
        return [float(self._step([])[0]) for _ in range(steps)]

    @property
    def values(self) -> list[np.ndarray]:
        return K.batch_get_value(self.weights)


@pytest.mark.parametrize("name", NAMES)
def test_configuration_round_trip(name: str) -> None:
    described = optimizers.serialize(getattr(optimizers, name)(**SETTINGS[name]))
    assert described["class_name"] == name
    assert set(SETTINGS[name]) <= set(described["config"])
    for setting, value in SETTINGS[name].items():
        assert described["config"][setting] == pytest.approx(value, rel=1e-7)
    assert optimizers.serialize(optimizers.deserialize(described)) == described


@pytest.mark.parametrize("name", NAMES)
def test_names(name: str) -> None:
    cls = getattr(optimizers, name)
    assert getattr(optimizers, name.lower()) is cls
    for identifier in (name, name.lower(), name.upper(), {"class_name": name.lower(), "config": {}}):
        assert type(optimizers.get(identifier)) is cls


def test_identifiers() -> None:
    optimizer = optimizers.Adam()
    assert optimizers.get(optimizer) is optimizer
    with pytest.raises(ValueError, match="no_such"):
        optimizers.get("no_such")
    for identifier in (None, 3, optimizers.Adam):
        with pytest.raises(ValueError, match="interpret optimizer"):
            optimizers.get(identifier)
    with pytest.raises(TypeError, match="clipnrm"):
        optimizers.SGD(clipnrm=1.0)


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("SGD", ["SGD/iterations:0", "Variable:0", "Variable_1:0"]),
        ("RMSprop", ["Variable:0", "Variable_1:0"]),
        ("Adam", ["Adam/iterations:0", *(f"Variable{n}:0" for n in ("", "_1", "_2", "_3", "_4", "_5"))]),
        ("Nadam", ["Nadam/iterations:0", *(f"Variable{n}:0" for n in ("", "_1", "_2", "_3"))]),
    ],
)
def test_weights_are_named_and_ordered_as_keras_does(name: str, names: list[str]) -> None:
    optimizer = optimizers.get(name)
    Training(optimizer)
    assert [weight.name.removeprefix(f"training/{name}/") for weight in optimizer.weights] == names


def test_placeholders_of_adam() -> None:
    plain, amsgrad = optimizers.Adam(), optimizers.Adam(amsgrad=True)
    for optimizer in (plain, amsgrad):
        Training(optimizer).run(2)
    slots = [(2, 3), (2,)]
    assert [value.shape for value in plain.get_weights()] == [(), *slots, *slots, (1,), (1,)]
    assert [value.shape for value in amsgrad.get_weights()] == [(), *slots, *slots, *slots]
    assert plain.get_weights()[0] == 2
    assert plain.get_weights()[0].dtype == np.int64


@pytest.mark.parametrize("name", NAMES)
def test_state_continues_a_training_bit_for_bit(name: str) -> None:
    whole = Training(optimizers.get({"class_name": name, "config": SETTINGS[name]}))
    whole.run(3)
    K.set_value(whole.optimizer.lr, 0.0625)
    state, values = whole.optimizer.get_state(), whole.values
    expected = whole.run(3)
    resumed = Training(optimizers.get({"class_name": name, "config": SETTINGS[name]}))
    resumed.optimizer.set_state(state)
    K.batch_set_value(list(zip(resumed.weights, values, strict=True)))
    assert resumed.run(3) == expected
    for own, other in zip(resumed.values, whole.values, strict=True):
        np.testing.assert_array_equal(own, other)


def test_foreign_state_and_weights_are_refused() -> None:
    adam, sgd = Training(optimizers.Adam()).optimizer, Training(optimizers.SGD()).optimizer
    with pytest.raises(ValueError, match="doesn't belong to this SGD"):
        sgd.set_state(adam.get_state())
    with pytest.raises(ValueError, match="SGD has 3 weights, but 7"):
        sgd.set_weights(adam.get_weights())
    with pytest.raises(ValueError, match="shape"):
        sgd.set_weights([np.zeros(()), np.zeros(2), np.zeros(2)])


@pytest.mark.parametrize("name", NAMES)
def test_learning_rate_may_be_set_between_steps(name: str) -> None:
    training = Training(optimizers.get(name))
    training.run(1)
    K.set_value(training.optimizer.lr, 0.0)
    before = training.values
    training.run(1)
    after = training.values
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(("name", "setting"), [("SGD", "momentum"), ("RMSprop", "rho"), ("Adam", "beta_1")])
def test_other_settings_may_be_set_between_steps(name: str, setting: str) -> None:
    late, early = Training(optimizers.get(name)), Training(getattr(optimizers, name)(**{setting: 0.25}))
    early_state = early.optimizer.get_state()
    late.run(1)
    K.set_value(getattr(late.optimizer, setting), 0.25)
    late.optimizer.set_state(early_state)
    K.batch_set_value(list(zip(late.weights, early.values, strict=True)))
    assert late.run(3) == early.run(3)


@pytest.mark.parametrize("name", NAMES)
def test_constraints_hold_after_each_step(name: str) -> None:
    training = Training(optimizers.get(name), constraint=constraints.UnitNorm())
    for _ in range(2):
        training.run(1)
        np.testing.assert_allclose(np.linalg.norm(training.values[0], axis=0), np.ones(3), rtol=1e-5)
    assert np.linalg.norm(training.values[1]) > 1.1


@pytest.mark.parametrize("name", NAMES)
def test_no_weights_to_train(name: str) -> None:
    optimizer = optimizers.get(name)
    x = K.placeholder((None,))
    step = K.function([x], [K.sum(x)], optimizer.get_updates(K.sum(x), []))
    assert step([np.ones(3)]) == [3.0]
    assert K.get_value(optimizer.iterations) == 1


def test_weight_that_the_loss_does_not_depend_on_stays() -> None:
    used, unused = K.variable(np.ones(2)), K.variable(np.ones(3))
    loss = K.sum(K.square(used))
    K.function([], [loss], optimizers.Adam(lr=0.1, clipnorm=1.0).get_updates(loss, [used, unused]))([])
    np.testing.assert_allclose(K.get_value(used), [0.9, 0.9], rtol=1e-5)
    np.testing.assert_array_equal(K.get_value(unused), np.ones(3))


class Halving(optimizers.Optimizer):
    """Written as users write optimizers: an update a weight."""

    def __init__(self, share: float = 0.5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.share = K.variable(share, name="share")

    def get_updates(self, loss, params):
        seen = [K.zeros(K.int_shape(p)) for p in params]
        self.weights = seen
        for p, g, s in zip(params, self.get_gradients(loss, params), seen, strict=True):
            self.updates.append(K.update(s, s + K.abs(g)))
            new_p = p - self.share * g / 2
            self.updates.append(K.update(p, p.constraint(new_p) if p.constraint is not None else new_p))
        return self.updates

    def get_config(self):
        return {"share": float(K.get_value(self.share)), **super().get_config()}


def test_optimizer_of_ones_own() -> None:
    training = Training(Halving(clipvalue=2.0), constraint=constraints.NonNeg())
    training.run(1)
    np.testing.assert_allclose(training.values[0], [[0.5, 1.5, 2.5], [3.0, 3.5, 4.5]])
    np.testing.assert_allclose(training.optimizer.get_weights()[1], [2.0, 2.0])
    assert optimizers.serialize(training.optimizer)["config"] == {"share": 0.5, "clipvalue": 2.0}
    made = optimizers.deserialize({"class_name": "Halving", "config": {"share": 0.25}}, {"Halving": Halving})
    assert K.get_value(made.share) == 0.25


def test_base_class_asks_for_get_updates() -> None:
    with pytest.raises(TypeError, match="get_updates"):
        optimizers.Optimizer().get_updates(None, [])


def test_a_number_assigned_to_a_setting_counts_from_the_next_step() -> None:
    optimizer = optimizers.SGD(lr=0.5)
    optimizer.lr = 0.25
    weight = K.variable(np.zeros(2))
    step = K.function([], [], optimizer.get_updates(K.sum(weight), [weight]))
    step([])
    optimizer.lr = 1
    step([])
    np.testing.assert_array_equal(K.get_value(weight), [-1.25, -1.25])
    assert optimizer.get_config()["lr"] == 1.0
