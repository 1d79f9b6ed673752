"""Every optimizer against its formula in NumPy."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from engine import backend as K
from engine import optimizers

STEPS = 6
EPSILON = 1e-7
RANDOM = np.random.RandomState(0)
SHAPES = [(4, 3), (3,), (2, 3, 2)]
START = [RANDOM.normal(size=shape) for shape in SHAPES]
GOAL = [RANDOM.normal(size=shape) * 2 for shape in SHAPES]

Move = Callable[[np.ndarray, float, int], np.ndarray]


def rate_at(lr: float, decay: float, step: int) -> float:
    return lr / (1 + decay * (step - 1))


def sgd(lr=0.01, momentum=0.0, decay=0.0, nesterov=False) -> Move:
    v: Any = 0.0

    def move(g: np.ndarray, rate: float, t: int) -> np.ndarray:
        nonlocal v
        v = momentum * v - rate * g
        return momentum * v - rate * g if nesterov else v

    return move


def rmsprop(lr=0.001, rho=0.9, epsilon=EPSILON, decay=0.0) -> Move:
    a: Any = 0.0

    def move(g: np.ndarray, rate: float, t: int) -> np.ndarray:
        nonlocal a
        a = rho * a + (1 - rho) * g**2
        return -rate * g / (np.sqrt(a) + epsilon)

    return move


def adagrad(lr=0.01, epsilon=EPSILON, decay=0.0) -> Move:
    a: Any = 0.0

    def move(g: np.ndarray, rate: float, t: int) -> np.ndarray:
        nonlocal a
        a = a + g**2
        return -rate * g / (np.sqrt(a) + epsilon)

    return move


def adadelta(lr=1.0, rho=0.95, epsilon=EPSILON, decay=0.0) -> Move:
    a: Any = 0.0
    d: Any = 0.0

    def move(g: np.ndarray, rate: float, t: int) -> np.ndarray:
        nonlocal a, d
        a = rho * a + (1 - rho) * g**2
        u = g * np.sqrt(d + epsilon) / np.sqrt(a + epsilon)
        d = rho * d + (1 - rho) * u**2
        return -rate * u

    return move


def adam(lr=0.001, beta_1=0.9, beta_2=0.999, epsilon=EPSILON, decay=0.0, amsgrad=False) -> Move:
    m: Any = 0.0
    v: Any = 0.0
    largest: Any = 0.0

    def move(g: np.ndarray, rate: float, t: int) -> np.ndarray:
        nonlocal m, v, largest
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        largest = np.maximum(largest, v)
        rate_t = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
        return -rate_t * m / (np.sqrt(largest if amsgrad else v) + epsilon)

    return move


def adamax(lr=0.002, beta_1=0.9, beta_2=0.999, epsilon=EPSILON, decay=0.0) -> Move:
    m: Any = 0.0
    u: Any = 0.0

    def move(g: np.ndarray, rate: float, t: int) -> np.ndarray:
        nonlocal m, u
        m = beta_1 * m + (1 - beta_1) * g
        u = np.maximum(beta_2 * u, np.abs(g))
        return -rate / (1 - beta_1**t) * m / (u + epsilon)

    return move


def nadam(lr=0.002, beta_1=0.9, beta_2=0.999, epsilon=EPSILON, schedule_decay=0.004) -> Move:
    m: Any = 0.0
    v: Any = 0.0
    schedule = 1.0

    def move(g: np.ndarray, rate: float, t: int) -> np.ndarray:
        nonlocal m, v, schedule
        now = beta_1 * (1 - 0.5 * 0.96 ** (t * schedule_decay))
        then = beta_1 * (1 - 0.5 * 0.96 ** ((t + 1) * schedule_decay))
        schedule *= now
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        mean = (1 - now) * g / (1 - schedule) + then * m / (1 - schedule * then)
        return -rate * mean / (np.sqrt(v / (1 - beta_2**t)) + epsilon)

    return move


REFERENCES: dict[str, Callable[..., Move]] = {
    "SGD": sgd,
    "RMSprop": rmsprop,
    "Adagrad": adagrad,
    "Adadelta": adadelta,
    "Adam": adam,
    "Adamax": adamax,
    "Nadam": nadam,
}
CASES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "decay": 0.1}),
    ("RMSprop", {}),
    ("RMSprop", {"lr": 0.1, "rho": 0.7, "epsilon": 0.1, "decay": 0.2}),
    ("Adagrad", {}),
    ("Adagrad", {"lr": 0.2, "epsilon": 0.1, "decay": 0.2}),
    ("Adadelta", {}),
    ("Adadelta", {"lr": 2.0, "rho": 0.8, "epsilon": 0.01, "decay": 0.2}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "beta_1": 0.5, "beta_2": 0.8, "epsilon": 0.1, "decay": 0.2}),
    ("Adam", {"lr": 0.1, "beta_2": 0.6, "amsgrad": True}),
    ("Adamax", {}),
    ("Adamax", {"lr": 0.1, "beta_1": 0.5, "beta_2": 0.8, "epsilon": 0.1, "decay": 0.2}),
    ("Nadam", {}),
    ("Nadam", {"lr": 0.1, "beta_1": 0.5, "beta_2": 0.8, "epsilon": 0.1, "schedule_decay": 0.3}),
]
IDS = [f"{name}-{'-'.join(settings) or 'defaults'}" for name, settings in CASES]


def gradient_of(weights: list[np.ndarray]) -> list[np.ndarray]:
    return [0.2 * (weight - goal) ** 3 for weight, goal in zip(weights, GOAL, strict=True)]


def clip_by_norm(gradients: list[np.ndarray], largest: float) -> list[np.ndarray]:
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients))
    return [gradient * largest / norm if norm >= largest else gradient for gradient in gradients]


def run_reference(name: str, settings: dict[str, Any], clip: Callable[..., Any]) -> list[np.ndarray]:
    moves = [REFERENCES[name](**settings) for _ in START]
    lr = settings.get("lr", optimizers.get(name).get_config()["lr"])
    weights = START
    for step in range(1, STEPS + 1):
        rate = rate_at(lr, settings.get("decay", 0.0), step)
        gradients = clip(gradient_of(weights))
        weights = [
            weight + move(gradient, rate, step)
            for weight, move, gradient in zip(weights, moves, gradients, strict=True)
        ]
    return weights


def run_engine(optimizer: Any) -> list[np.ndarray]:
    weights = [K.variable(value) for value in START]
    loss: Any = 0.0
    for weight, goal in zip(weights, GOAL, strict=True):
        # Transposed on its way, so that a gradient's strides differ from its weight's.
        loss += 0.05 * K.sum(K.pow(K.transpose(weight) - K.constant(goal.T), 4))
    train = K.function([], [loss], optimizer.get_updates(loss, weights))
    for _ in range(STEPS):
        train([])
    return [K.get_value(weight) for weight in weights]


@pytest.fixture(params=["float32", "float64"])
def floatx(request: pytest.FixtureRequest) -> Iterator[str]:
    K.set_floatx(request.param)
    yield request.param
    K.set_floatx("float32")


@pytest.mark.parametrize(("name", "settings"), CASES, ids=IDS)
def test_formula(name: str, settings: dict[str, Any], floatx: str) -> None:
    expected = run_reference(name, settings, lambda gradients: gradients)
    tolerance = 1e-5 if floatx == "float32" else 1e-12
    for value, wanted in zip(run_engine(getattr(optimizers, name)(**settings)), expected, strict=True):
        assert value.dtype == floatx
        np.testing.assert_allclose(value, wanted, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", ["SGD", "Adam"])
@pytest.mark.parametrize(
    ("settings", "clip"),
    [
        ({"clipnorm": 0.5}, lambda gradients: clip_by_norm(gradients, 0.5)),
        ({"clipnorm": 1e9}, lambda gradients: gradients),
        ({"clipvalue": 0.3}, lambda gradients: [np.clip(gradient, -0.3, 0.3) for gradient in gradients]),
        (
            {"clipnorm": 2.0, "clipvalue": 0.3},
            lambda gradients: [np.clip(gradient, -0.3, 0.3) for gradient in clip_by_norm(gradients, 2.0)],
        ),
    ],
    ids=["norm", "norm out of reach", "value", "both"],
)
def test_clipping(name: str, settings: dict[str, float], clip: Any) -> None:
    expected = run_reference(name, {"lr": 0.1}, clip)
    for value, wanted in zip(
        run_engine(optimizers.get(name).__class__(lr=0.1, **settings)), expected, strict=True
    ):
        np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-5)
