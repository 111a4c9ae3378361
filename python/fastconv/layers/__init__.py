"""Layers, with Keras's names, arguments and defaults."""

from typing import TYPE_CHECKING

from fastconv.layers.activation import Activation, ReLU, Softmax
from fastconv.layers.conv2d import Conv2D, Convolution2D
from fastconv.layers.dense import Dense
from fastconv.layers.dropout import Dropout
from fastconv.layers.global_average_pooling2d import GlobalAveragePooling2D
from fastconv.layers.input_layer import Input, InputLayer
from fastconv.layers.layer import Layer
from fastconv.layers.max_pooling2d import MaxPool2D, MaxPooling2D
from fastconv.layers.merging import Add, Multiply, add, multiply
from fastconv.layers.rescaling import Rescaling
from fastconv.layers.reshaping import Flatten, Reshape
from fastconv.layers.serialization import deserialize, get, register, serialize
from fastconv.runtime.names import absent_names

GlobalAvgPool2D = GlobalAveragePooling2D

__all__ = [
    "Activation",
    "Add",
    "Conv2D",
    "Convolution2D",
    "Dense",
    "Dropout",
    "Flatten",
    "GlobalAveragePooling2D",
    "GlobalAvgPool2D",
    "Input",
    "InputLayer",
    "Layer",
    "MaxPool2D",
    "MaxPooling2D",
    "Multiply",
    "ReLU",
    "Rescaling",
    "Reshape",
    "Softmax",
    "add",
    "deserialize",
    "get",
    "multiply",
    "register",
    "serialize",
]

if not TYPE_CHECKING:
    __getattr__ = absent_names(
        __name__,
        __all__,
        "A layer that Keras has and fastconv has not can be your own: subclass Layer and compute with fastconv.ops. "
        "Pictures are varied (Random...) by preprocessing.image.ImageDataGenerator.",
    )
