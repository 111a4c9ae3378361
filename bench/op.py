"""One step at a time: our implementations beside PyTorch's, over the networks' convolutions.

    python bench/op.py --peer torch              VGG16, ResNet-50 (batch 8), the course's convnet (batch 20)
    python bench/op.py --peer torch --set course --isa avx2
    python bench/op.py --case "vgg16 56x56 256 to 256, 3x3"
    python bench/op.py --step "dense 20x6272,6272x512"      any step, as FASTCONV_VERBOSE=1 prints it, by every row

A row is printed after its result has been compared with float64.  Our runs and the peer's alternate; a ratio is the
median over the pairs (above 1: we are faster).  PyTorch gets the better of its two layouts.  Runs once an
instruction set, each in a process of its own, the peer held to the same set.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import subprocess
import sys
import time

import numpy as np
from machine import environment, instruction_sets, processor

FIELDS = ["processor", "isa", "threads", "network", "case", "times", "pass", "implementation", "ms", "gflops",
          "peer", "peer_ms", "ratio", "error"]  # fmt: skip
LARGEST_ERROR = 1e-4  # of the result's rms; above it a time would mean nothing


class Ours:
    """The row that the cost model chooses for a case."""

    def __init__(self, case):
        from fastconv import _core

        self.core, self.primitive, self.inputs = _core, case.primitive, list(case.values())
        inputs = [(v.dtype.name, list(v.shape)) for v in self.inputs]
        self.outputs = [(s.dtype, list(s.shape)) for s in case.specs()]
        rows = _core.candidates("cpu", case.stem, self.primitive.attributes(), inputs, self.outputs)
        self.row = min((r for r in rows if not r.reason), key=lambda r: r.cost)

    def run(self, repeats):
        """Median seconds, and the first output."""
        seconds, results = self.core.time_once(
            self.primitive.stem,
            self.row.name,
            self.primitive.attributes(),
            self.inputs,
            self.outputs,
            repeats,
        )
        return statistics.median(seconds), results[0]


class Torch:
    """The same pass of a convolution in PyTorch, in the faster of its two layouts."""

    def __init__(self, which, case):
        import torch

        self.torch, self.which, self.geometry = torch, which, case.primitive
        first, second = case.values()[:2]
        nchw, oihw = (0, 3, 1, 2), (3, 2, 0, 1)
        self.arrays = [
            torch.from_numpy(first.copy()).permute(*nchw),
            torch.from_numpy(second.copy()).permute(*(nchw if which == "filter_gradient" else oihw)),
        ]
        if which == "filter_gradient":
            self.missing = torch.empty(*(case.specs()[0].shape[i] for i in oihw))
        elif which == "input_gradient":
            self.missing = torch.empty(*(case.specs()[0].shape[i] for i in nchw))
        self.layout = self._faster([torch.contiguous_format, torch.channels_last])

    def _faster(self, layouts):
        timed = []
        for form in layouts:
            arrays = [a.contiguous(memory_format=form) for a in self.arrays]
            self.once(arrays)
            timed.append((min(self._seconds(arrays) for _ in range(3)), arrays))
        return min(timed, key=lambda pair: pair[0])[1]

    def once(self, arrays):
        """One call."""
        torch, g = self.torch, self.geometry
        stride, padding = [g.stride_h, g.stride_w], [g.pad_top, g.pad_left]
        if self.which == "forward":
            return torch.nn.functional.conv2d(*arrays, None, stride, padding)
        by_input = self.which == "input_gradient"
        missing = self.missing.to(arrays[0].dtype)
        dy, x, w = (arrays[0], missing, arrays[1]) if by_input else (arrays[1], arrays[0], missing)
        mask = [by_input, not by_input, False]
        gradients = torch.ops.aten.convolution_backward(
            dy, x, w, None, stride, padding, [1, 1], False, [0, 0], 1, mask
        )
        return gradients[0 if by_input else 1]

    def _seconds(self, arrays):
        start = time.perf_counter()
        self.once(arrays)
        return time.perf_counter() - start

    def run(self, repeats):
        """Median seconds."""
        return statistics.median(self._seconds(self.layout) for _ in range(repeats))

    def exact(self):
        """The result in float64, in our layout."""
        result = self.once([a.double() for a in self.arrays])
        return result.permute(*((2, 3, 1, 0) if self.which == "filter_gradient" else (0, 2, 3, 1))).numpy()


def measure(which, case, peer, pairs, run_s):
    """One row of the table, without what all rows share."""
    ours, theirs = Ours(case), Torch(which, case) if peer else None
    seconds, result = ours.run(2)
    repeats = max(1, int(run_s / seconds))
    exact = theirs.exact() if theirs else case.expected()[0]
    error = float(np.abs(result - exact).max() / np.sqrt(np.square(exact).mean()))
    if not error < LARGEST_ERROR:
        raise SystemExit(
            f"{case.label} {which} {ours.row.full_name}: error {error:.1e} of the rms; no time is given"
        )
    timed = [(ours.run(repeats)[0], theirs.run(repeats) if theirs else float("nan")) for _ in range(pairs)]
    mine, other = (statistics.median(column) for column in zip(*timed, strict=True))
    flops = case.primitive.cost([_spec(v) for v in case.values()], case.specs()).flops
    return {
        "pass": which, "implementation": ours.row.full_name, "ms": round(mine * 1e3, 4),
        "gflops": round(flops / mine / 1e9, 1), "peer": peer, "peer_ms": round(other * 1e3, 4),
        "ratio": round(statistics.median(b / a for a, b in timed), 3), "error": f"{error:.1e}",
    }  # fmt: skip


def _spec(values):
    from fastconv.primitives import Spec

    return Spec(values.dtype.name, values.shape)


def measure_step(text, pairs, run_s):
    """Every implementation of one step: name, milliseconds, GFLOP/s, GB/s."""
    from fastconv import _core
    from fastconv.testing.cases import Case, Input, differences
    from fastconv.testing.notation import read_step

    primitive, specs = read_step(text)
    inputs = [Input(spec.shape, 1.0 if spec.dtype != "float32" else "normal", spec.dtype) for spec in specs]
    case = Case(text, primitive, *inputs)
    outputs = [(s.dtype, list(s.shape)) for s in case.specs()]
    rows = _core.candidates(
        "cpu", case.stem, primitive.attributes(), [(s.dtype, list(s.shape)) for s in specs], outputs
    )
    cost = primitive.cost(specs, case.specs())
    for row in rows:
        if row.reason or row.name == "reference":
            continue
        arguments = (case.stem, row.name, primitive.attributes(), list(case.values()), outputs)
        if wrong := differences(case, _core.run_once(*arguments), row.name):
            raise SystemExit(f"{row.full_name}: {wrong[0]}; no time is given")
        seconds = statistics.median(_core.time_once(*arguments, 1)[0])
        repeats = max(1, int(run_s / seconds))
        seconds = statistics.median(
            statistics.median(_core.time_once(*arguments, repeats)[0]) for _ in range(pairs)
        )
        print(f"{_core.isa()} {row.full_name:28} {seconds * 1e3:9.4f} ms {cost.flops / seconds / 1e9:8.1f} GFLOP/s "
              f"{cost.bytes / seconds / 1e9:6.1f} GB/s", flush=True)  # fmt: skip


def serve(args):
    """Inside a measuring process: all rows of its instruction set, as CSV."""
    from fastconv import _core
    from fastconv.testing import network_shapes

    _core.set_thread_count(args.threads)
    if args.step:
        measure_step(args.step, args.pairs, args.seconds)
        return
    if args.peer:
        import torch

        torch.set_num_threads(args.threads)
    writer = csv.DictWriter(sys.stdout, FIELDS)
    shared = {"processor": processor(), "isa": _core.isa(), "threads": args.threads}
    for network in args.set.split(","):
        for shape in network_shapes.ALL[network]():
            if args.case not in ("", shape.conv.label):
                continue
            cases = {"forward": shape.conv.forward(), "filter_gradient": shape.conv.filter_gradient()}
            if not shape.first:
                cases["input_gradient"] = shape.conv.input_gradient()
            for which, case in cases.items():
                row = measure(which, case, args.peer, args.pairs, args.seconds)
                writer.writerow(
                    {**shared, "network": network, "case": shape.conv.label, "times": shape.times, **row}
                )
                sys.stdout.flush()


def summarise(rows):
    """Median ratio of each pass over all shapes, over the stride-1 3x3 ones, and over whole networks."""
    for isa in dict.fromkeys(r["isa"] for r in rows):
        for which in ("forward", "input_gradient", "filter_gradient"):
            mine = [r for r in rows if r["pass"] == which and r["isa"] == isa]
            three = [r for r in mine if r["case"].endswith("3x3") and " 3 to " not in r["case"]]
            texts = [f"{len(part)} {name}: {statistics.median(float(r['ratio']) for r in part):.2f}"
                     for name, part in (("shapes", mine), ("stride-1 3x3", three)) if part]  # fmt: skip
            print(f"{isa} {which}: median ratio over {', over '.join(texts)}")
        for network in dict.fromkeys(r["network"] for r in rows):
            part = [r for r in rows if r["network"] == network and r["isa"] == isa]
            sums = [sum(float(r[key]) * int(r["times"]) for r in part) for key in ("ms", "peer_ms")]
            print(f"{isa} {network}: all convolutions {sums[0]:.1f} ms, peer {sums[1]:.1f} ms")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer", default="", choices=["", "torch"], help="compare with this library")
    parser.add_argument("--set", default="vgg16,resnet50,course", help="networks, by comma")
    parser.add_argument("--case", default="", help="one shape, by its label")
    parser.add_argument("--step", default="", help="one step of any primitive, without a peer")
    parser.add_argument("--isa", default="", help="instruction sets, by comma")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=7, help="alternating pairs a row")
    parser.add_argument("--seconds", type=float, default=0.03, help="length of one run")
    parser.add_argument("--csv", default="", help="write the rows here")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve(args)
        return
    rows = []
    for isa in instruction_sets(args.isa):
        command = [sys.executable, __file__, "--serve", *sys.argv[1:]]
        if args.step:
            subprocess.run(command, env=environment(isa, args.threads), check=True)
            continue
        process = subprocess.Popen(
            command, env=environment(isa, args.threads), stdout=subprocess.PIPE, text=True
        )
        for values in csv.reader(process.stdout):
            row = dict(zip(FIELDS, values, strict=True))
            rows.append(row)
            print(f"{row['isa']:7} {row['case']:38} {row['pass']:16} {row['implementation']:24} {row['ms']:>9} ms "
                  f"{row['gflops']:>7} GFLOP/s, {row['peer']} {row['peer_ms']} ms, ratio {row['ratio']}, "
                  f"error {row['error']}", flush=True)  # fmt: skip
        if process.wait():
            raise SystemExit(process.returncode)
    if args.peer and rows:
        summarise(rows)
    if args.csv:
        with open(args.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
