"""Convolutional networks with Keras's face and kernels of our own.

>>> import fastconv as fc
>>> model = fc.Sequential([fc.layers.Dense(1, activation="sigmoid", input_shape=(4,))])
>>> model.compile(optimizer="sgd", loss="binary_crossentropy", metrics=["accuracy"])

Everything is loaded when it is asked for: `import fastconv` alone costs next to nothing.
"""

# ruff: noqa: F401  (type checkers read the imports below; nothing runs them)

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_modules = (
    "activations",
    "applications",
    "backend",
    "callbacks",
    "datasets",
    "initializers",
    "kernels",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "plot",
    "preprocessing",
    "saving",
    "testing",
    "utils",
    "weights",
)
_places = {
    "Array": "fastconv.runtime.array",
    "FastconvError": "fastconv.runtime.errors",
    "Initializer": "fastconv.initializers",
    "Input": "fastconv.layers",
    "Layer": "fastconv.layers",
    "Loss": "fastconv.losses",
    "Metric": "fastconv.metrics",
    "Model": "fastconv.models",
    "Optimizer": "fastconv.optimizers",
    "Sequential": "fastconv.models",
    "Variable": "fastconv.runtime.variable",
    "from_dlpack": "fastconv.runtime.array",
    "function": "fastconv.compiler.decorator",
    "get_num_threads": "fastconv.utils",
    "grad": "fastconv.compiler",
    "set_device": "fastconv.runtime.device",
    "set_num_threads": "fastconv.utils",
    "set_precision": "fastconv.runtime.precision",
}

if TYPE_CHECKING:
    import fastconv.activations as activations
    import fastconv.applications as applications
    import fastconv.backend as backend
    import fastconv.callbacks as callbacks
    import fastconv.datasets as datasets
    import fastconv.initializers as initializers
    import fastconv.kernels as kernels
    import fastconv.layers as layers
    import fastconv.losses as losses
    import fastconv.metrics as metrics
    import fastconv.models as models
    import fastconv.ops as ops
    import fastconv.optimizers as optimizers
    import fastconv.plot as plot
    import fastconv.preprocessing as preprocessing
    import fastconv.saving as saving
    import fastconv.testing as testing
    import fastconv.utils as utils
    import fastconv.weights as weights
    from fastconv.compiler import grad as grad
    from fastconv.compiler.decorator import function as function
    from fastconv.initializers import Initializer as Initializer
    from fastconv.layers import Input as Input, Layer as Layer
    from fastconv.losses import Loss as Loss
    from fastconv.metrics import Metric as Metric
    from fastconv.models import Model as Model, Sequential as Sequential
    from fastconv.optimizers import Optimizer as Optimizer
    from fastconv.runtime.array import Array as Array, from_dlpack as from_dlpack
    from fastconv.runtime.device import set_device as set_device
    from fastconv.runtime.errors import FastconvError as FastconvError
    from fastconv.runtime.precision import set_precision as set_precision
    from fastconv.runtime.variable import Variable as Variable
    from fastconv.utils import get_num_threads as get_num_threads, set_num_threads as set_num_threads

__all__ = sorted([*_modules, *_places])


def __getattr__(name: str) -> Any:
    if name in _modules:
        return importlib.import_module(f"fastconv.{name}")
    if name not in _places:
        from fastconv.runtime.names import raise_absent

        raise_absent(__name__, name, __all__, "docs/keras-differences.md lists what differs from Keras.")
    value = getattr(importlib.import_module(_places[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


class _AbsentModules:
    """The last finder of imports: says of a module that is not here what its package has.

    `from fastconv.layers.core import Dense` would else end in a bare ModuleNotFoundError.
    """

    @staticmethod
    def find_spec(fullname: str, path: Any = None, target: Any = None) -> None:
        package, _, name = fullname.rpartition(".")
        if package.partition(".")[0] != __name__ or name.startswith("_") or package not in sys.modules:
            return
        try:
            getattr(sys.modules[package], name)
        except AttributeError as error:
            from fastconv.runtime.errors import AbsentImport, AbsentName

            if isinstance(error, AbsentName):
                raise AbsentImport(str(error)) from None


sys.meta_path.append(_AbsentModules)
