"""A whole training step: ours, PyTorch's as it comes and with its allocator keeping its memory, Keras's on TensorFlow.

    python bench/step.py                          the course's convnet, batch 20
    python bench/step.py --net vgg16 --csv bench/results/step_vgg16.csv
    python bench/step.py --device cuda --peer torch --precision exact,tf32 --batch 128

Each library runs in a process of its own that steps on request, so that the runs alternate (ours, theirs, ours,
...); a time is the median over the rounds, a ratio the median of the rounds' ratios (above 1: we are faster).  The
peak of each process's resident memory is reported too.

On a GPU: ours with its step replayed as one graph, and with every kernel launched by itself; PyTorch eager, in the
faster of its layouts, its cuDNN choosing by trial, its RMSprop over all tensors at once (it has no fused one).  Every
step of each begins with the batch in host memory and ends with the loss there.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import statistics
import time

import numpy as np
from machine import KEEP_MEMORY, card, environment, instruction_sets, processor
from workers import Worker, serve

VGG16 = [64, 64, "pool", 128, 128, "pool", *[256] * 3, "pool", *[512] * 3, "pool", *[512] * 3, "pool"]
NETS = {  # input, 3x3 convolutions and 2x2 pooling, padding, dense layers, classes, batch
    "course": ((150, 150, 3), [32, "pool", 64, "pool", 128, "pool", 128, "pool"], "valid", [512], 1, 20),
    "vgg16": ((224, 224, 3), VGG16, "same", [4096, 4096], 1000, 8),
    "digits": ((28, 28, 1), [32, "pool", 64, "pool", 64], "valid", [64], 10, 64),
}


def data(net, batch):
    """Random pictures and labels."""
    shape, classes = NETS[net][0], NETS[net][4]
    random = np.random.default_rng(0)
    return random.random((batch, *shape), np.float32), random.integers(0, max(classes, 2), batch)


def keras_like_step(net, batch, library):
    """A step through Keras's face: fastconv's, or Keras's own."""
    shape, features, padding, dense, classes, _ = NETS[net]
    layers = library.layers
    model = library.Sequential([library.Input(shape)])
    for item in features:
        pool = item == "pool"
        model.add(
            layers.MaxPooling2D() if pool else layers.Conv2D(item, 3, padding=padding, activation="relu")
        )
    model.add(layers.Flatten())
    for units in dense:
        model.add(layers.Dense(units, activation="relu"))
    model.add(layers.Dense(classes, activation="sigmoid" if classes == 1 else "softmax"))
    loss = "binary_crossentropy" if classes == 1 else "sparse_categorical_crossentropy"
    model.compile(optimizer=library.optimizers.RMSprop(learning_rate=1e-4), loss=loss)
    x, y = data(net, batch)
    return lambda: model.train_on_batch(x, y)


def fastconv_step(net, batch, args):
    """Ours."""
    import fastconv

    if args.device == "cuda":
        fastconv.set_device("cuda")
        fastconv.set_precision(args.precision)
    return keras_like_step(net, batch, fastconv)


def keras_step(net, batch, args):
    """Keras on TensorFlow."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(int(os.environ["OMP_NUM_THREADS"]))
    return keras_like_step(net, batch, keras)


def torch_step(net, batch, args):
    """PyTorch, in the faster of its two layouts."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    torch.backends.cudnn.benchmark = True
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = args.precision == "tf32"
    timed = []
    for form in (torch.contiguous_format, torch.channels_last):
        step = _torch_step_in(form, net, batch, args.device)
        step()
        start = time.perf_counter()
        step()
        timed.append((time.perf_counter() - start, form))
        del step
    return _torch_step_in(min(timed, key=lambda pair: pair[0])[1], net, batch, args.device)


def _torch_step_in(form, net, batch, device):
    import torch
    from torch import nn

    shape, features, padding, dense, classes, _ = NETS[net]
    layers, channels = [], shape[2]
    with torch.device(device):
        for item in features:
            if item == "pool":
                layers.append(nn.MaxPool2d(2))
            else:
                layers += [nn.Conv2d(channels, item, 3, padding=1 if padding == "same" else 0), nn.ReLU()]
                channels = item
        width = nn.Sequential(*layers)(torch.zeros(1, shape[2], *shape[:2])).numel()
        layers.append(nn.Flatten())
        for units in dense:
            layers += [nn.Linear(width, units), nn.ReLU()]
            width = units
        layers.append(nn.Linear(width, classes))
    model = nn.Sequential(*layers).to(memory_format=form)
    x, y = data(net, batch)
    x = torch.from_numpy(np.ascontiguousarray(x.transpose(0, 3, 1, 2))).contiguous(memory_format=form)
    binary = classes == 1
    loss = nn.BCEWithLogitsLoss() if binary else nn.CrossEntropyLoss()
    y = torch.from_numpy(y.astype(np.float32))[:, None] if binary else torch.from_numpy(y)
    if device == "cuda":
        x, y = x.pin_memory(), y.pin_memory()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-4, alpha=0.9)

    def step():
        optimizer.zero_grad()
        value = loss(model(x.to(device, non_blocking=True)), y.to(device, non_blocking=True))
        value.backward()
        optimizer.step()
        return value.item()

    return step


