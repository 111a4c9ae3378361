"""Small trainings follow the CPU's loss curve."""

import contextlib

import numpy as np
import pytest

import fastconv as fc
from fastconv import layers

STEPS, BATCH = 12, 8
# How much further from the CPU's curve a device may be than the CPU's own goes with roundings of that size.
LEEWAY = 4


def course_convnet():
    """The course's convnet, for pictures of 32x32."""
    model = fc.Sequential([
        layers.Conv2D(32, 3, activation="relu", input_shape=(32, 32, 3)), layers.MaxPooling2D(),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Conv2D(128, 3, activation="relu"), layers.MaxPooling2D(),
        layers.Flatten(), layers.Dropout(0.5), layers.Dense(64, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ])  # fmt: skip
    model.compile(fc.optimizers.RMSprop(3e-4), "binary_crossentropy", metrics=["accuracy"])
    return model


def block(x, channels, stride):
    """Two convolutions beside a shortcut, which is a convolution itself where the shape changes."""
    y = layers.Conv2D(channels, 3, strides=stride, padding="same", activation="relu")(x)
    y = layers.Conv2D(channels, 3, padding="same")(y)
    shortcut = x if stride == 1 else layers.Conv2D(channels, 1, strides=stride)(x)
    return layers.ReLU()(layers.add([y, shortcut]))


def residual_net():
    """Two blocks, the first with the identity as its shortcut."""
    x = fc.Input((32, 32, 3))
    y = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
    y = block(block(y, 16, 1), 32, 2)
    y = layers.Dense(1, activation="sigmoid")(layers.GlobalAveragePooling2D()(y))
    model = fc.Model(x, y)
    model.compile(fc.optimizers.SGD(0.03, momentum=0.9), "binary_crossentropy", metrics=["accuracy"])
    return model


@contextlib.contextmanager
def settings(device, precision):
    fc.set_device(device)
    fc.set_precision(precision)
    try:
        yield
    finally:
        fc.set_device("cpu")
        fc.set_precision("exact")


def as_tf32(values):
    """float32 rounded to the 10 bits of mantissa that TF32 has."""
    bits = values.view(np.uint32) + np.uint32(0x1000)
    return (bits & np.uint32(0xFFFFE000)).view(np.float32)


def curve(make, device, precision="exact", rounded=lambda values: values):
    """The loss of each step; `rounded` is applied to the pictures and to the first weights."""
    with settings(device, precision):
        fc.utils.set_random_seed(3)
        model, random = make(), np.random.default_rng(5)
        model.set_weights([rounded(weights) for weights in model.get_weights()])
        losses = []
        for _ in range(STEPS):
            y = random.integers(0, 2, BATCH).astype("f4")
            x = random.standard_normal((BATCH, 32, 32, 3)).astype("f4") + y[:, None, None, None]
            losses.append(float(model.train_on_batch(rounded(x), y)[0]))
        return np.array(losses)


def distance(ours, theirs):
    return np.abs(ours - theirs).max()


@pytest.mark.parametrize("precision", ["exact", "tf32"])
@pytest.mark.parametrize("make", [course_convnet, residual_net], ids=["course", "residual"])
def test_losses_follow_the_cpu_s(make, precision, cuda_device):
    theirs = curve(make, "cpu")
    assert theirs[-1] < 0.6 * theirs[0], "the net learns nothing"
    ours = curve(make, cuda_device, precision)
    if precision == "exact":  # float32's roundings, by a run that has none
        moved = curve(make, "reference")
    else:
        moved = curve(make, "cpu", rounded=as_tf32)
        assert not np.array_equal(ours, curve(make, cuda_device)), "no factor was rounded"
    assert distance(ours, theirs) <= LEEWAY * distance(moved, theirs)
