"""The memory map: no two tensors that live at once share bytes, and the arena is not much larger than the peak."""

import numpy as np
import pytest
from programs import Convnet

from fastconv import compiler, primitives as p
from fastconv.compiler.place import Block, _pack


def blocks_of(seed):
    random = np.random.default_rng(seed)
    made = []
    for _ in range(60):
        first = int(random.integers(0, 40))
        made.append(Block(int(random.integers(1, 5000)), first, first + int(random.integers(0, 12))))
    return made


@pytest.mark.parametrize("seed", range(5))
def test_no_overlap_in_time_and_space(seed):
    blocks = blocks_of(seed)
    peak = _pack(blocks)
    for i, a in enumerate(blocks):
        assert a.offset % 64 == 0
        assert a.offset + a.bytes <= peak
        for b in blocks[:i]:
            together = a.first <= b.last and b.first <= a.last
            apart = a.offset + a.bytes <= b.offset or b.offset + b.bytes <= a.offset
            assert apart or not together


@pytest.mark.parametrize("seed", range(5))
def test_the_arena_stays_near_the_lower_bound(seed):
    blocks = blocks_of(seed)
    alive = [sum(b.bytes for b in blocks if b.first <= t <= b.last) for t in range(60)]
    assert _pack(blocks) <= 1.25 * max(alive)


def test_inference_needs_two_maps_not_all_of_them():
    net = Convnet()
    compiled = compiler.Function(lambda x: net(x)).compiled([p.Spec("float32", (16, 8, 8, 3))])
    maps = 16 * (8 * 8 * 8 + 4 * 4 * 8 + 4 * 4 * 8 // 4 + 4 * 4 * 16 + 2 * 2 * 16) * 4
    assert compiled.description.arena_bytes < maps + max(
        s.workspace_bytes for s in compiled.description.steps
    )


@pytest.mark.parametrize("device", ["cpu", "reference"])
@pytest.mark.parametrize("order", ["yvw", "vyw", "wvy", "vv", "yy", "vu", "uvyw"])
def test_results_that_are_views_of_results(order, device):
    """y, its reshapes v and u, and w, which reads v: each is right, whichever of them are results."""

    def fn(x):
        y = p.Relu()(x)
        v = p.Reshape((12,))(y)
        named = {"y": y, "v": v, "u": p.Reshape((2, 6))(y), "w": p.Tanh()(v)}
        return [named[name] for name in order]

    function = compiler.Function(fn, device=device)
    for seed in (0, 1):  # each run has buffers of its own
        x = np.random.default_rng(seed).standard_normal((3, 4)).astype("float32")
        y = np.maximum(x, 0)
        named = {"y": y, "v": y.reshape(12), "u": y.reshape(2, 6), "w": np.tanh(y.reshape(12))}
        for name, result in zip(order, function(x), strict=True):
            np.testing.assert_allclose(np.asarray(result), named[name], atol=1e-6)
