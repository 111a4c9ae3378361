#!/usr/bin/env python3
"""Cats against dogs: a folder of pictures becomes a trained classifier.

    python examples/cats_vs_dogs.py                     draws its own pictures and learns from them
    python examples/cats_vs_dogs.py --data DIR          learns from photographs, as the course does
    python examples/cats_vs_dogs.py --data DIR --augment
    python examples/cats_vs_dogs.py --data DIR --epochs 5 --resume      five more epochs

DIR holds the folders train, validation and, if you like, test, each with a folder for each class; or the class folders
alone; or pictures named cat.123.jpg and dog.7.jpg.  Without train and validation folders a fifth of each class, drawn
by the names of the files, is kept for validation.
"""

import argparse
import csv
import sys
import time
from pathlib import Path

import fastconv as fc
from fastconv import callbacks, layers, models, optimizers, utils
from fastconv.datasets import drawings
from fastconv.preprocessing.image import ImageDataGenerator


def small_convnet(size, dropout):
    """Enough for drawings: three convolutions over pictures of 64 by 64 pixels."""
    model = models.Sequential()
    model.add(layers.Conv2D(16, (3, 3), activation="relu", input_shape=(size, size, 3)))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Conv2D(32, (3, 3), activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Conv2D(64, (3, 3), activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    if dropout:
        model.add(layers.Dropout(0.5))
    model.add(layers.Dense(64, activation="relu"))
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile(
        loss="binary_crossentropy", optimizer=optimizers.Adam(learning_rate=1e-3), metrics=["accuracy"]
    )
    return model


def course_convnet(size, dropout):
    """The course's network for photographs of 150 by 150 pixels."""
    model = models.Sequential()
    model.add(layers.Conv2D(32, (3, 3), activation="relu", input_shape=(size, size, 3)))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Conv2D(64, (3, 3), activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Conv2D(128, (3, 3), activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Conv2D(128, (3, 3), activation="relu"))
    model.add(layers.MaxPooling2D((2, 2)))
    model.add(layers.Flatten())
    if dropout:
        model.add(layers.Dropout(0.5))
    model.add(layers.Dense(512, activation="relu"))
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile(
        loss="binary_crossentropy", optimizer=optimizers.RMSprop(learning_rate=1e-4), metrics=["accuracy"]
    )
    return model


def generators(folder, size, batch_size, augment, seed):
    """Batches for training, validation and, where there is a folder for it, test (else None)."""
    changes = {}
    if augment:
        changes = {
            "rotation_range": 40,
            "width_shift_range": 0.2,
            "height_shift_range": 0.2,
            "shear_range": 0.2,
            "zoom_range": 0.2,
            "horizontal_flip": True,
        }
    flow = {"target_size": (size, size), "batch_size": batch_size, "class_mode": "binary", "seed": seed}
    if (folder / "train").is_dir():
        training = ImageDataGenerator(rescale=1 / 255, **changes)
        plain = ImageDataGenerator(rescale=1 / 255)
        test = plain.flow_from_directory(folder / "test", **flow) if (folder / "test").is_dir() else None
        return (
            training.flow_from_directory(folder / "train", **flow),
            plain.flow_from_directory(folder / "validation", **flow),
            test,
        )
    # One generator cuts the folder in two and augments the training part alone.
    both = ImageDataGenerator(rescale=1 / 255, validation_split=0.2, **changes)
    if not any(path.is_dir() for path in folder.iterdir()):
        flow["labels"] = "filename"
    return (
        both.flow_from_directory(folder, subset="training", **flow),
        both.flow_from_directory(folder, subset="validation", **flow),
        None,
    )


def read_history(path):
    """history.csv as fit's history has it: a list for each column."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name]) for row in rows] for name in rows[0] if name != "epoch"}


def write_sheet(model, validation, path, count=40):
    """Pictures evenly from the validation set, with what the model says; red where it is wrong."""
    probabilities = model.predict(validation, verbose=0).reshape(-1)
    names = [name.rstrip("s") for name in validation.class_indices]
    chosen = range(0, len(probabilities), max(1, len(probabilities) // count))[:count]
    captions, correct = [], []
    for i in chosen:
        said = int(probabilities[i] > 0.5)
        confidence = probabilities[i] if said else 1 - probabilities[i]
        captions.append(f"{names[said]} {confidence:.0%}")
        correct.append(said == validation.classes[i])
    fc.plot.contact_sheet([validation.filepaths[i] for i in chosen], captions, correct, path)


def existing_folder(text):
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"expected a folder; came '{text}'")
    return Path(text)


def whole_number(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1 up; came {text}")
    return int(text)


def arguments_of(command_line):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=existing_folder, help="folder of photographs; default: drawings are made"
    )
    parser.add_argument("--out", type=Path, default=Path("runs/cats_vs_dogs"), help="where the results go")
    parser.add_argument(
        "--augment", action="store_true", help="turn, shift and flip the training pictures; dropout"
    )
    parser.add_argument("--epochs", type=whole_number, help="epochs to train now (default 30, drawings 10)")
    parser.add_argument("--batch-size", type=whole_number, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resume", action="store_true", help="go on from model.fastconv in --out")
    parser.add_argument("--draw", type=whole_number, nargs=2, default=(1200, 300), metavar=("TRAIN", "VALIDATION"),
                        help="how many faces to draw (default 1200 300)")  # fmt: skip
    return parser.parse_args(command_line)


def main(command_line=None):
    arguments = arguments_of(command_line)
    out = arguments.out
    out.mkdir(parents=True, exist_ok=True)
    utils.set_random_seed(arguments.seed)

    folder, size, build, epochs = arguments.data, 150, course_convnet, arguments.epochs or 30
    if folder is None:
        size, build, epochs = 64, small_convnet, arguments.epochs or 10
        train_count, validation_count = arguments.draw
        start = time.perf_counter()
        folder = drawings.write_folders(out / "drawings", train_count, validation_count, arguments.seed, size)
        print(
            f"No --data: drew {train_count} + {validation_count} cat and dog faces in "
            f"{time.perf_counter() - start:.1f} s. They are drawings, not photographs."
        )
    train, validation, test = generators(
        folder, size, arguments.batch_size, arguments.augment, arguments.seed
    )

    saved, history_file = out / "model.fastconv", out / "history.csv"
    if arguments.resume:
        model = models.load_model(saved)
        done = len(read_history(history_file)["loss"])
    else:
        model = build(size, dropout=arguments.augment)
        done = 0
    model.summary()

    start = time.perf_counter()
    model.fit(
        train,
        initial_epoch=done,
        epochs=done + epochs,
        validation_data=validation,
        callbacks=[
            callbacks.ModelCheckpoint(saved),
            callbacks.CSVLogger(history_file, append=arguments.resume),
        ],
    )
    seconds = (time.perf_counter() - start) / epochs

    history = read_history(history_file)
    fc.plot.curves(history, out / "curves.png")
    write_sheet(model, validation, out / "predictions.png")
    print(f"{seconds:.1f} s an epoch, pictures and validation included")
    best = max(history["val_accuracy"])
    print(f"validation accuracy: {history['val_accuracy'][-1]:.3f}, best {best:.3f}")
    if test is not None:
        print(f"test accuracy: {model.evaluate(test, verbose=0)[1]:.3f}")
    print(
        "Written:",
        *(out / name for name in ("model.fastconv", "history.csv", "curves.png", "predictions.png")),
    )


if __name__ == "__main__":
    try:
        main()
    except (fc.FastconvError, OSError) as error:
        sys.exit(f"cats_vs_dogs: {error}")
