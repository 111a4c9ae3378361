"""Callbacks: what `fit` calls at the ends of batches and epochs, with Keras's names, arguments and defaults.

Where we differ from Keras: an unknown `monitor` is an error that names what there is, not a warning each epoch;
`acc` and `accuracy` find each other; a folder that cannot be written to is an error before the first epoch.
"""

from typing import TYPE_CHECKING

from fastconv.callbacks.callback import Callback, CallbackList, LambdaCallback
from fastconv.callbacks.checkpoint import ModelCheckpoint
from fastconv.callbacks.history import History
from fastconv.callbacks.learning_rate import LearningRateScheduler, ReduceLROnPlateau
from fastconv.callbacks.logger import CSVLogger
from fastconv.callbacks.stopping import EarlyStopping, TerminateOnNaN
from fastconv.runtime.names import absent_names

__all__ = [
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]

if not TYPE_CHECKING:
    __getattr__ = absent_names(
        __name__,
        __all__,
        "A callback may be your own: subclass Callback, or use LambdaCallback.",
    )
