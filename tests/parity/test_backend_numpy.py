"""Backend functions against NumPy: values, recorded and at once, and static shapes of an unknown batch."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine import backend as K

Function = Callable[..., Any]
rng = np.random.RandomState(7)
X = rng.uniform(-2, 2, (4, 3, 5)).astype("float32")
Y = rng.uniform(-2, 2, (4, 3, 5)).astype("float32")
MATRIX = rng.uniform(-1, 1, (5, 2)).astype("float32")
CUBE = rng.uniform(-1, 1, (2, 5, 3)).astype("float32")
WIDE = (None, 3, 5)


def softmax(x: np.ndarray) -> np.ndarray:
    powers = np.exp(x - x.max(-1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


UNARY: list[tuple[str, Function, Function, Any]] = [
    ("square", K.square, np.square, WIDE),
    ("abs", K.abs, np.abs, WIDE),
    ("sqrt", K.sqrt, lambda x: np.sqrt(np.maximum(x, 0)), WIDE),
    ("exp", K.exp, np.exp, WIDE),
    ("log", lambda x: K.log(K.abs(x)), lambda x: np.log(np.abs(x)), WIDE),
    ("round", K.round, np.round, WIDE),
    ("sign", K.sign, np.sign, WIDE),
    ("pow", lambda x: K.pow(x, 3), lambda x: x**3, WIDE),
    ("sin", K.sin, np.sin, WIDE),
    ("cos", K.cos, np.cos, WIDE),
    ("clip", lambda x: K.clip(x, -0.5, None), lambda x: np.maximum(x, -0.5), WIDE),
    ("maximum of a number", lambda x: K.maximum(x, 0.3), lambda x: np.maximum(x, 0.3), WIDE),
    ("minimum of a number", lambda x: K.minimum(x, 0.3), lambda x: np.minimum(x, 0.3), WIDE),
    ("relu", K.relu, lambda x: np.maximum(x, 0), WIDE),
    (
        "leaky relu with a bound",
        lambda x: K.relu(x, 0.2, 1.0),
        lambda x: np.minimum(np.where(x > 0, x, 0.2 * x), 1.0),
        WIDE,
    ),
    (
        "leaky relu by an array",
        lambda x: K.relu(x, np.array(0.2, "float32")),
        lambda x: np.where(x > 0, x, 0.2 * x),
        WIDE,
    ),
    ("elu", lambda x: K.elu(x, 0.5), lambda x: np.where(x > 0, x, 0.5 * np.expm1(x)), WIDE),
    ("softmax", K.softmax, softmax, WIDE),
    ("softplus", K.softplus, lambda x: np.log1p(np.exp(x)), WIDE),
    ("softsign", K.softsign, lambda x: x / (1 + np.abs(x)), WIDE),
    ("sigmoid", K.sigmoid, sigmoid, WIDE),
    ("hard_sigmoid", K.hard_sigmoid, lambda x: np.clip(0.2 * x + 0.5, 0, 1), WIDE),
    ("tanh", K.tanh, np.tanh, WIDE),
    (
        "l2_normalize",
        lambda x: K.l2_normalize(x, -1),
        lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True),
        WIDE,
    ),
    ("max", lambda x: K.max(x, (0, 2)), lambda x: x.max((0, 2)), (3,)),
    ("min", lambda x: K.min(x, 1, True), lambda x: x.min(1, keepdims=True), (None, 1, 5)),
    ("sum", K.sum, np.sum, ()),
    ("sum along no axis", lambda x: K.sum(x, []), lambda x: x, WIDE),
    ("prod", lambda x: K.prod(x, [1, -1]), lambda x: x.prod((1, 2)), (None,)),
    ("cumsum", lambda x: K.cumsum(x, 1), lambda x: x.cumsum(1), WIDE),
    ("cumprod", lambda x: K.cumprod(x, 2), lambda x: x.cumprod(2), WIDE),
    ("mean of booleans", lambda x: K.mean(x > 0), lambda x: (x > 0).mean(), ()),
    ("var", lambda x: K.var(x, 1), lambda x: x.var(1), (None, 5)),
    ("std", lambda x: K.std(x, [0, 1]), lambda x: x.std((0, 1)), (5,)),
    ("logsumexp", lambda x: K.logsumexp(x, 2), lambda x: np.log(np.exp(x).sum(2)), (None, 3)),
    ("any", lambda x: K.any(x > 1.9, 1), lambda x: (x > 1.9).any(1), (None, 5)),
    ("all", lambda x: K.all(x > -1, 2), lambda x: (x > -1).all(2), (None, 3)),
    ("argmax", K.argmax, lambda x: x.argmax(-1), (None, 3)),
    ("argmin", lambda x: K.argmin(x, 1), lambda x: x.argmin(1), (None, 5)),
    ("cast", lambda x: K.cast(x, "int32"), lambda x: x.astype("int32"), WIDE),
    ("reshape", lambda x: K.reshape(x, (-1, 15)), lambda x: x.reshape(-1, 15), (None, 15)),
    ("reshape by None", lambda x: K.reshape(x, (None, 5)), lambda x: x.reshape(-1, 5), (None, 5)),
    (
        "reshape by a symbolic size",
        lambda x: K.reshape(x, (K.shape(x)[0], 5, 3)),
        lambda x: x.reshape(-1, 5, 3),
        (None, 5, 3),
    ),
    (
        "permute_dimensions",
        lambda x: K.permute_dimensions(x, (2, 0, 1)),
        lambda x: x.transpose(2, 0, 1),
        (5, None, 3),
    ),
    ("transpose", K.transpose, lambda x: x.T, (5, 3, None)),
    ("flatten", K.flatten, np.ravel, (None,)),
    ("batch_flatten", K.batch_flatten, lambda x: x.reshape(4, 15), (None, 15)),
    ("expand_dims", lambda x: K.expand_dims(x, 1), lambda x: x[:, None], (None, 1, 3, 5)),
    ("squeeze", lambda x: K.squeeze(x[:, :1], 1), lambda x: x[:, 0], (None, 5)),
    (
        "concatenate",
        lambda x: K.concatenate([x, x * 2]),
        lambda x: np.concatenate([x, x * 2], -1),
        (None, 3, 10),
    ),
    ("stack", lambda x: K.stack([x, -x], 1), lambda x: np.stack([x, -x], 1), (None, 2, 3, 5)),
    ("repeat_elements", lambda x: K.repeat_elements(x, 2, 1), lambda x: x.repeat(2, 1), (None, 6, 5)),
    ("repeat", lambda x: K.repeat(x[:, 0], 3), lambda x: np.stack([x[:, 0]] * 3, 1), (None, 3, 5)),
    ("tile", lambda x: K.tile(x, [1, 2, 1]), lambda x: np.tile(x, (1, 2, 1)), (None, 6, 5)),
    ("reverse", lambda x: K.reverse(x, [0, 2]), lambda x: x[::-1, :, ::-1], WIDE),
    ("slices", lambda x: x[:, 1:, ::2], lambda x: x[:, 1:, ::2], (None, 2, 3)),
    ("gather", lambda x: K.gather(x, np.array([2, 0])), lambda x: x[[2, 0]], (2, 3, 5)),
    (
        "gather of rows",
        lambda x: K.gather(K.constant(MATRIX), K.argmax(x)),
        lambda x: MATRIX[x.argmax(-1)],
        (None, 3, 2),
    ),
    ("one_hot", lambda x: K.one_hot(K.argmax(x), 6), lambda x: np.eye(6)[x.argmax(-1)], (None, 3, 6)),
    ("arange", lambda x: K.arange(1, K.shape(x)[0] * 2, 2), lambda x: np.arange(1, 8, 2), (None,)),
    ("shape", K.shape, lambda x: np.array(x.shape), (3,)),
    (
        "zeros of a symbolic shape",
        lambda x: K.zeros((K.shape(x)[0], 2)),
        lambda x: np.zeros((4, 2)),
        (None, 2),
    ),
    ("ones_like", lambda x: K.ones_like(x, "int32"), lambda x: np.ones(x.shape, "int32"), WIDE),
    ("identity", K.identity, lambda x: x, WIDE),
    ("stop_gradient", K.stop_gradient, lambda x: x, WIDE),
    ("dot", lambda x: K.dot(x, K.constant(MATRIX)), lambda x: x @ MATRIX, (None, 3, 2)),
    ("dot as Theano", lambda x: K.dot(x, K.constant(CUBE)), lambda x: np.dot(x, CUBE), (None, 3, 2, 3)),
    (
        "linear",
        lambda x: K.linear(x, K.constant(MATRIX), K.constant([1.0, 2.0])),
        lambda x: x @ MATRIX + [1, 2],
        (None, 3, 2),
    ),
    ("batch_dot", lambda x: K.batch_dot(x, x, 2), lambda x: x @ x.transpose(0, 2, 1), (None, 3, 3)),
    (
        "batch_dot of vectors",
        lambda x: K.batch_dot(x[:, 0], x[:, 1], 1),
        lambda x: (x[:, 0] * x[:, 1]).sum(1, keepdims=True),
        (None, 1),
    ),
    (
        "batch_dot of a vector and a matrix",
        lambda x: K.batch_dot(x[:, 0], x, (1, 2)),
        lambda x: np.einsum("ni,nji->nj", x[:, 0], x),
        (None, 3),
    ),
    (
        "batch_dot of a matrix and a vector",
        lambda x: K.batch_dot(x, x[:, :, 0], (1, 1)),
        lambda x: np.einsum("nji,nj->ni", x, x[:, :, 0]),
        (None, 5),
    ),
    ("switch", lambda x: K.switch(x > 0, x, x * 2), lambda x: np.where(x > 0, x, x * 2), WIDE),
    (
        "switch by sample",
        lambda x: K.switch(x[:, 0, 0] > 0, x, -x),
        lambda x: np.where((x[:, 0, 0] > 0)[:, None, None], x, -x),
        WIDE,
    ),
    ("map_fn", lambda x: K.map_fn(lambda row: K.sum(row, 0), x), lambda x: x.sum(1), (None, 5)),
    (
        "map_fn of pairs",
        lambda x: K.map_fn(lambda pair: pair[0] - pair[1] * 2, [x, x[:, :1]]),
        lambda x: x - x[:, :1] * 2,
        WIDE,
    ),
    (
        "foldl",
        lambda x: K.foldl(lambda a, b: a * 0.5 + b, x),
        lambda x: np.tensordot([0.125, 0.25, 0.5, 1], x, 1),
        (3, 5),
    ),
    (
        "foldr",
        lambda x: K.foldr(lambda a, b: a * 0.5 + b, x, initializer=K.zeros((3, 5))),
        lambda x: np.tensordot([1, 0.5, 0.25, 0.125], x, 1),
        (3, 5),
    ),
    (
        "batch_normalization",
        lambda x: K.batch_normalization(x, K.constant(1.0), K.constant(4.0), K.constant(0.5), None, 0.0),
        lambda x: (x - 1) / 2 + 0.5,
        WIDE,
    ),
    (
        "temporal_padding",
        lambda x: K.temporal_padding(x, (2, 1)),
        lambda x: np.pad(x, ((0, 0), (2, 1), (0, 0))),
        (None, 6, 5),
    ),
]

BINARY: list[tuple[str, Function, Function, Any]] = [
    ("equal", K.equal, np.equal, WIDE),
    ("not_equal", K.not_equal, np.not_equal, WIDE),
    ("greater", K.greater, np.greater, WIDE),
    ("greater_equal", K.greater_equal, np.greater_equal, WIDE),
    ("less", K.less, np.less, WIDE),
    ("less_equal", K.less_equal, np.less_equal, WIDE),
    ("maximum", K.maximum, np.maximum, WIDE),
    ("minimum", K.minimum, np.minimum, WIDE),
    (
        "categorical_crossentropy of logits",
        lambda t, x: K.categorical_crossentropy(t, x, from_logits=True),
        lambda t, x: -(t * np.log(softmax(x))).sum(-1),
        (None, 3),
    ),
    (
        "categorical_crossentropy",
        lambda t, x: K.categorical_crossentropy(t, K.abs(x)),
        lambda t, x: -(t * np.log(np.abs(x) / np.abs(x).sum(-1, keepdims=True))).sum(-1),
        (None, 3),
    ),
    (
        "sparse_categorical_crossentropy of logits",
        lambda t, x: K.sparse_categorical_crossentropy(K.argmax(t), x, from_logits=True),
        lambda t, x: -np.log(np.take_along_axis(softmax(x), t.argmax(-1)[..., None], -1))[..., 0],
        (None, 3),
    ),
    (
        "binary_crossentropy",
        lambda t, x: K.binary_crossentropy(t, K.sigmoid(x)),
        lambda t, x: -t * np.log(sigmoid(x)) - (1 - t) * np.log(1 - sigmoid(x)),
        WIDE,
    ),
]


@pytest.mark.parametrize(
    ("function", "reference", "shape"), [case[1:] for case in UNARY], ids=[case[0] for case in UNARY]
)
def test_function_of_one_tensor(function: Function, reference: Function, shape: Any) -> None:
    x = K.placeholder(WIDE)
    result = function(x)
    assert K.int_shape(result) == shape
    value = K.function([x], [result])([X])[0]
    expected = reference(X)
    assert np.shape(value) == np.shape(expected)
    assert np.asarray(expected).dtype.kind == np.asarray(value).dtype.kind
    np.testing.assert_allclose(value, expected, rtol=2e-5, atol=2e-6)
    at_once = K.eval(function(X))
    assert at_once.dtype == value.dtype
    np.testing.assert_allclose(at_once, expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize(
    ("function", "reference", "shape"), [case[1:] for case in BINARY], ids=[case[0] for case in BINARY]
)
def test_function_of_two_tensors(function: Function, reference: Function, shape: Any) -> None:
    x, y = K.placeholder(WIDE), K.placeholder(WIDE)
    result = function(x, y)
    assert K.int_shape(result) == shape
    first = X.copy()
    first[0] = Y[0]
    value = K.function([x, y], [result])([first, Y])[0]
    np.testing.assert_allclose(value, reference(first, Y), rtol=2e-5, atol=2e-6)
    np.testing.assert_allclose(K.eval(function(first, Y)), reference(first, Y), rtol=2e-5, atol=2e-6)