LIBRARIES = {
    "cpu": {
        "fastconv": (fastconv_step, {}),
        "torch": (torch_step, {}),
        "torch keeping memory": (torch_step, KEEP_MEMORY),
        "keras": (keras_step, {}),
    },
    "cuda": {
        "fastconv": (fastconv_step, {}),
        "fastconv launching each": (fastconv_step, {"FASTCONV_CUDA_GRAPH": "0"}),
        "torch": (torch_step, {}),
    },
}


def device_counters(library):
    """A function that says: launches since the start (ours alone), MB of the GPU's memory in use."""
    if library == "torch":
        import torch

        return lambda: (float("nan"), torch.cuda.max_memory_reserved() / 1e6)
    from fastconv import _cuda

    return lambda: (_cuda.launches(), (_cuda.memory(0)["used"] + _cuda.memory(0)["kept"]) / 1e6)


def start_workers(args, isa, precision):
    """A process for each library; those on a GPU get ready at once."""
    workers = {}
    for name in args.libraries.split(","):
        options = ["--serve", name, "--net", args.net, "--batch", str(args.batch)]
        options += ["--device", args.device, "--precision", precision]
        env = environment(isa, args.threads, args.device == "cuda", **LIBRARIES[args.device][name][1])
        workers[name] = Worker(__file__, options, env, wait=args.device == "cpu")
    if args.device == "cuda":
        for worker in workers.values():
            worker.ready()
    return workers


def measure(args, isa):
    """Rows of one instruction set, one a library."""
    workers = start_workers(args, isa, "exact")
    rounds = [{name: worker.run(args.steps) for name, worker in workers.items()} for _ in range(args.rounds)]
    for worker in workers.values():
        worker.close()
    ours = next(iter(workers))
    return [
        {
            "processor": processor(), "isa": isa, "threads": args.threads, "net": args.net, "batch": args.batch,
            "library": name, "ms": round(statistics.median(r[name][0] for r in rounds) * 1e3, 2),
            "ratio": round(statistics.median(r[name][0] / r[ours][0] for r in rounds), 3),
            "peak_mb": round(rounds[-1][name][1]),
        }
        for name in workers
    ]  # fmt: skip


def measure_on_cuda(args, gpu, precision):
    """Rows of one precision, one a library."""
    workers = start_workers(args, "", precision)
    rounds = [
        {name: worker.run(args.steps) for name, worker in workers.items()} for _ in range(args.rounds + 1)
    ]
    for worker in workers.values():
        worker.close()
    launches = {name: rounds[-1][name][2] - rounds[-2][name][2] for name in workers}
    rounds, ours = rounds[1:], next(iter(workers))
    return [
        {
            "card": gpu, "precision": precision, "net": args.net, "batch": args.batch, "library": name,
            "ms": round(statistics.median(r[name][0] for r in rounds) * 1e3, 3),
            "ratio": round(statistics.median(r[name][0] / r[ours][0] for r in rounds), 3),
            "launches_a_step": "" if math.isnan(launches[name]) else round(launches[name] / args.steps, 1),
            "peak_mb": round(rounds[-1][name][1]), "device_mb": round(rounds[-1][name][3]),
        }
        for name in workers
    ]  # fmt: skip


def all_rows(args):
    """What the options ask for, row by row."""
    if args.device == "cpu":
        for isa in instruction_sets(args.isa):
            for row in measure(args, isa):
                yield row, f"{row['isa']:7}"
        return
    gpu = card()
    for precision in args.precision.split(","):
        for row in measure_on_cuda(args, gpu, precision):
            launches = row["launches_a_step"]
            yield row, f"{precision:5} {f'{launches} launches,' if launches else ''}"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--net", choices=list(NETS), default="course")
    parser.add_argument("--batch", type=int, help="default: the network's own")
    parser.add_argument("--libraries", help="by comma; ratios are to the first; default: all, on a GPU ours")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--precision", default="exact", help="on a GPU: exact, tf32 or both, by comma")
    parser.add_argument("--peer", default="", choices=["", "torch"], help="on a GPU: this library too")
    parser.add_argument("--isa", default="", help="instruction sets, by comma")
    parser.add_argument("--threads", type=int, help="default: 2, beside a GPU all")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=5, help="steps a run")
    parser.add_argument("--csv", default="", help="write the rows here")
    parser.add_argument("--serve", default="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.batch = args.batch or NETS[args.net][5]
    args.threads = args.threads or (2 if args.device == "cpu" else os.cpu_count())
    known = LIBRARIES[args.device]
    if args.serve:
        step = known[args.serve][0](args.net, args.batch, args)
        for _ in range(3):
            step()
        serve(step, device_counters(args.serve) if args.device == "cuda" else tuple)
        return
    chosen = known if args.device == "cpu" else [name for name in known if name != "torch" or args.peer]
    args.libraries = args.libraries or ",".join(chosen)
    rows = []
    for row, head in all_rows(args):
        rows.append(row)
        print(f"{head} {row['net']} batch {row['batch']} {row['library']:24} {row['ms']:>9} ms a step, "
              f"{row['ratio']:.2f} times ours, peak {row['peak_mb']} MB", flush=True)  # fmt: skip
    if args.csv:
        with open(args.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
