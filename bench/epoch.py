"""An epoch of the course's cats-vs-dogs program, loading of the photographs included: ours beside Keras's.

    python bench/epoch.py DIR [--augment]        DIR holds train/ and validation/, each with a folder a class

One program, two imports; the epochs alternate (ours, theirs, ours, ...).  An epoch is all training pictures once in
batches of 20 and the validation pictures once.  The first epoch of each is reported apart: a library may keep
decoded pictures.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
from pathlib import Path

from machine import environment, instruction_sets, processor
from workers import Worker, serve

AUGMENTATION = {
    "rotation_range": 40, "width_shift_range": 0.2, "height_shift_range": 0.2, "shear_range": 0.2,
    "zoom_range": 0.2, "horizontal_flip": True,
}  # fmt: skip


def program(library, generator_class, folder, augment):
    """The course's program; gives a function that runs one epoch."""
    layers = library.layers
    model = library.Sequential([library.Input((150, 150, 3))])
    for filters in (32, 64, 128, 128):
        model.add(layers.Conv2D(filters, (3, 3), activation="relu"))
        model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    if augment:
        model.add(layers.Dropout(0.5))
    model.add(layers.Dense(512, activation="relu"))
    model.add(layers.Dense(1, activation="sigmoid"))
    optimizer = library.optimizers.RMSprop(learning_rate=1e-4)
    model.compile(loss="binary_crossentropy", optimizer=optimizer, metrics=["accuracy"])
    options = {"target_size": (150, 150), "batch_size": 20, "class_mode": "binary"}
    train = generator_class(rescale=1 / 255, **(AUGMENTATION if augment else {}))
    train = train.flow_from_directory(str(Path(folder, "train")), **options)
    validation = generator_class(rescale=1 / 255).flow_from_directory(
        str(Path(folder, "validation")), **options
    )
    return lambda: model.fit(train, epochs=1, validation_data=validation, verbose=0)


def load(name, folder, augment):
    """The program in one library."""
    if name == "fastconv":
        import fastconv
        from fastconv.preprocessing.image import ImageDataGenerator
    else:
        os.environ["KERAS_BACKEND"] = "tensorflow"
        import keras as fastconv
        from keras.src.legacy.preprocessing.image import ImageDataGenerator
    return program(fastconv, ImageDataGenerator, folder, augment)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder")
    parser.add_argument("--augment", action="store_true", help="the course's augmentation, and dropout")
    parser.add_argument("--isa", default="")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--csv", default="", help="write the rows here")
    parser.add_argument("--serve", default="", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve(load(args.serve, args.folder, args.augment))
        return
    rows = []
    for isa in instruction_sets(args.isa):
        env = environment(isa, args.threads)
        options = [args.folder, *["--augment"] * args.augment]
        workers = {n: Worker(__file__, ["--serve", n, *options], env) for n in ("fastconv", "keras")}
        firsts = {name: worker.run(1)[0] for name, worker in workers.items()}
        rounds = [{name: worker.run(1)[0] for name, worker in workers.items()} for _ in range(args.rounds)]
        for name, worker in workers.items():
            rows.append({
                "processor": processor(), "isa": isa, "threads": args.threads, "augment": args.augment, "library": name,
                "first_s": round(firsts[name], 2), "epoch_s": round(statistics.median(r[name] for r in rounds), 2),
                "ratio": round(statistics.median(r[name] / r["fastconv"] for r in rounds), 3),
            })  # fmt: skip
            worker.close()
            print(rows[-1], flush=True)
    if args.csv:
        with open(args.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
