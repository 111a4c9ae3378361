"""Keras's `utils`; each name is loaded when it is asked for."""

from __future__ import annotations

import importlib
from typing import Any

from fastconv.runtime.names import raise_absent

_places = {
    "set_random_seed": "fastconv.utils.seeds",
    "set_num_threads": "fastconv.utils.seeds",
    "get_num_threads": "fastconv.utils.seeds",
    "clear_session": "fastconv.utils.session",
    "register_keras_serializable": "fastconv.utils.session",
    "to_categorical": "fastconv.utils.numeric",
    "normalize": "fastconv.utils.numeric",
    "get_file": "fastconv.utils.files",
    "PyDataset": "fastconv.utils.sequence",
    "Sequence": "fastconv.utils.sequence",
    "image_dataset_from_directory": "fastconv.utils.image_dataset",
    "load_img": "fastconv.utils.image_files",
    "img_to_array": "fastconv.utils.image_files",
    "array_to_img": "fastconv.utils.image_files",
    "save_img": "fastconv.utils.image_files",
}

__all__ = sorted([*_places, "np_utils"])


def __getattr__(name: str) -> Any:
    if name == "np_utils":
        return importlib.import_module("fastconv.utils.np_utils")
    if name not in _places:
        raise_absent(__name__, name, __all__, "model.summary() prints what plot_model would draw.")
    value = getattr(importlib.import_module(_places[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
