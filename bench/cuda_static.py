"""What can be known of the convolutions' CUDA kernels without a GPU: counters of the emulated runtime, machine code.

    python bench/cuda_static.py --csv bench/results/cuda_static.csv       VGG16's and ResNet-50's shapes, batch 8
    python bench/cuda_static.py --set vgg16:32 --case "vgg16 56x56 256 to 256, 3x3" --check
    python bench/cuda_static.py --six --check                             what the tests look at

Every shape runs cut to eight tiles: the launch of the whole problem, of which the emulated runtime (tools/ptxsim)
executes the first eight blocks, so that tile and splits are those of the real problem.  Columns:

    sectors      32-byte sectors that the global loads touched, of the fewest that could hold their bytes (at most 1.05)
    stores       the same for the global stores
    load_ways    passes of the main loop's shared-memory loads, of the fewest possible (1: no bank conflicts)
    copy_ways    sectors and passes of the main loop's copies into shared memory together, of the fewest possible: as
                 `sectors`, if the copies meet no bank conflicts
    copied       bytes that came into shared memory; `model`: what the tiles need of A and B, padding and edges left out
    share        of the loop's machine instructions that multiply (FFMA, HMMA); `ideal`: as the formula beside it says,
                 with nothing but products, loads of their factors, roundings and copies; `of_ideal`: share / ideal
    registers, blocks_per_sm, limited_by (of the emulated device, sm_80), spills (accesses of local memory in the loop)

--check fails where a figure misses its limit and is not known to.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
TILES = 8
MOST_SECTORS, MOST_WAYS = 1.05, 1.0
# TF32 falls short: a warp's loop is a quarter as long, so that the addresses of its copies weigh four times as much.
LEAST_OF_IDEAL = {"exact": 0.8, "tf32": 0.8}
SPLIT_K = 32  # csrc/cuda/gemm/problem.h: gemm_split_k
FIELDS = ["network", "batch", "case", "pass", "precision", "kernel", "grid", "sectors", "stores", "load_ways",
          "copy_ways", "copied", "model", "registers", "blocks_per_sm", "limited_by", "loop", "math", "share", "ideal",
          "formula", "of_ideal", "spills"]  # fmt: skip


SIX = [
    ("vgg16 56x56 128 to 256, 3x3", "forward"),
    ("vgg16 14x14 512 to 512, 3x3", "input_gradient"),
    ("vgg16 28x28 256 to 512, 3x3", "filter_gradient"),
    ("resnet50 56x56 64 to 256, 1x1", "forward"),
    ("resnet50 56x56 128 to 128, 3x3 stride 2", "input_gradient"),
    ("resnet50 14x14 256 to 1024, 1x1", "filter_gradient"),
]


class Instance(NamedTuple):
    """A matrix-product kernel by its template's arguments."""

    kind: str  # gather, filter
    rows: int
    columns: int
    warp: tuple[int, int]  # of tensor-core tiles; (0, 0): FMA units
    vectors: tuple[int, int]  # floats of a copy, of A and of B; 8: two copies of four

    @property
    def k(self) -> int:
        """Of a tile: csrc/cuda/gemm/fma_tile.cuh, mma_tile.cuh."""
        return 16 if self.warp == (0, 0) else 32

    @property
    def threads(self) -> int:
        if self.warp == (0, 0):
            return self.rows * self.columns // 64
        return self.rows * self.columns // (self.warp[0] * self.warp[1]) * 32

    def __str__(self) -> str:
        units = "fma" if self.warp == (0, 0) else f"mma {self.warp[0]}x{self.warp[1]}"
        return (
            f"{self.kind}_gemm {units} {self.rows}x{self.columns} copies {self.vectors[0]},{self.vectors[1]}"
        )


def instance_of(kernel: str) -> Instance | None:
    """Reads a kernel's name as a compiler prints it; None for other kernels."""
    found = re.search(r"(gather|filter)_gemm<.*?(Fma|Mma)Tile<([^>]*)>, (\d+), (\d+)>", kernel)
    if not found:
        return None
    sizes = [int(number) for number in re.findall(r"(?<![\w])\d+", found[3])]
    warp = (sizes[2], sizes[3]) if found[2] == "Mma" else (0, 0)
    return Instance(found[1], sizes[0], sizes[1], warp, (int(found[4]), int(found[5])))


# ---- the ideal loop


