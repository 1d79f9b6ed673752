"""Every backend function of the manual, section 14.5, with its arguments and their defaults."""

import ast
import inspect
from typing import Any

import pytest

from engine import backend as K

SIGNATURES = """
epsilon()
set_epsilon(e)
floatx()
set_floatx(floatx)
cast_to_floatx(x)
image_data_format()
set_image_data_format(data_format)
get_uid(prefix='')
reset_uids()
clear_session()
manual_variable_initialization(value)
learning_phase()
set_learning_phase(value)
is_sparse(tensor)
to_dense(tensor)
variable(value, dtype=None, name=None, constraint=None)
constant(value, dtype=None, shape=None, name=None)
is_keras_tensor(x)
placeholder(shape=None, ndim=None, dtype=None, sparse=False, name=None)
is_placeholder(x)
shape(x)
int_shape(x)
ndim(x)
dtype(x)
eval(x)
zeros(shape, dtype=None, name=None)
ones(shape, dtype=None, name=None)
eye(size, dtype=None, name=None)
zeros_like(x, dtype=None, name=None)
ones_like(x, dtype=None, name=None)
identity(x, name=None)
random_uniform_variable(shape, low, high, dtype=None, name=None, seed=None)
random_normal_variable(shape, mean, scale, dtype=None, name=None, seed=None)
count_params(x)
cast(x, dtype)
update(x, new_x)
update_add(x, increment)
update_sub(x, decrement)
moving_average_update(x, value, momentum)
dot(x, y)
batch_dot(x, y, axes=None)
transpose(x)
gather(reference, indices)
max(x, axis=None, keepdims=False)
min(x, axis=None, keepdims=False)
sum(x, axis=None, keepdims=False)
prod(x, axis=None, keepdims=False)
cumsum(x, axis=0)
cumprod(x, axis=0)
var(x, axis=None, keepdims=False)
std(x, axis=None, keepdims=False)
mean(x, axis=None, keepdims=False)
any(x, axis=None, keepdims=False)
all(x, axis=None, keepdims=False)
argmax(x, axis=-1)
argmin(x, axis=-1)
square(x)
abs(x)
sqrt(x)
exp(x)
log(x)
logsumexp(x, axis=None, keepdims=False)
round(x)
sign(x)
pow(x, a)
clip(x, min_value, max_value)
equal(x, y)
not_equal(x, y)
greater(x, y)
greater_equal(x, y)
less(x, y)
less_equal(x, y)
maximum(x, y)
minimum(x, y)
sin(x)
cos(x)
normalize_batch_in_training(x, gamma, beta, reduction_axes, epsilon=0.001)
batch_normalization(x, mean, var, beta, gamma, epsilon=0.001)
concatenate(tensors, axis=-1)
reshape(x, shape)
permute_dimensions(x, pattern)
resize_images(x, height_factor, width_factor, data_format)
resize_volumes(x, depth_factor, height_factor, width_factor, data_format)
repeat_elements(x, rep, axis)
repeat(x, n)
arange(start, stop=None, step=1, dtype='int32')
tile(x, n)
flatten(x)
batch_flatten(x)
expand_dims(x, axis=-1)
squeeze(x, axis)
temporal_padding(x, padding=(1, 1))
spatial_2d_padding(x, padding=((1, 1), (1, 1)), data_format=None)
spatial_3d_padding(x, padding=((1, 1), (1, 1), (1, 1)), data_format=None)
stack(x, axis=0)
one_hot(indices, num_classes)
reverse(x, axes)
get_value(x)
batch_get_value(ops)
set_value(x, value)
batch_set_value(tuples)
print_tensor(x, message='')
function(inputs, outputs, updates=None)
gradients(loss, variables)
stop_gradient(variables)
rnn(step_function, inputs, initial_states, go_backwards=False, mask=None, constants=None,
    unroll=False, input_length=None)
switch(condition, then_expression, else_expression)
in_train_phase(x, alt, training=None)
in_test_phase(x, alt, training=None)
relu(x, alpha=0.0, max_value=None)
elu(x, alpha=1.0)
softmax(x)
softplus(x)
softsign(x)
categorical_crossentropy(target, output, from_logits=False)
sparse_categorical_crossentropy(target, output, from_logits=False)
binary_crossentropy(target, output, from_logits=False)
sigmoid(x)
hard_sigmoid(x)
tanh(x)
dropout(x, level, noise_shape=None, seed=None)
l2_normalize(x, axis=None)
in_top_k(predictions, targets, k)
conv1d(x, kernel, strides=1, padding='valid', data_format=None, dilation_rate=1)
conv2d(x, kernel, strides=(1, 1), padding='valid', data_format=None, dilation_rate=(1, 1))
conv2d_transpose(x, kernel, output_shape, strides=(1, 1), padding='valid', data_format=None)
separable_conv1d(x, depthwise_kernel, pointwise_kernel, strides=1, padding='valid',
    data_format=None, dilation_rate=1)
separable_conv2d(x, depthwise_kernel, pointwise_kernel, strides=(1, 1), padding='valid',
    data_format=None, dilation_rate=(1, 1))
depthwise_conv2d(x, depthwise_kernel, strides=(1, 1), padding='valid', data_format=None,
    dilation_rate=(1, 1))
conv3d(x, kernel, strides=(1, 1, 1), padding='valid', data_format=None, dilation_rate=(1, 1, 1))
conv3d_transpose(x, kernel, output_shape, strides=(1, 1, 1), padding='valid', data_format=None)
pool2d(x, pool_size, strides=(1, 1), padding='valid', data_format=None, pool_mode='max')
pool3d(x, pool_size, strides=(1, 1, 1), padding='valid', data_format=None, pool_mode='max')
bias_add(x, bias, data_format=None)
random_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None)
random_uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None)
random_binomial(shape, p=0.0, dtype=None, seed=None)
truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None)
ctc_label_dense_to_sparse(labels, label_lengths)
ctc_batch_cost(y_true, y_pred, input_length, label_length)
ctc_decode(y_pred, input_length, greedy=True, beam_width=100, top_paths=1)
map_fn(fn, elems, name=None, dtype=None)
foldl(fn, elems, initializer=None, name=None)
foldr(fn, elems, initializer=None, name=None)
local_conv1d(inputs, kernel, kernel_size, strides, data_format=None)
local_conv2d(inputs, kernel, kernel_size, strides, output_shape, data_format=None)
backend()
"""


