"""One step at a time: our implementations beside PyTorch's, over the networks' convolutions.

    python bench/op.py --peer torch              VGG16, ResNet-50 (batch 8), the course's convnet (batch 20)
    python bench/op.py --peer torch --set course --isa avx2
    python bench/op.py --case "vgg16 56x56 256 to 256, 3x3"
    python bench/op.py --step "dense 20x6272,6272x512"      any step, as FASTCONV_VERBOSE=1 prints it, by every row
    python bench/op.py --device cuda --peer torch --precision exact,tf32 --set vgg16:32,course:128

A row is printed after its result has been compared with float64.  Our runs and the peer's alternate; a ratio is the
median over the pairs (above 1: we are faster).  PyTorch gets the better of its two layouts.  On the CPU
all runs once an instruction set, each in a process of its own, the peer held to the same set; on a GPU
(op_cuda.py) a time is that of a recorded batch of runs.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import statistics
import subprocess
import sys
import time

import numpy as np
import op_cuda
from machine import card, environment, instruction_sets, processor
from torch_conv import TorchConv

FIELDS = ["processor", "isa", "threads", "network", "case", "times", "pass", "implementation", "ms", "gflops",
          "peer", "peer_ms", "ratio", "error"]  # fmt: skip
CUDA_FIELDS = ["card", "precision", "network", "batch", "case", "times", "pass", "implementation", "ms", "gflops",
               "peer", "peer_ms", "ratio", "error", "checked"]  # fmt: skip
STEP_FIELDS = ["card", "step", "implementation", "ms", "gflops", "gb_per_s"]
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


class Torch(TorchConv):
    """The same pass of a convolution in PyTorch, in the faster of its two layouts."""

    def __init__(self, which, case):
        super().__init__(which, case, case.values()[:2])
        timed = []
        for arrays in self.layouts():
            self.once(arrays)
            timed.append((min(self._seconds(arrays) for _ in range(3)), arrays))
        self.layout = min(timed, key=lambda pair: pair[0])[1]

    def _seconds(self, arrays):
        start = time.perf_counter()
        self.once(arrays)
        return time.perf_counter() - start

    def run(self, repeats):
        """Median seconds."""
        return statistics.median(self._seconds(self.layout) for _ in range(repeats))


def measure(which, case, peer, pairs, run_s):
    """One row of the table, without what all rows share."""
    ours, theirs = Ours(case), Torch(which, case) if peer else None
    seconds, result = ours.run(2)
    repeats = max(1, int(run_s / seconds))
    exact = theirs.exact().numpy() if theirs else case.expected()[0]
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


def step_case(text):
    """The case of a step's line."""
    from fastconv.testing.cases import Case, Input
    from fastconv.testing.notation import read_step

    primitive, specs = read_step(text)
    # Some state is never negative (Adam's second moments).
    fill = "uniform" if primitive.stem.endswith("_update") else "normal"
    inputs = [Input(spec.shape, 1.0 if spec.dtype != "float32" else fill, spec.dtype) for spec in specs]
    return Case(text, primitive, *inputs)


def measure_step(text, device, pairs, run_s):
    """Every implementation of one step: (row, seconds, FLOP/s, bytes/s)."""
    from fastconv import _core
    from fastconv.testing.cases import differences

    case = step_case(text)
    attributes, outputs = case.primitive.attributes(), [(s.dtype, list(s.shape)) for s in case.specs()]
    rows = _core.candidates(device, case.stem, attributes, case.input_specs(), outputs)
    cost = case.primitive.cost(case.input_specs(), case.specs())
    for row in rows:
        if row.reason or row.name == "reference":
            continue
        sets = 1 if device == "cpu" else op_cuda.sets_for(op_cuda.bytes_of(case))
        step = _core.OneStep(device, case.stem, row.name, attributes, case.values(), outputs, sets=sets)
        step.seconds(1)
        if wrong := differences(case, step.results(), row.name):
            raise SystemExit(f"{row.full_name}: {wrong[0]}; no time is given")
        repeats = max(1, int(run_s / statistics.median(step.seconds(2))))
        if device == "cpu":
            timed = [statistics.median(step.seconds(repeats)) for _ in range(pairs)]
        else:
            timed = step.seconds(pairs, max(sets, min(repeats, 256)))
        seconds = statistics.median(timed)
        yield row, seconds, cost.flops / seconds, cost.bytes / seconds


def passes(args):
    """What the options name: network, its shape, the pass, and the pass as a case."""
    from fastconv.testing import network_shapes

    for item in args.set.split(","):
        network, _, batch = item.partition(":")
        for shape in network_shapes.ALL[network](*([int(batch)] if batch else [])):
            if args.case not in ("", shape.conv.label):
                continue
            yield network, shape, "forward", shape.conv.forward()
            yield network, shape, "filter_gradient", shape.conv.filter_gradient()
            if not shape.first:
                yield network, shape, "input_gradient", shape.conv.input_gradient()


def serve(args):
    """Inside a measuring process: all rows of its instruction set, as CSV."""
    from fastconv import _core

    _core.set_thread_count(args.threads)
    if args.step:
        for row, seconds, flops, moved in measure_step(args.step[0], "cpu", args.pairs, args.seconds):
            print(f"{_core.isa()} {row.full_name:28} {seconds * 1e3:9.4f} ms {flops / 1e9:8.1f} GFLOP/s "
                  f"{moved / 1e9:6.1f} GB/s", flush=True)  # fmt: skip
        return
    if args.peer:
        import torch

        torch.set_num_threads(args.threads)
    writer = csv.DictWriter(sys.stdout, FIELDS)
    shared = {"processor": processor(), "isa": _core.isa(), "threads": args.threads}
    for network, shape, which, case in passes(args):
        row = measure(which, case, args.peer, args.pairs, args.seconds)
        writer.writerow({**shared, "network": network, "case": shape.conv.label, "times": shape.times, **row})
        sys.stdout.flush()


