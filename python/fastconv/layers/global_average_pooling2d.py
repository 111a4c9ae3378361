"""The mean of each channel over the picture."""

from __future__ import annotations

from typing import Any

from fastconv import primitives
from fastconv.layers.arguments import channels_last
from fastconv.layers.layer import Layer


class GlobalAveragePooling2D(Layer):
    """Mean over the picture: x (n, h, w, c) -> (n, c), or (n, 1, 1, c) with `keepdims`.

    Takes pictures of any size.
    """

    config_names = ("keepdims",)

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        channels_last(data_format)
        super().__init__(**kwargs)
        self.keepdims = bool(keepdims)

    def call(self, inputs: Any) -> Any:
        if inputs.ndim != 4:
            raise self._shape_error(
                f"expected pictures (batch, height, width, channels); came {inputs.shape}. Put it before Flatten()."
            )
        return primitives.ReduceMean((1, 2), self.keepdims)(self._cast(inputs))
