"""The passes over lowered graphs. Importing them lets lowering use them."""

from engine.backend.passes.convolutions import add_biases_in_kernels, rectify_in_kernels, rectify_maxima
from engine.backend.passes.enlargements import convolve_before_enlarging
from engine.backend.passes.normalizations import fold_normalizations, rectify_in_place
from engine.backend.passes.precision import widen
from engine.backend.passes.rows import differentiate_by_rows
from engine.backend.passes.steps import lay_out_by_steps
from engine.backend.rewriting import use_passes

use_passes(
    differentiate_by_rows,
    lay_out_by_steps,
    add_biases_in_kernels,
    fold_normalizations,
    rectify_maxima,
    rectify_in_kernels,
    convolve_before_enlarging,
    rectify_in_place,
    widen,
)
