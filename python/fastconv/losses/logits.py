"""Looking through probabilities at the logits that they were made from.

A sigmoid or softmax and the cross-entropy behind it are computed from the logits together, whoever wrote which: no
clipping, no logarithm of 0, and a gradient that is right however sure the model is.  (Keras does so on TensorFlow,
where nothing stands in between; else it clips probabilities to 1e-7.)
"""

from __future__ import annotations

from typing import Any

from fastconv import primitives
from fastconv.graph import Symbol
from fastconv.ops.shapes import unknown_kept


def logits_of(probabilities: Any, stem: str) -> Any | None:
    """What `stem` (sigmoid or softmax) was applied to, in the shape of the probabilities; None if it was not.

    Softmax belongs to its rows, so shapes in between must have kept the last axis.
    """
    symbol = probabilities
    while isinstance(symbol, Symbol) and symbol.node.stem in ("reshape", "identity"):
        symbol = symbol.node.inputs[0]
    if not isinstance(symbol, Symbol) or symbol.node.stem != stem:
        return None
    if stem == "softmax" and symbol.shape[-1] != probabilities.shape[-1]:
        return None
    logits = symbol.node.inputs[0]
    if logits.shape == probabilities.shape:
        return logits
    return primitives.Reshape(unknown_kept(logits.shape, probabilities.shape))(logits)
