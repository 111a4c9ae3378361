"""Functions on tensors, with Keras's and NumPy's names.

Called on symbols they extend the graph, called on arrays (ours or NumPy's) they compute at once; both ways run the
same primitives.
"""

from typing import TYPE_CHECKING

from fastconv.ops.arithmetic import (
    absolute,
    add,
    clip,
    divide,
    equal,
    exp,
    greater,
    greater_equal,
    less,
    less_equal,
    log,
    logical_not,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    sqrt,
    square,
    subtract,
    true_divide,
)
from fastconv.ops.network import conv, matmul, max_pool, transpose
from fastconv.ops.nonlinear import (
    elu,
    hard_sigmoid,
    leaky_relu,
    relu,
    relu6,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    swish,
    tanh,
)
from fastconv.ops.reductions import argmax, mean, sum
from fastconv.ops.shapes import (
    convert_to_numpy,
    convert_to_tensor,
    expand_dims,
    one_hot,
    reshape,
    shape,
    size,
    squeeze,
)
from fastconv.ops.values import cast
from fastconv.runtime.names import absent_names

abs = absolute

__all__ = [
    "abs",
    "absolute",
    "add",
    "argmax",
    "cast",
    "clip",
    "conv",
    "convert_to_numpy",
    "convert_to_tensor",
    "divide",
    "elu",
    "equal",
    "exp",
    "expand_dims",
    "greater",
    "greater_equal",
    "hard_sigmoid",
    "leaky_relu",
    "less",
    "less_equal",
    "log",
    "logical_not",
    "matmul",
    "max_pool",
    "maximum",
    "mean",
    "minimum",
    "multiply",
    "negative",
    "not_equal",
    "one_hot",
    "relu",
    "relu6",
    "reshape",
    "shape",
    "sigmoid",
    "silu",
    "size",
    "softmax",
    "softplus",
    "softsign",
    "sqrt",
    "square",
    "squeeze",
    "subtract",
    "sum",
    "swish",
    "tanh",
    "transpose",
    "true_divide",
]

if not TYPE_CHECKING:
    __getattr__ = absent_names(
        __name__,
        __all__,
        "Compose it of these.",
    )