def ideal_loop(instance: Instance) -> dict[str, int]:
    """Instructions of a warp for one tile of k, if it did nothing but what the tile's arithmetic asks for."""
    k = instance.k
    copies = k * (
        instance.rows // min(instance.vectors[0], 4) + instance.columns // instance.vectors[1]
    ) // instance.threads  # fmt: skip
    if instance.warp == (0, 0):
        # 8 x 8 sums a thread; 16-byte loads bring four k of a row of A, or four rows of one k, and four columns of B.
        loads = 8 * k // 4 + 2 * k
        return {"math": 64 * k, "loads": loads, "roundings": 0, "copies": copies}
    down, across, steps = instance.warp[0] // 8, instance.warp[1] // 16, k // 8  # products of 8 x 16 x 8
    # ldmatrix brings 16 x 8 of A as it lies in rows, else a load 32 bits; a load of B two columns
    loads = steps * (down // 2 if instance.kind == "gather" else down * 2) + steps * across * 2
    return {
        "math": steps * down * across,
        "loads": loads,
        # no instruction rounds: an addition a value, and a comparison a pair, so that NaN stays NaN
        "roundings": 3 * steps * (down * 2 + across * 4) // 2,
        "copies": copies,
    }


def formula_of(parts: dict[str, int]) -> str:
    return f"{parts['math']}/({'+'.join(str(count) for count in parts.values() if count)})"


# ---- the bytes that tiles need


class Geometry(NamedTuple):
    """A pass as a matrix product: which taps of which pixels lie inside the image."""

    inside: np.ndarray  # (pixels, taps) bool
    channels: int  # of A at a pixel and tap
    columns: int  # N


def axis_taps(which, sizes):
    """Of one axis: (positions, taps) bool, whether the tap of a position lies inside."""
    stride, pad, filter_size, image, output = sizes
    if which != "input_gradient":
        at = np.arange(output)[:, None] * stride - pad + np.arange(filter_size)
        return (at >= 0) & (at < image)
    residue = next(r for r in range(stride) if any((h + pad) % stride == r for h in range(image)))
    positions = np.array([h for h in range(image) if (h + pad) % stride == residue])
    taps = np.array([r for r in range(filter_size) if r % stride == residue], int)
    at = (positions[:, None] + pad - taps) // stride
    return (at >= 0) & (at < output)


def geometry_of(which, shape):
    """Of the first launch's first residue (an input gradient of stride 1 has but one)."""
    a = shape.forward().primitive
    n, h, w, c = shape.x
    _, p, q, k = shape.y
    rows = axis_taps(which, (a.stride_h, a.pad_top, shape.kernel[0], h, p))
    columns = axis_taps(which, (a.stride_w, a.pad_left, shape.kernel[1], w, q))
    inside = rows[:, None, :, None] & columns[None, :, None, :]
    image = inside.reshape(rows.shape[0] * columns.shape[0], -1)
    by_input = which == "input_gradient"
    return Geometry(np.tile(image, (n, 1)), k if by_input else c, c if by_input else k)


def ceil_div(a, b):
    return -(-a // b)


def model_bytes(instance, geometry, grid, splits):
    """Bytes of A and B that the first blocks of a launch need."""
    total = 0
    for block in range(min(TILES, int(np.prod(grid)))):
        x, y = block % grid[0], block // grid[0] % grid[1]
        across = ceil_div(geometry.columns, instance.columns)
        row, column = x // across * instance.rows, x % across * instance.columns
        total += _block_bytes(
            instance, geometry, row, min(instance.columns, geometry.columns - column), y, splits
        )
    return total


def _block_bytes(instance, geometry, row, columns, split, splits):
    pixels, taps = geometry.inside.shape
    depth = pixels if instance.kind == "filter" else taps * geometry.channels
    per_split = ceil_div(ceil_div(depth, SPLIT_K), splits) * SPLIT_K
    first, end = split * per_split, min(depth, (split + 1) * per_split)
    # (tap, channel) in a row of A's tile, or along k
    flat = np.arange(taps * geometry.channels) // geometry.channels
    if instance.kind == "filter":
        chosen = np.bincount(flat[row : row + instance.rows], minlength=taps)
        elements = geometry.inside[first:end].sum(0) @ chosen
    else:
        chosen = np.bincount(flat[first:end], minlength=taps)
        elements = (geometry.inside[row : row + instance.rows] @ chosen).sum()
    return 4 * int(elements + (end - first) * columns)


# ---- running


def passes(args):
    """(network, shape, pass) that the options ask for."""
    from fastconv.testing import network_shapes

    for item in args.set.split(","):
        network, _, batch = item.partition(":")
        for shape in network_shapes.ALL[network](*([int(batch)] if batch else [])):
            label = shape.conv.label
            for which in ("forward", "filter_gradient", *([] if shape.first else ["input_gradient"])):
                if (not args.case or label in args.case) and (not args.six or (label, which) in SIX):
                    yield network, shape.conv, which


def serve(args):
    """Inside the emulated runtime: runs every pass once and says which launches were its own."""
    from fastconv.runtime.device import get_device

    get_device("cuda:0")
    from fastconv import _core, _cuda

    for network, shape, which in passes(args):
        case = getattr(shape, which)()
        attributes, outputs = case.primitive.attributes(), [(s.dtype, list(s.shape)) for s in case.specs()]
        values = [np.zeros(spec.shape, spec.dtype) for spec in case.input_specs()]  # counters know no values
        rows = _core.candidates("cuda:0", case.stem, attributes, case.input_specs(), outputs)
        for precision in ("exact", "tf32"):
            fitting = [
                row for row in rows if not row.reason and row.reduced_precision == (precision == "tf32")
            ]
            row = min(fitting, key=lambda row: row.cost)
            first = _cuda.launches()
            step = _core.OneStep("cuda:0", case.stem, row.name, attributes, values, outputs)
            step.seconds(1)
            names = {"network": network, "batch": shape.x[0], "case": shape.label, "pass": which}
            print(json.dumps([{**names, "precision": precision}, first, _cuda.launches()]), flush=True)
            del step
            get_device("cuda:0").release_memory()


def measured(options):
    """(names, launches, kernels' symbols) of every pass and precision."""
    from fastconv.testing import emulation

    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PTXSIM_")}
        environment |= {
            "LD_LIBRARY_PATH": emulation.runtime_folder(), "PTXSIM_THREADS": "1", "PTXSIM_BLOCKS": str(TILES),
            "PTXSIM_REPORT": str(report), "PTXSIM_REPORT_LAUNCHES": "1",
        }  # fmt: skip
        command = [sys.executable, __file__, "--serve", *options]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(done.stderr)
        found = json.loads(report.read_text(encoding="utf-8"))
    symbols = {kernel["kernel"]: kernel["mangled"] for kernel in found["kernels"]}
    for line in done.stdout.splitlines():
        names, first, end = json.loads(line)
        yield names, found["launches"][first:end], symbols


def shape_named(names):
    from fastconv.testing import network_shapes

    shapes = network_shapes.ALL[names["network"]](names["batch"])
    return next(shape.conv for shape in shapes if shape.conv.label == names["case"])


def of_fewest(sites):
    """What pairs of (counted, fewest possible) come to together."""
    counted, fewest = sum(pair[0] for pair in sites), sum(pair[1] for pair in sites)
    return round(counted / fewest, 3) if fewest else 1.0


def counters(launch):
    """The columns of any kernel that come from the emulated runtime."""
    sites = launch["loop"]["memory_sites"]
    loads, stores = launch["global_load"], launch["global_store"]
    return {
        "kernel": re.sub(r"^void |fastconv::|\(.*", "", launch["kernel"].replace("(anonymous namespace)::", "")),
        "grid": "x".join(map(str, launch["grid"])),
        "sectors": of_fewest([(loads["sectors"], loads["ideal_sectors"])]),
        "stores": of_fewest([(stores["sectors"], stores["ideal_sectors"])]),
        "load_ways": of_fewest([(site["passes"], site["ideal"]) for site in sites if "passes" in site]),
        "registers": launch["registers"], "blocks_per_sm": launch["occupancy"]["blocks_per_sm"],
        "limited_by": launch["occupancy"]["limited_by"],
    }  # fmt: skip


def tile_counters(names, launch, instance):
    """Those of a matrix product."""
    sites = [site for site in launch["loop"]["memory_sites"] if "sectors" in site]
    geometry, grid = geometry_of(names["pass"], shape_named(names)), launch["grid"]
    return {
        "kernel": str(instance), "copy_ways": of_fewest([(site["sectors"], site["ideal"]) for site in sites]),
        "copied": launch["cp_async_bytes"], "model": model_bytes(instance, geometry, grid, grid[1]),
    }  # fmt: skip


def main_loop(kernel, unit):
    """The loop with most instructions of a unit, and the shortest of those; and how many of the unit it has."""
    loops = [[i for i in loop if i.predicate != "!PT"] for loop in kernel.loops()]  # such are never issued
    counted = [(sum(i.unit == unit for i in loop), -len(loop), number) for number, loop in enumerate(loops)]
    most, _, number = max(counted)
    return loops[number], most


def code(kernel, instance):
    """The columns that come from the machine code."""
    from fastconv.testing import machine_code

    loop, math = main_loop(kernel, "FFMA" if instance.warp == (0, 0) else "HMMA")
    ideal = ideal_loop(instance)
    share, ideal_share = math / len(loop), ideal["math"] / sum(ideal.values())
    return {
        "loop": len(loop), "math": math, "share": round(share, 3), "ideal": round(ideal_share, 3),
        "formula": formula_of(ideal), "of_ideal": round(share / ideal_share, 3),
        "spills": len(machine_code.local_accesses(tuple(loop))),
    }  # fmt: skip


def kernels_by_symbol():
    """Of the library that this Python finds; nothing where NVIDIA's tools are missing."""
    import fastconv
    from fastconv.testing import machine_code

    tools = machine_code.find_tools()
    library = Path(fastconv.__file__).parent / "libfastconv_cuda.so"
    return {kernel.symbol: kernel for kernel in machine_code.kernels(library, tools)} if tools else {}


def all_rows(options):
    """One row a pass and precision, by the launch that does most; kernels that are no matrix products have no model."""
    kernels = kernels_by_symbol()
    for names, launches, symbols in measured(options):
        launch = max(launches, key=lambda launch: launch["warp_instructions"])
        instance = instance_of(launch["kernel"])
        row = {**dict.fromkeys(FIELDS, ""), **names, **counters(launch)}
        if instance:
            row |= tile_counters(names, launch, instance)
        if instance and (kernel := kernels.get(symbols[launch["kernel"]])):
            row |= code(kernel, instance)
        yield row


def misses(row):
    """What of a row is beyond its limit."""
    found = []
    if row["sectors"] > MOST_SECTORS:
        found.append(f"{row['sectors']} times the sectors that loads need")
    if row["load_ways"] > MOST_WAYS:
        found.append(f"bank conflicts of {row['load_ways']} ways in the loop's loads")
    if row["copy_ways"] != "" and row["copy_ways"] > row["sectors"]:
        found.append(f"the loop's copies take {row['copy_ways']} times the passes and sectors needed")
    if row["copied"] != row["model"]:
        found.append(f"{row['copied']} bytes copied, {row['model']} expected")
    if row["of_ideal"] != "" and row["of_ideal"] < LEAST_OF_IDEAL[row["precision"]]:
        found.append(f"{row['of_ideal']} of the ideal share of products")
    if row["spills"]:
        found.append(f"{row['spills']} spills in the loop")
    return found


def known_gap(row):
    """Why a row may miss the limits of its copies; nothing for most."""
    if " copies 1," in row["kernel"]:
        return "pixels of 3 channels are copied by single elements, 12 bytes that straddle sectors"
    return ""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--set", default="vgg16,resnet50", help="networks by comma, vgg16:32 with a batch of 32"
    )
    parser.add_argument("--case", action="append", help="these shapes alone, by label")
    parser.add_argument("--six", action="store_true", help="the six passes that the tests look at")
    parser.add_argument("--check", action="store_true", help="exit with 1 where a figure misses its limit")
    parser.add_argument("--csv", default="", help="write the rows here")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve(args)
        return
    options = [
        "--set",
        args.set,
        *["--six"] * args.six,
        *(word for label in args.case or () for word in ("--case", label)),
    ]
    rows, missed, known = [], 0, 0
    for row in all_rows(options):
        rows.append(row)
        wrong = misses(row)
        reason = known_gap(row) if wrong else ""
        known += bool(reason)
        missed += bool(wrong and not reason)
        print("  ".join(f"{key} {value}" for key, value in row.items() if value != ""), flush=True)
        for text in wrong:
            print(
                f"    {'known' if reason else 'MISSED'}: {text}" + (f" ({reason})" if reason else ""),
                flush=True,
            )
    if args.csv:
        with open(args.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    print(f"{len(rows) - missed - known} rows within all limits, {known} known not to be, {missed} not")
    sys.exit(1 if args.check and missed else 0)


if __name__ == "__main__":
    main()
