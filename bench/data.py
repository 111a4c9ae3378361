"""Images a second from a folder to batches, beside Keras's readers.

    python bench/data.py --peer keras
    python bench/data.py --data cats_and_dogs_small/train --images 2000 --csv bench/results/data.csv

Rows: the course's generator with and without augmentation, and image_dataset_from_directory; the first pass reads
files, the second takes pictures from memory (ours) or reads again (Keras).  Nothing else runs: the consumer throws
batches away.  Before a time is printed the first batch is compared with Keras's where both promise the same pixels.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import io
import os
import sys
import time
from pathlib import Path

import numpy as np
from machine import processor

FIELDS = [
    "processor",
    "threads",
    "case",
    "pass",
    "images",
    "s",
    "images_per_s",
    "peer",
    "peer_images_per_s",
    "ratio",
]
BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
AUGMENTED = {
    "rotation_range": 40,
    "width_shift_range": 0.2,
    "height_shift_range": 0.2,
    "shear_range": 0.2,
    "zoom_range": 0.2,
    "horizontal_flip": True,
}
CASES = {"rescale only": {}, "augmented": AUGMENTED}
FLOW = {"target_size": (150, 150), "batch_size": 20, "class_mode": "binary"}


def quietly(function, *arguments, **options):
    """The readers print what they found."""
    with contextlib.redirect_stdout(io.StringIO()):
        return function(*arguments, **options)


def generators(module, folder, ranges):
    generator = module.ImageDataGenerator(rescale=1 / 255, **ranges)
    return quietly(generator.flow_from_directory, folder, **FLOW)


def one_pass(batches):
    """(images, seconds) of a pass over an iterable."""
    began, images = time.perf_counter(), 0
    for x, *_ in batches:
        images += len(x)
    return images, time.perf_counter() - began


def by_hand(generator):
    return (next(generator) for _ in range(len(generator)))


def same_pixels(module, peer, folder):
    options = {**FLOW, "shuffle": False}
    first = [
        next(quietly(m.ImageDataGenerator(rescale=1 / 255).flow_from_directory, folder, **options))[0]
        for m in (module, peer)
    ]
    if not np.array_equal(*first):
        sys.exit("the first batch differs from Keras's: a time would mean nothing")


def measure(folder, with_peer):
    """Yields (case, pass, images, our seconds, Keras's seconds or None)."""
    from fastconv.preprocessing import image as ours
    from fastconv.utils.image_dataset import image_dataset_from_directory

    theirs = keras = None
    if with_peer:
        import keras
        from keras.src.legacy.preprocessing import image as theirs

        same_pixels(ours, theirs, folder)
    for case, ranges in CASES.items():
        mine = generators(ours, folder, ranges)
        passes = [one_pass(mine.epoch_batches(epoch)) for epoch in range(3)]
        other = one_pass(by_hand(generators(theirs, folder, ranges)))[1] if theirs else None
        for number, (images, seconds) in enumerate(passes[:2]):
            yield case, number + 1, images, seconds if number == 0 else min(seconds, passes[2][1]), other
    options = {"image_size": (180, 180), "batch_size": 32}
    data = quietly(image_dataset_from_directory, folder, **options)
    passes = [one_pass(data) for _ in range(2)]
    other = None
    if keras:
        tensors = quietly(keras.utils.image_dataset_from_directory, folder, **options)
        one_pass(tensors.take(2))  # TensorFlow's first batches build its graph
        other = one_pass(tensors)[1]
    for number, (images, seconds) in enumerate(passes):
        yield "image_dataset 180x180", number + 1, images, seconds, other


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    found = Path(os.environ.get("FASTCONV_TEST_DATA") or BESIDE) / "cats_and_dogs_small" / "train"
    parser.add_argument("--data", default=str(found), help="folder of class folders")
    parser.add_argument("--peer", default="", choices=["", "keras"], help="compare with this library")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--csv", default="", help="write the rows here")
    args = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

    from fastconv import _core

    _core.set_thread_count(args.threads)
    rows = []
    for case, number, images, seconds, other in measure(args.data, args.peer):
        row = {
            "processor": processor(),
            "threads": args.threads,
            "case": case,
            "pass": number,
            "images": images,
            "s": f"{seconds:.3f}",
            "images_per_s": f"{images / seconds:.0f}",
            "peer": args.peer,
            "peer_images_per_s": f"{images / other:.0f}" if other else "",
            "ratio": f"{other / seconds:.2f}" if other else "",
        }
        rows.append(row)
        print(
            "  ".join(f"{key} {value}" for key, value in row.items() if value and key != "processor"),
            flush=True,
        )
    if args.csv:
        with open(args.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, FIELDS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
