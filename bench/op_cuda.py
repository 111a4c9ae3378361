"""op.py on an NVIDIA GPU: our rows and cuDNN through PyTorch, both recorded as CUDA graphs, between CUDA events.

A batch of runs stands between two events, so that short kernels are measured, and takes turns at copies of its
tensors that together are larger than the second-level cache.  Ours and theirs alternate.
"""

from __future__ import annotations

import math
import statistics

import numpy as np
from samples import sampled
from torch_conv import TorchConv

DEVICE = "cuda:0"
PRECISIONS = ("exact", "tf32")
BEYOND_L2_BYTES = 128e6  # more than twice the 50 MB of an H100, the largest so far
# Of the result's rms; above it a time would mean nothing.  TF32 rounds each factor by 2^-11 of itself at most, in
# hardware that truncates by twice as much; the largest of 10^8 errors is six times their root mean square.
LARGEST_ERROR = {"exact": 1e-4, "tf32": 10 * 2.0**-11}


def release_memory():
    """Gives back what the last case took."""
    from fastconv.runtime.device import get_device

    get_device(DEVICE).release_memory()


def long_values(case):
    """Inputs of a case, made quickly: a million normal numbers over and over, a prime length each."""
    made = []
    for number, spec in enumerate(case.input_specs()):
        block = np.random.default_rng(number).standard_normal(1_000_003, np.float32)
        made.append(np.resize(block, spec.shape))
    return made


def bytes_of(case):
    return sum(spec.nbytes for spec in (*case.input_specs(), *case.specs()))


def sets_for(byte_count):
    """How many copies of a case's tensors no cache holds."""
    return min(64, math.ceil(BEYOND_L2_BYTES / max(byte_count, 1)))


class Ours:
    """One row of a case on the GPU; without a name, the one that the cost model chooses."""

    def __init__(self, case, values, precision, name=""):
        from fastconv import _core

        attributes = case.primitive.attributes()
        outputs = [(spec.dtype, list(spec.shape)) for spec in case.specs()]
        inputs = [(value.dtype.name, list(value.shape)) for value in values]
        rows = _core.candidates(DEVICE, case.stem, attributes, inputs, outputs)
        rows = [row for row in rows if not row.reason and (precision == "tf32" or not row.reduced_precision)]
        self.row = next(r for r in rows if r.name == name) if name else min(rows, key=lambda row: row.cost)
        self.sets = sets_for(bytes_of(case))
        self.step = _core.OneStep(
            DEVICE, case.stem, self.row.name, attributes, values, outputs, sets=self.sets
        )
        self.step.seconds(1)
        self.results = self.step.results()

    def batch(self, run_s):
        """Runs that take `run_s` together, but each set of tensors once at least."""
        seconds = statistics.median(self.step.seconds(3))
        return max(self.sets, min(256, math.ceil(run_s / max(seconds, 1e-7))))

    def seconds(self, batch):
        """Of one run, by a batch of them."""
        return self.step.seconds(1, batch)[0]


class Torch(TorchConv):
    """The same pass by cuDNN, in the faster of PyTorch's two layouts, recorded in a graph."""

    def __init__(self, which, case, values):
        super().__init__(which, case, values, "cuda")
        self.sets = sets_for(bytes_of(case))

    def exact_error(self, result):
        """Largest difference from the result in float64, of its rms."""
        self.torch.backends.cudnn.benchmark = False
        exact = self.exact()
        error = (self.torch.from_numpy(result).to(exact.device) - exact).abs().max()
        return float(error / exact.square().mean().sqrt())

    def prepare(self, precision, batch):
        """Chooses the layout and records a batch of calls."""
        torch = self.torch
        torch.backends.cudnn.benchmark = True
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = precision == "tf32"
        timed = [(self._alone(arrays), number) for number, arrays in enumerate(self.layouts())]
        arrays = list(self.layouts())[min(timed)[1]]
        self.turns = [arrays, *([array.clone() for array in arrays] for _ in range(self.sets - 1))]
        self.count = batch
        self.replay = self._recorded()

    def _alone(self, arrays):
        self.once(arrays)  # cuDNN tries its algorithms
        return min(self._between_events(lambda: self.once(arrays)) for _ in range(3))

    def _recorded(self):
        kept = [self.once(arrays) for arrays in self.turns]

        def calls():
            for number in range(self.count):
                kept[number % self.sets] = self.once(self.turns[number % self.sets])

        graph = self.torch.cuda.CUDAGraph()
        self.torch.cuda.synchronize()
        with self.torch.cuda.graph(graph):
            calls()
        self.held = graph, kept
        graph.replay()
        return graph.replay

    def _between_events(self, work):
        start, stop = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
        start.record()
        work()
        stop.record()
        stop.synchronize()
        return start.elapsed_time(stop) * 1e-3

    def seconds(self):
        """Of one call, by a batch of them."""
        return self._between_events(self.replay) / self.count

    def close(self):
        """Gives the memory back."""
        self.turns = self.arrays = self.held = self.replay = None
        self.torch.cuda.empty_cache()


def sampled_error(which, case, values, result):
    """Largest difference from float64 in some elements, of their rms."""
    index, expected = sampled(which, case, values)
    return float(np.abs(result[index] - expected).max() / np.sqrt(np.square(expected).mean()))


def measure(which, case, peer, precisions, pairs, run_s, whole=True):
    """Rows of one pass of a convolution, one a precision, without what all rows share.

    whole: the peer computes the result in float64 too, and every element is compared.
    """
    values = long_values(case)
    flops = case.primitive.cost(case.input_specs(), case.specs()).flops
    for precision in precisions:
        ours = Ours(case, values, precision)
        theirs = Torch(which, case, values) if peer else None
        result = ours.results[0]
        error = sampled_error(which, case, values, result)
        if theirs and whole:
            error = max(error, theirs.exact_error(result))
        if not error < LARGEST_ERROR[precision]:
            raise SystemExit(
                f"{case.label} {which} {ours.row.full_name}: error {error:.1e} of the rms; no time is given"
            )
        batch = ours.batch(run_s)
        if theirs:
            theirs.prepare(precision, batch)
        timed = [(ours.seconds(batch), theirs.seconds() if theirs else math.nan) for _ in range(pairs)]
        if theirs:
            theirs.close()
        mine, other = (statistics.median(column) for column in zip(*timed, strict=True))
        yield {
            "precision": precision, "pass": which, "implementation": ours.row.full_name, "ms": round(mine * 1e3, 4),
            "gflops": round(flops / mine / 1e9, 1), "peer": peer, "peer_ms": round(other * 1e3, 4),
            "ratio": round(statistics.median(b / a for a, b in timed), 3), "error": f"{error:.1e}",
            "checked": "all elements" if theirs and whole else "samples",
        }  # fmt: skip
