"""Networks with pretrained weights: none yet."""

from fastconv.runtime.names import absent_names

__getattr__ = absent_names(
    __name__,
    (),
    "Build the network from fastconv.layers and train it; weights of other programs cannot be loaded yet.",
)