def summarise(rows, by="isa"):
    """Median ratio of each pass over all shapes, over the stride-1 3x3 ones, and over whole networks."""
    for key in dict.fromkeys(r[by] for r in rows):
        for which in ("forward", "input_gradient", "filter_gradient"):
            mine = [r for r in rows if r["pass"] == which and r[by] == key]
            three = [r for r in mine if r["case"].endswith("3x3") and " 3 to " not in r["case"]]
            texts = [f"{len(part)} {name}: {statistics.median(float(r['ratio']) for r in part):.2f}"
                     for name, part in (("shapes", mine), ("stride-1 3x3", three)) if part]  # fmt: skip
            print(f"{key} {which}: median ratio over {', over '.join(texts)}")
        for network, batch in dict.fromkeys((r["network"], r.get("batch", "")) for r in rows):
            part = [r for r in rows if (r["network"], r.get("batch", ""), r[by]) == (network, batch, key)]
            sums = [sum(float(r[column]) * int(r["times"]) for r in part) for column in ("ms", "peer_ms")]
            name = f"{network} batch {batch}" if batch else network
            print(f"{key} {name}: all convolutions {sums[0]:.1f} ms, peer {sums[1]:.1f} ms")


class Table:
    """A CSV file that holds each row as soon as it is known; without a name, nothing."""

    def __init__(self, path, fields):
        self.file = open(path, "w", newline="") if path else None  # noqa: SIM115 (until the process ends)
        self.writer = csv.DictWriter(self.file, fields, lineterminator="\n") if path else None
        if self.writer:
            self.writer.writeheader()

    def add(self, row):
        if self.writer:
            self.writer.writerow(row)
            self.file.flush()


def run_on_cuda(args):
    """All rows in this process; what fails is said, and the rest goes on.  The number of failures."""
    gpu, failures = card(), []
    if args.step:
        table = Table(args.csv, STEP_FIELDS)
        for text in args.step:
            with told(failures, text):
                for row, seconds, flops, moved in measure_step(
                    text, op_cuda.DEVICE, args.pairs, args.seconds
                ):
                    values = [gpu, text, row.full_name, f"{seconds * 1e3:.4f}", f"{flops / 1e9:.1f}",
                              f"{moved / 1e9:.1f}"]  # fmt: skip
                    table.add(dict(zip(STEP_FIELDS, values, strict=True)))
                    print(f"{text} {row.full_name:20} {values[3]:>9} ms {values[4]:>8} GFLOP/s {values[5]:>7} GB/s",
                          flush=True)  # fmt: skip
            op_cuda.release_memory()
        return len(failures)
    table, rows = Table(args.csv, CUDA_FIELDS), []
    for network, shape, which, case in passes(args):
        shared = {"card": gpu, "network": network, "batch": shape.conv.x[0], "case": shape.conv.label,
                  "times": shape.times}  # fmt: skip
        with told(failures, f"{shape.conv.label} batch {shape.conv.x[0]} {which}"):
            options = args.peer, args.precision.split(","), args.pairs, args.seconds, args.check == "all"
            for row in op_cuda.measure(which, case, *options):
                rows.append({**shared, **row})
                table.add(rows[-1])
                print_row(rows[-1], f"{row['precision']:5} batch {shape.conv.x[0]:<3}")
        op_cuda.release_memory()
    if args.peer and rows:
        summarise(rows, by="precision")
    return len(failures)


@contextlib.contextmanager
def told(failures, what):
    """Goes on after an error, which is printed."""
    try:
        yield
    except (Exception, SystemExit) as error:
        failures.append(what)
        print(f"FAILED {what}: {error}", flush=True)


def print_row(row, head):
    """One line for a person."""
    print(f"{head} {row['case']:38} {row['pass']:16} {row['implementation']:24} {row['ms']:>9} ms "
          f"{row['gflops']:>7} GFLOP/s, {row['peer']} {row['peer_ms']} ms, ratio {row['ratio']}, "
          f"error {row['error']}", flush=True)  # fmt: skip


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peer", default="", choices=["", "torch"], help="compare with this library")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--precision", default="exact", help="on a GPU: exact, tf32 or both, by comma")
    parser.add_argument(
        "--set", default="vgg16,resnet50,course", help="networks by comma, vgg16:32 with a batch of 32"
    )
    parser.add_argument(
        "--check", default="all", choices=["all", "samples"], help="on a GPU with a peer: elements compared"
    )
    parser.add_argument("--case", default="", help="one shape, by its label")
    parser.add_argument(
        "--step", action="append", default=[], help="one step of any primitive, without a peer"
    )
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
    if args.device == "cuda":
        sys.exit(1 if run_on_cuda(args) else 0)
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
            print_row(row, f"{row['isa']:7}")
        if process.wait():
            raise SystemExit(process.returncode)
    if args.peer and rows:
        summarise(rows)
    table = Table(args.csv, FIELDS)
    for row in rows:
        table.add(row)


if __name__ == "__main__":
    main()
