"""Small programs over primitives that the compiler's tests run: forward passes and training steps."""

import numpy as np

from fastconv import primitives as p
from fastconv.compiler import grad
from fastconv.graph import assign, guard, scope
from fastconv.runtime.variable import Variable


def same_conv(x, filters):
    """3x3, stride 1, the size kept."""
    geometry = dict.fromkeys(("stride_h", "stride_w", "dilation_h", "dilation_w", "groups"), 1)
    geometry |= dict.fromkeys(("pad_top", "pad_bottom", "pad_left", "pad_right"), 1)
    return p.Conv2d(**geometry, bias=False, residual=False, activation="none")(x, filters)


def pool(x):
    """2x2 windows."""
    geometry = {"window_h": 2, "window_w": 2, "stride_h": 2, "stride_w": 2}
    geometry |= dict.fromkeys(("pad_top", "pad_bottom", "pad_left", "pad_right"), 0)
    return p.MaxPool2d(**geometry)(x)[0]


def total(x):
    """Sum of all elements."""
    return p.ReduceSum(tuple(range(x.ndim)), False)(x)


class Convnet:
    """Two convolutions with bias, relu and pooling, then a dense layer; its weights live on `device`."""

    def __init__(self, device="cpu", channels=3):
        random = np.random.default_rng(7)

        def variable(name, *shape):
            scale = np.sqrt(2.0 / max(1, int(np.prod(shape[:-1]))))
            return Variable(random.standard_normal(shape).astype("f4") * scale, name=name, device=device)

        self.filters = [variable("a/kernel", 3, 3, channels, 8), variable("b/kernel", 3, 3, 8, 16)]
        self.biases = [variable("a/bias", 8), variable("b/bias", 16)]
        self.dense = variable("c/kernel", 2 * 2 * 16, 1)
        self.rate = Variable(np.float32(0.01), name="rate", trainable=False, device=device)
        self.velocities = [
            Variable(np.zeros(v.shape, "f4"), name=f"{v.name}/v", device=device) for v in self.weights
        ]

    @property
    def weights(self):
        return [*self.filters, *self.biases, self.dense]

    def __call__(self, x):
        for filters, bias, name in zip(self.filters, self.biases, "ab", strict=True):
            with scope(name):
                x = pool(p.Relu()(same_conv(x, filters) + bias))
        with scope("c"):
            flat = p.Reshape((0, -1))(x)
            return p.Dense(bias=False, residual=False, activation="none")(flat, self.dense)

    def step(self, x, y):
        """One step of SGD with momentum; the loss."""
        error = self(x) - y
        loss = p.ReduceMean((0, 1), False)(error * error)
        gradients = grad(loss, self.weights)
        guard(loss, *gradients)
        for weight, velocity, gradient in zip(self.weights, self.velocities, gradients, strict=True):
            update = p.SgdUpdate(momentum=0.9, nesterov=False, weight_decay=0.0)
            new_weight, new_velocity = update(weight, gradient, velocity, self.rate)
            assign(weight, new_weight)
            assign(velocity, new_velocity)
        return loss
