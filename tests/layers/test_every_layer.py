"""Each layer through check_layer, and against Keras's of the same name."""

import numpy as np
import pytest

import fastconv as fc
from fastconv.testing import check_layer

L = fc.layers
# (class, arguments, shape of a sample or shapes of several); each says in its id what is special.
CASES = {
    "dense": ("Dense", {"units": 5}, (7,)),
    "dense, no bias": ("Dense", {"units": 5, "use_bias": False, "activation": "relu"}, (7,)),
    "dense on the last axis of a map": ("Dense", {"units": 5, "activation": "sigmoid"}, (3, 2, 7)),
    "conv": ("Conv2D", {"filters": 6, "kernel_size": 3}, (9, 8, 4)),
    "conv, same, stride 2 over an even side": (
        "Conv2D",
        {"filters": 6, "kernel_size": (3, 2), "strides": (2, 1), "padding": "same", "activation": "relu"},
        (8, 7, 3),
    ),
    "conv, dilated": ("Conv2D", {"filters": 4, "kernel_size": 3, "dilation_rate": 2}, (9, 9, 2)),
    "conv, groups": ("Conv2D", {"filters": 6, "kernel_size": 3, "groups": 2, "use_bias": False}, (7, 7, 4)),
    "pooling": ("MaxPooling2D", {}, (8, 9, 3)),
    "pooling, same, window over the edge": (
        "MaxPooling2D",
        {"pool_size": 3, "strides": 2, "padding": "same"},
        (8, 7, 3),
    ),
    "flatten": ("Flatten", {}, (4, 3, 2)),
    "reshape": ("Reshape", {"target_shape": (6, -1)}, (4, 3, 2)),
    "dropout in inference": ("Dropout", {"rate": 0.5}, (9,)),
    "activation": ("Activation", {"activation": "tanh"}, (5,)),
    "relu": ("ReLU", {}, (5,)),
    "relu6": ("ReLU", {"max_value": 6.0}, (50,)),
    "relu, leaking below a threshold": (
        "ReLU",
        {"max_value": 1.5, "negative_slope": 0.25, "threshold": 0.5},
        (50,),
    ),
    "softmax": ("Softmax", {}, (5,)),
    "add": ("Add", {}, [(4, 4, 2), (4, 4, 2), (4, 4, 2)]),
    "multiply": ("Multiply", {}, [(5,), (5,)]),
    "rescaling": ("Rescaling", {"scale": 1 / 127.5, "offset": -1.0}, (4, 4, 3)),
    "rescaling by channel": ("Rescaling", {"scale": [0.5, 1.0, 2.0], "offset": [1.0, 0.0, -1.0]}, (4, 4, 3)),
    "global average": ("GlobalAveragePooling2D", {}, (5, 4, 3)),
    "global average, axes kept": ("GlobalAveragePooling2D", {"keepdims": True}, (5, 4, 3)),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_check_layer(case):
    name, arguments, shape = case
    check_layer(getattr(L, name), arguments, shape)


def test_pictures_of_bytes():
    check_layer(L.Rescaling, {"scale": 1 / 255}, (4, 4, 3), "uint8")


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_keras(case, peer):
    keras = peer("keras")
    name, arguments, shape = case
    shapes = shape if isinstance(shape, list) else [shape]
    random = np.random.default_rng(0)
    x = [random.standard_normal((2, *s)).astype("float32") for s in shapes]
    x = x[0] if len(x) == 1 else x
    ours, theirs = getattr(L, name)(**arguments), getattr(keras.layers, name)(**arguments)
    expected = np.asarray(theirs(x))
    ours(x)
    assert [v.shape for v in ours.weights] == [tuple(v.shape) for v in theirs.weights]
    assert [v.name.split("/")[-1] for v in ours.weights] == [v.name for v in theirs.weights]
    ours.set_weights(theirs.get_weights())
    # Sums of up to 60 terms of size about 1: 5 sqrt(60) roundings of 2^-24 each, on either side.
    np.testing.assert_allclose(np.asarray(ours(x)), expected, rtol=1e-5, atol=2 * 5 * 60**0.5 * 2.0**-24)


def test_defaults_are_keras_s(peer):
    """Every argument that both have, and its default."""
    keras = peer("keras")
    for name in {case[0] for case in CASES.values()}:
        arguments = next(case[1] for case in CASES.values() if case[0] == name)
        needed = {
            k: v
            for k, v in arguments.items()
            if k in ("units", "filters", "kernel_size", "rate", "target_shape", "scale", "activation")
        }
        if name in ("Dense", "Conv2D"):
            needed.pop("activation", None)
        ours = getattr(L, name)(**needed).get_config()
        theirs = getattr(keras.layers, name)(**needed).get_config()
        for key in set(ours) & set(theirs) - {"name", "dtype", "kernel_initializer", "bias_initializer"}:
            assert _plain(ours[key]) == _plain(theirs[key]), f"{name}: {key}"


def _plain(value):
    return list(value) if isinstance(value, tuple) else value