def read_signatures() -> dict[str, list[tuple[str, Any]]]:
    """Read the table as name -> [(argument, default)], with `inspect.Parameter.empty` for no default."""
    stubs = "\n".join(f"def {line}: ..." for line in SIGNATURES.replace("\n    ", " ").split("\n") if line)
    found = {}
    for stub in ast.parse(stubs).body:
        assert isinstance(stub, ast.FunctionDef)
        defaults = [ast.literal_eval(default) for default in stub.args.defaults]
        missing = [inspect.Parameter.empty] * (len(stub.args.args) - len(defaults))
        arguments = [argument.arg for argument in stub.args.args]
        found[stub.name] = list(zip(arguments, [*missing, *defaults], strict=True))
    return found


TABLE = read_signatures()


@pytest.mark.parametrize("name", TABLE)
def test_has_the_manuals_arguments(name: str) -> None:
    assert name in K.__all__
    parameters = list(inspect.signature(getattr(K, name)).parameters.values())
    own = [(parameter.name, parameter.default) for parameter in parameters[: len(TABLE[name])]]
    assert own == TABLE[name]
    further = parameters[len(TABLE[name]) :]
    assert all(
        parameter.default is not parameter.empty or parameter.kind is parameter.VAR_KEYWORD
        for parameter in further
    )


def test_every_function_says_what_it_does() -> None:
    assert [name for name in TABLE if not getattr(K, name).__doc__] == []
