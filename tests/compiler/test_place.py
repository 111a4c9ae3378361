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
