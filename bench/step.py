"""A whole training step: ours, PyTorch's as it comes and with its allocator keeping its memory, Keras's on TensorFlow.

    python bench/step.py                          the course's convnet, batch 20
    python bench/step.py --net vgg16 --csv bench/results/step_vgg16.csv

Each library runs in a process of its own that steps on request, so that the runs alternate (ours, theirs, ours,
...); a time is the median over the rounds, a ratio the median of the rounds' ratios (above 1: we are faster).  The
peak of each process's resident memory is reported too.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import time

import numpy as np
from machine import KEEP_MEMORY, environment, instruction_sets, processor
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


def fastconv_step(net, batch):
    """Ours."""
    import fastconv

    return keras_like_step(net, batch, fastconv)


def keras_step(net, batch):
    """Keras on TensorFlow."""
    os.environ["KERAS_BACKEND"] = "tensorflow"
    import keras
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(int(os.environ["OMP_NUM_THREADS"]))
    return keras_like_step(net, batch, keras)


def torch_step(net, batch):
    """PyTorch, in the faster of its two layouts."""
    import torch

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    timed = []
    for form in (torch.contiguous_format, torch.channels_last):
        step = _torch_step_in(form, net, batch)
        step()
        start = time.perf_counter()
        step()
        timed.append((time.perf_counter() - start, form))
        del step
    return _torch_step_in(min(timed, key=lambda pair: pair[0])[1], net, batch)


def _torch_step_in(form, net, batch):
    import torch
    from torch import nn

    shape, features, padding, dense, classes, _ = NETS[net]
    layers, channels = [], shape[2]
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
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-4, alpha=0.9)

    def step():
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        return value.item()

    return step


LIBRARIES = {
    "fastconv": (fastconv_step, {}),
    "torch": (torch_step, {}),
    "torch keeping memory": (torch_step, KEEP_MEMORY),
    "keras": (keras_step, {}),
}


def measure(args, isa):
    """Rows of one instruction set, one a library."""
    workers = {}
    for name in args.libraries.split(","):
        options = ["--serve", name, "--net", args.net, "--batch", str(args.batch)]
        workers[name] = Worker(__file__, options, environment(isa, args.threads, **LIBRARIES[name][1]))
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


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--net", choices=list(NETS), default="course")
    parser.add_argument("--batch", type=int, help="default: the network's own")
    parser.add_argument("--libraries", default=",".join(LIBRARIES), help="by comma; ratios are to the first")
    parser.add_argument("--isa", default="", help="instruction sets, by comma")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--steps", type=int, default=5, help="steps a run")
    parser.add_argument("--csv", default="", help="write the rows here")
    parser.add_argument("--serve", default="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.batch = args.batch or NETS[args.net][5]
    if args.serve:
        step = LIBRARIES[args.serve][0](args.net, args.batch)
        for _ in range(3):
            step()
        serve(step)
        return
    rows = []
    for isa in instruction_sets(args.isa):
        for row in measure(args, isa):
            rows.append(row)
            print(f"{row['isa']:7} {row['net']} batch {row['batch']} {row['library']:21} {row['ms']:>9} ms a step, "
                  f"{row['ratio']:.2f} times ours, peak {row['peak_mb']} MB", flush=True)  # fmt: skip
    if args.csv:
        with open(args.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
