"""Tools around models and data (manual, chapters 18 and 20)."""

from engine.utils import (
    conv_utils,
    data_utils,
    generic_utils,
    io_utils,
    layer_utils,
    np_utils,
    rng_utils,
    training_utils,
    vis_utils,
)
from engine.utils.data_utils import GeneratorEnqueuer, OrderedEnqueuer, Sequence, get_file
from engine.utils.generic_utils import (
    CustomObjectScope,
    Progbar,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    serialize_keras_object,
)
from engine.utils.io_utils import HDF5Matrix
from engine.utils.layer_utils import convert_all_kernels_in_model, print_summary
from engine.utils.np_utils import normalize, to_categorical
from engine.utils.rng_utils import set_random_seed
from engine.utils.training_utils import multi_gpu_model
from engine.utils.vis_utils import model_to_dot, plot_model

__all__ = [
    "CustomObjectScope",
    "GeneratorEnqueuer",
    "HDF5Matrix",
    "OrderedEnqueuer",
    "Progbar",
    "Sequence",
    "conv_utils",
    "convert_all_kernels_in_model",
    "custom_object_scope",
    "data_utils",
    "deserialize_keras_object",
    "generic_utils",
    "get_custom_objects",
    "get_file",
    "io_utils",
    "layer_utils",
    "model_to_dot",
    "multi_gpu_model",
    "normalize",
    "np_utils",
    "plot_model",
    "print_summary",
    "rng_utils",
    "serialize_keras_object",
    "set_random_seed",
    "to_categorical",
    "training_utils",
    "vis_utils",
]
