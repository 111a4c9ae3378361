"""fuse: bias, residual add and activation become epilogues of convolutions and dense products; the mask of a ReLU
becomes part of the gradient of the pooling behind it; a convolution takes the pooling behind it along, so that what
lies between is never written."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

from fastconv import primitives
from fastconv.graph import Graph, Node, Symbol, rewrite

_HEAVY = ("conv2d", "dense")


def fuse(graph: Graph, device: Any) -> Graph:
    """One pattern after the other; each rewrites the whole graph.  The device says what a step costs on it."""
    for pattern in (_bias, _residual, _activation, _relu_behind_pooling, _bias_gradient):
        graph = pattern(graph)
    return _pooled_gradients(_pooled(graph, device), device)


def _sole_reader(graph: Graph) -> dict[Symbol, Node]:
    """Symbols that exactly one node reads, once, and that are no result of the graph."""
    roots = set(graph.roots())
    return {s: readers[0] for s, readers in graph.consumers().items() if len(readers) == 1 and s not in roots}


Match = Callable[[Node, Node, Symbol], tuple[Any, tuple[Symbol, ...]] | None]


def _fold_into_producer(graph: Graph, matches: Match) -> Graph:
    """Replaces node(heavy(...), ...) by a heavy node with more in its epilogue.

    `matches(node, heavy)` gives (new primitive, further inputs) or None; `heavy` makes node's first or second input
    and nobody else reads it.
    """
    sole = _sole_reader(graph)
    plans: dict[Node, tuple[Node, Any, tuple[Symbol, ...]]] = {}
    for node in graph.calls():
        for symbol in node.inputs:
            heavy = symbol.node
            if heavy.stem in _HEAVY and sole.get(symbol) is node and heavy not in plans:
                found = matches(node, heavy, symbol)
                if found is not None:
                    plans[node] = (heavy, *found)
                    break

    def rule(node: Node, _: tuple[Symbol, ...], new: dict[Symbol, Symbol]) -> tuple[Symbol, ...] | None:
        if node not in plans:
            return None
        heavy, primitive, extra = plans[node]
        operands = [new[s] for s in (*heavy.inputs, *extra)]
        return Node("call", primitive, operands, [s.spec for s in node.outputs], heavy.label).outputs

    return rewrite(graph, rule)


def _bias(graph: Graph) -> Graph:
    def matches(node: Node, heavy: Node, symbol: Symbol) -> tuple[Any, tuple[Symbol, ...]] | None:
        p = heavy.primitive
        other = _other(node, symbol)
        if node.stem != "add" or p.bias or p.residual or p.activation != "none":  # type: ignore[union-attr]
            return None
        if other is None or other.shape != symbol.shape[-1:] or node.outputs[0].spec != symbol.spec:
            return None
        return dataclasses.replace(p, bias=True), (other,)  # type: ignore[type-var]

    return _fold_into_producer(graph, matches)


def _residual(graph: Graph) -> Graph:
    def matches(node: Node, heavy: Node, symbol: Symbol) -> tuple[Any, tuple[Symbol, ...]] | None:
        p = heavy.primitive
        other = _other(node, symbol)
        if node.stem != "add" or p.residual or p.activation != "none":  # type: ignore[union-attr]
            return None
        if other is None or other.spec != symbol.spec or node.outputs[0].spec != symbol.spec:
            return None
        return dataclasses.replace(p, residual=True), (other,)  # type: ignore[type-var]

    return _fold_into_producer(graph, matches)


def _activation(graph: Graph) -> Graph:
    def matches(node: Node, heavy: Node, symbol: Symbol) -> tuple[Any, tuple[Symbol, ...]] | None:
        p = heavy.primitive
        if node.stem not in ("relu", "sigmoid") or p.activation != "none":  # type: ignore[union-attr]
            return None
        return dataclasses.replace(p, activation=node.stem), ()  # type: ignore[type-var]

    return _fold_into_producer(graph, matches)


def _other(node: Node, symbol: Symbol) -> Symbol | None:
    """The second operand of a binary node beside `symbol`."""
    if len(node.inputs) != 2 or node.inputs[0] is node.inputs[1]:
        return None
    return node.inputs[1] if node.inputs[0] is symbol else node.inputs[0]


def _relu_behind_pooling(graph: Graph) -> Graph:
    """relu_gradient(max_pool2d_gradient(dy, argmax), relu output) where that output went into the pooling:
    the largest value of a window is positive exactly where its pooled value is."""
    sole = _sole_reader(graph)

    def rule(node: Node, _: tuple[Symbol, ...], new: dict[Symbol, Symbol]) -> tuple[Symbol, ...] | None:
        if node.stem != "relu_gradient" or sole.get(node.inputs[0]) is not node:
            return None
        pool_gradient, activated = node.inputs[0].node, node.inputs[1]
        if pool_gradient.stem != "max_pool2d_gradient":
            return None
        pool = pool_gradient.inputs[1].node
        if pool.stem != "max_pool2d" or pool.inputs[0] is not activated or pool_gradient.primitive.relu:  # type: ignore[union-attr]
            return None
        primitive = dataclasses.replace(pool_gradient.primitive, relu=True)  # type: ignore[type-var]
        operands = [new[s] for s in (*pool_gradient.inputs, pool.outputs[0])]
        return Node("call", primitive, operands, [s.spec for s in node.outputs], node.label).outputs

    return rewrite(graph, rule)


def _bias_gradient(graph: Graph) -> Graph:
    """reduce_sum(dy) over all axes but the last beside a filter gradient of the same dy: one pass over dy."""
    gradients = {
        n.inputs[1]: n for n in graph.calls() if n.stem in ("conv2d_filter_gradient", "dense_weight_gradient")
    }
    sums = {
        n.inputs[0]: n
        for n in graph.calls()
        if n.stem == "reduce_sum"
        and n.outputs[0].shape == n.inputs[0].shape[-1:]
        and n.inputs[0] in gradients
    }
    both = {dy: n for dy, n in gradients.items() if dy in sums and not n.primitive.bias}  # type: ignore[union-attr]
    dy_of = {node: dy for dy in both for node in (both[dy], sums[dy])}
    made: dict[Symbol, tuple[Symbol, ...]] = {}

    def rule(node: Node, _: tuple[Symbol, ...], new: dict[Symbol, Symbol]) -> tuple[Symbol, ...] | None:
        dy = dy_of.get(node)
        if dy is None:
            return None
        gradient = both[dy]
        if dy not in made:
            if any(s not in new for s in gradient.inputs):
                return None
            primitive = dataclasses.replace(gradient.primitive, bias=True)  # type: ignore[type-var]
            specs = [gradient.outputs[0].spec, sums[dy].outputs[0].spec]
            operands = [new[s] for s in gradient.inputs]
            made[dy] = Node("call", primitive, operands, specs, gradient.label).outputs
        return made[dy][:1] if node is gradient else made[dy][1:]

    return rewrite(graph, rule)


def _cost(device: Any, primitive: Any, inputs: Any, outputs: Any = None) -> float:
    """What the best row of a step costs on the device; infinite if only the reference takes it."""
    specs = [s.spec for s in inputs]
    rows = device.candidates(primitive, specs, outputs or primitive.shapes(specs))
    return min((row.cost for row in rows if not row.reason), default=math.inf)


def _is_plain_pooling(pool: Any) -> bool:
    sizes = (pool.window_h, pool.window_w, pool.stride_h, pool.stride_w)
    return sizes == (2, 2, 2, 2) and not (pool.pad_top or pool.pad_bottom or pool.pad_left or pool.pad_right)


def _pooled(graph: Graph, device: Any) -> Graph:
    """max_pool2d(conv2d with ReLU) where nobody else reads the convolution: one step, if it costs less than both.

    Its argmax says also where ReLU let nothing through; max_pool2d_gradient takes that for a pixel that gets nothing.
    """
    sole = _sole_reader(graph)

    def rule(node: Node, _: tuple[Symbol, ...], new: dict[Symbol, Symbol]) -> tuple[Symbol, ...] | None:
        conv = node.inputs[0].node if node.stem == "max_pool2d" else None
        if conv is None or conv.stem != "conv2d" or sole.get(node.inputs[0]) is not node:
            return None
        p = conv.primitive
        if p.activation != "relu" or p.residual or not _is_plain_pooling(node.primitive):  # type: ignore[union-attr]
            return None
        primitive = primitives.Conv2dPooled(**p.geometry(), bias=p.bias)  # type: ignore[union-attr]
        apart = _cost(device, p, conv.inputs) + _cost(device, node.primitive, node.inputs)
        if not _cost(device, primitive, conv.inputs) <= apart:
            return None
        specs = [s.spec for s in node.outputs]
        return Node("call", primitive, [new[s] for s in conv.inputs], specs, conv.label).outputs

    return rewrite(graph, rule)


def _pooled_gradients(graph: Graph, device: Any) -> Graph:
    """Gradients of a convolution that read max_pool2d_gradient with a ReLU's mask: they read the pooled gradient."""

    def rule(node: Node, _: tuple[Symbol, ...], new: dict[Symbol, Symbol]) -> tuple[Symbol, ...] | None:
        if node.stem not in ("conv2d_input_gradient", "conv2d_filter_gradient"):
            return None
        by_input = node.stem == "conv2d_input_gradient"
        spread = node.inputs[0 if by_input else 1].node
        if spread.stem != "max_pool2d_gradient" or spread.inputs[1].node.stem != "conv2d_pooled":
            return None
        cls = primitives.Conv2dPooledInputGradient if by_input else primitives.Conv2dPooledFilterGradient
        primitive = cls(**node.primitive.attributes())  # type: ignore[union-attr]
        dy, argmax = spread.inputs[:2]
        operands = (dy, argmax, node.inputs[1]) if by_input else (node.inputs[0], dy, argmax)
        apart = _cost(device, node.primitive, node.inputs) + _cost(device, spread.primitive, spread.inputs)
        if not _cost(device, primitive, operands) <= apart:
            return None
        specs = [s.spec for s in node.outputs]
        return Node("call", primitive, [new[s] for s in operands], specs, node.label).outputs

    return rewrite(graph, rule)
