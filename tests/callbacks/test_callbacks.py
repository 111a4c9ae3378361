"""Callbacks: what they do to a model, when, and what they say.  A model here is what callbacks see of one."""

import os

import numpy as np
import pytest

from fastconv import callbacks
from fastconv.callbacks.logs import Logs
from fastconv.runtime.errors import ArgumentError, DataError
from fastconv.runtime.variable import Variable


class Optimizer:
    def __init__(self, rate):
        self._rate = Variable(np.float32(rate))

    @property
    def learning_rate(self):
        return self._rate

    @learning_rate.setter
    def learning_rate(self, value):
        self._rate.assign(np.float32(value))


class Model:
    """Its weight is the number of the epoch; it writes its weight where it is saved."""

    def __init__(self, rate=0.1):
        self.optimizer = Optimizer(rate)
        self.stop_training = False
        self.weight = 0

    def get_weights(self):
        return [np.array(self.weight)]

    def set_weights(self, weights):
        self.weight = int(weights[0])

    def save(self, path):
        with open(path, "w") as file:
            file.write(f"model {self.weight}")

    def save_weights(self, path):
        with open(path, "w") as file:
            file.write(f"weights {self.weight}")


def train(callback, values, model=None, validation=True, batches=2):
    """A run whose `val_loss` is as given (a dict: all logs); returns model and history."""
    model = model or Model()
    history = callbacks.History()
    calls = callbacks.CallbackList(
        [callback, history], model=model, epochs=len(values), validation=validation
    )
    calls.on_train_begin()
    for epoch, value in enumerate(values):
        logs = dict(value) if isinstance(value, dict) else {"loss": value, "val_loss": value}
        calls.on_epoch_begin(epoch)
        for batch in range(batches):
            calls.on_train_batch_begin(batch)
            calls.on_train_batch_end(batch, {"loss": logs["loss"]})
        model.weight = epoch + 1
        calls.on_epoch_end(epoch, logs)
        if model.stop_training:
            break
    calls.on_train_end()
    return model, history


class TestLogs:
    def test_accuracy_is_found_in_either_spelling(self):
        logs = Logs(loss=1.0, accuracy=0.5, val_accuracy=0.25)
        assert logs["acc"] == 0.5
        assert logs["val_acc"] == 0.25
        assert Logs(val_acc=0.5)["val_accuracy"] == 0.5
        assert Logs(val_binary_accuracy=0.5)["val_acc"] == 0.5
        assert "val_acc" in logs and "val_mae" not in logs
        assert "val_acc" not in Logs(accuracy=0.5)
        assert Logs(val_auc=0.5)["val_AUC"] == 0.5
        assert logs.get("mae", 3) == 3
        assert dict(logs) == {"loss": 1.0, "accuracy": 0.5, "val_accuracy": 0.25}

    def test_unknown_names_what_there_is(self):
        with pytest.raises(KeyError) as caught:
            Logs(loss=1.0, accuracy=0.5)["f1"]
        assert caught.value.args[0] == "'f1'; there are loss, accuracy"


class TestHistory:
    def test_both_spellings(self):
        _, history = train(
            callbacks.Callback(), [{"loss": 2.0, "accuracy": 0.5}, {"loss": 1.0, "accuracy": 0.75}]
        )
        assert history.epoch == [0, 1]
        assert history.history["acc"] == history.history["accuracy"] == [0.5, 0.75]
        assert list(history.history) == ["loss", "accuracy"]

    def test_the_list_makes_one(self):
        calls = callbacks.CallbackList(add_history=True)
        calls.on_train_begin()
        calls.on_epoch_end(0, {"loss": 1.0})
        assert calls.history.history == {"loss": [1.0]}


class TestCallbackList:
    def test_order_and_arguments(self):
        seen = []

        class Watch(callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                seen.append((self.params["epochs"], epoch, logs["acc"]))

            def on_batch_end(self, batch, logs=None):
                seen.append(batch)

        train(Watch(), [{"loss": 1.0, "accuracy": 0.5}], batches=2)
        assert seen == [0, 1, (1, 0, 0.5)]

    def test_knows_who_listens(self):
        calls = callbacks.CallbackList([callbacks.EarlyStopping()])
        assert not calls.listens("on_train_batch_end")
        calls.append(callbacks.TerminateOnNaN())
        assert calls.listens("on_train_batch_end")
        calls = callbacks.CallbackList([callbacks.LambdaCallback(on_batch_end=lambda batch, logs: None)])
        assert calls.listens("on_train_batch_end")

    def test_unknown_hook(self):
        with pytest.raises(AttributeError):
            callbacks.CallbackList().on_lunch_begin()

    def test_one_callback_is_a_list(self):
        assert len(callbacks.CallbackList(callbacks.History())) == 1


class TestLambdaCallback:
    def test_calls(self):
        seen = []
        made = callbacks.LambdaCallback(
            on_epoch_begin=lambda epoch, logs: seen.append(epoch),
            on_train_end=lambda logs: seen.append("end"),
        )
        train(made, [1.0, 1.0])
        assert seen == [0, 1, "end"]

    def test_misspelt(self):
        with pytest.raises(ArgumentError) as caught:
            callbacks.LambdaCallback(on_epoch_ends=print)
        assert str(caught.value).startswith(
            "LambdaCallback: expected hooks like on_epoch_end; came 'on_epoch_ends'. There are on_batch_begin, "
        )


class TestEarlyStopping:
    @pytest.mark.parametrize(
        ("arguments", "values", "epochs"),
        [
            ({}, [3, 2, 2.5, 1], 3),
            ({"patience": 2}, [3, 2, 2.5, 1, 2, 2, 2], 6),
            ({"patience": 1, "min_delta": 0.5}, [3, 2.8, 2.7], 2),
            ({"mode": "max"}, [1, 2, 1.5], 3),
            ({"monitor": "val_acc"}, [{"loss": 1, "val_accuracy": a} for a in (0.5, 0.6, 0.6)], 3),
            ({"baseline": 1.0, "patience": 3}, [3, 2, 2.5, 1.2], 3),
            ({"start_from_epoch": 2}, [1, 2, 3, 4, 5], 4),
        ],
    )
    def test_stops_like_keras(self, arguments, values, epochs, peer):
        model, history = train(callbacks.EarlyStopping(**arguments), values)
        assert len(history.epoch) == epochs
        keras_model, keras_epochs = Model(), 0
        keras_arguments = dict(arguments)
        if arguments.get("monitor") == "val_acc":
            keras_arguments.update(monitor="val_accuracy", mode="max")
        keras_arguments.setdefault("mode", "min")
        theirs = peer("keras").callbacks.EarlyStopping(**keras_arguments)
        theirs.set_model(keras_model)
        theirs.on_train_begin()
        for epoch, value in enumerate(values):
            keras_epochs += 1
            theirs.on_epoch_end(epoch, value if isinstance(value, dict) else {"val_loss": value})
            if keras_model.stop_training:
                break
        assert keras_epochs == epochs

    def test_gives_back_the_best_weights(self, capsys):
        made = callbacks.EarlyStopping(patience=2, restore_best_weights=True, verbose=1)
        model, _ = train(made, [3, 1, 2, 2, 0])
        assert model.weight == 2
        assert made.stopped_epoch == 3
        assert capsys.readouterr().out == "Epoch 4: early stopping\nWeights are those of the best epoch, 2.\n"

    def test_serves_again(self):
        made = callbacks.EarlyStopping()
        train(made, [1, 2])
        _, history = train(made, [5, 4, 3])
        assert len(history.epoch) == 3

    def test_unknown_monitor(self):
        with pytest.raises(ArgumentError) as caught:
            train(
                callbacks.EarlyStopping("val_f1"),
                [{"loss": 1, "accuracy": 1, "val_loss": 1, "val_accuracy": 1}],
            )
        assert str(caught.value) == (
            "EarlyStopping: no 'val_f1'; there are loss, accuracy, val_loss, val_accuracy."
        )

    @pytest.mark.parametrize(
        "made",
        [
            callbacks.EarlyStopping(),
            callbacks.ReduceLROnPlateau(),
            callbacks.ModelCheckpoint("m", save_best_only=True),
        ],
    )
    def test_no_validation_data_is_said_before_the_first_epoch(self, made):
        model = Model()
        with pytest.raises(ArgumentError) as caught:
            train(made, [1.0], model, validation=False)
        assert model.weight == 0
        assert str(caught.value) == (
            f"{type(made).__name__}: 'val_loss' needs validation data; fit got none. "
            "Give fit validation_data= or validation_split=, or monitor 'loss'."
        )

    def test_mode(self):
        with pytest.raises(ArgumentError) as caught:
            callbacks.EarlyStopping(mode="best")
        assert str(caught.value) == (
            "EarlyStopping: expected mode 'min', 'max' or 'auto'; came 'best'. Use 'max' for accuracies, 'min' for losses."
        )


class TestModelCheckpoint:
    def test_every_epoch(self, tmp_path):
        train(callbacks.ModelCheckpoint(tmp_path / "new" / "m.{epoch:02d}-{val_loss:.2f}"), [0.5, 0.25])
        found = {p.name: p.read_text() for p in (tmp_path / "new").iterdir()}
        assert found == {"m.01-0.50": "model 1", "m.02-0.25": "model 2"}

    def test_every_second_epoch(self, tmp_path):
        train(callbacks.ModelCheckpoint(tmp_path / "m{epoch}", period=2), [3, 2, 1, 0])
        assert sorted(os.listdir(tmp_path)) == ["m2", "m4"]

    @pytest.mark.parametrize("period", [0, None, 1.5, True])
    def test_a_period_that_is_no_number_of_epochs(self, period):
        with pytest.raises(ArgumentError) as caught:
            callbacks.ModelCheckpoint("m", period=period)
        assert str(caught.value) == (
            f"ModelCheckpoint: expected period to be a whole number of epochs from 1 up; came {period}."
        )

    def test_no_number_of_batches(self):
        with pytest.raises(ArgumentError) as caught:
            callbacks.ModelCheckpoint("m", save_freq=0)
        assert (
            str(caught.value) == "ModelCheckpoint: expected save_freq 'epoch' or a number of batches; came 0."
        )

    def test_another_format_is_told_before_the_first_epoch(self, tmp_path):
        with pytest.raises(ArgumentError) as error:
            callbacks.ModelCheckpoint("best.weights.h5").on_train_begin()
        assert str(error.value) == (
            "ModelCheckpoint: expected a name that ends in '.fastconv'; came 'best.weights.h5'. Write "
            "'best.weights.fastconv'."
        )

    def test_the_best_only(self, tmp_path, capsys):
        train(callbacks.ModelCheckpoint(tmp_path / "m", save_best_only=True, verbose=1), [3, 1, 2])
        assert (tmp_path / "m").read_text() == "model 2"
        assert capsys.readouterr().out.splitlines()[-1] == "Epoch 3: val_loss did not improve from 1.00000"

    def test_older_spelling_of_accuracy(self, tmp_path):
        logs = [{"loss": 1, "val_accuracy": a} for a in (0.5, 0.7, 0.6)]
        made = callbacks.ModelCheckpoint(tmp_path / "m-{val_acc:.1f}", monitor="val_acc", save_best_only=True)
        train(made, logs)
        assert sorted(os.listdir(tmp_path)) == ["m-0.5", "m-0.7"]

    def test_weights_every_few_batches(self, tmp_path):
        train(
            callbacks.ModelCheckpoint(tmp_path / "w", save_weights_only=True, save_freq=3), [1, 1], batches=2
        )
        assert (tmp_path / "w").read_text() == "weights 1"

    def test_unknown_name_in_the_path(self, tmp_path):
        with pytest.raises(ArgumentError) as caught:
            train(callbacks.ModelCheckpoint(f"{tmp_path}/m-{{val_f1}}"), [1.0])
        assert str(caught.value) == (
            f"ModelCheckpoint: filepath '{tmp_path}/m-{{val_f1}}' asks for 'val_f1'; there are epoch, loss, val_loss."
        )

    @pytest.mark.parametrize("make", [callbacks.ModelCheckpoint, callbacks.CSVLogger])
    def test_a_folder_that_cannot_be(self, tmp_path, make):
        (tmp_path / "file").write_text("")
        model = Model()
        with pytest.raises(DataError) as caught:
            train(make(tmp_path / "file" / "m"), [1.0], model)
        assert model.weight == 0
        assert str(caught.value) == (
            f"{make.__name__}: cannot write into folder '{tmp_path / 'file'}': file exists. Choose another folder."
        )

    @pytest.mark.skipif(not os.path.isdir("/proc"), reason="needs a folder where nobody can make files")
    def test_a_file_that_cannot_be_opened(self):
        with pytest.raises(DataError, match=r"^CSVLogger: cannot write .*/proc.*: .* Choose another folder"):
            train(callbacks.CSVLogger("/proc/history.csv"), [1.0])

    def test_a_folder_instead_of_a_file(self, tmp_path):
        with pytest.raises(DataError) as caught:
            train(callbacks.CSVLogger(tmp_path), [1.0])
        assert str(caught.value) == (
            f"CSVLogger: expected a file to write; '{tmp_path}' is a folder. Add a file name."
        )


class TestLearningRate:
    @pytest.mark.parametrize("schedule", [lambda epoch, rate: rate / 2, lambda epoch: 0.1 / 2 ** (epoch + 1)])
    def test_scheduler(self, schedule):
        model, history = train(callbacks.LearningRateScheduler(schedule), [1, 1, 1])
        assert history.history["learning_rate"] == pytest.approx([0.05, 0.025, 0.0125], rel=2**-22)

    def test_scheduler_without_a_number(self):
        with pytest.raises(ArgumentError) as caught:
            train(callbacks.LearningRateScheduler(lambda epoch: None), [1.0])
        assert str(caught.value).startswith(
            "LearningRateScheduler: expected the schedule to return a number at epoch 0; "
        )

    @pytest.mark.parametrize(
        ("arguments", "values"),
        [
            ({"patience": 1, "factor": 0.5}, [3, 2, 2, 2, 1, 1]),
            ({"patience": 2, "factor": 0.1, "cooldown": 2}, [3, 3, 3, 3, 3, 3, 3, 3]),
            ({"patience": 1, "factor": 0.1, "min_lr": 0.005}, [1, 1, 1, 1]),
            ({"patience": 1, "min_delta": 1.0}, [3, 2.5, 1, 0.5]),
        ],
    )
    def test_plateau_like_keras(self, arguments, values, peer):
        keras = peer("keras")
        model, history = train(callbacks.ReduceLROnPlateau(**arguments), values)
        theirs = keras.callbacks.ReduceLROnPlateau(mode="min", **arguments)
        theirs.set_model(type("M", (), {"optimizer": keras.optimizers.SGD(0.1)})())
        theirs.on_train_begin()
        expected = []
        for epoch, value in enumerate(values):
            logs = {"val_loss": value}
            theirs.on_epoch_end(epoch, logs)
            expected.append(logs["learning_rate"])
        assert history.history["learning_rate"] == pytest.approx(expected, rel=2**-22)

    def test_factor(self):
        with pytest.raises(ArgumentError) as caught:
            callbacks.ReduceLROnPlateau(factor=1.0)
        assert (
            str(caught.value) == "ReduceLROnPlateau: expected a factor below 1; came 1.0. The default is 0.1."
        )


class TestCSVLogger:
    def test_writes_and_goes_on(self, tmp_path):
        path = tmp_path / "runs" / "history.csv"
        train(callbacks.CSVLogger(path), [0.5, 0.25])
        assert path.read_text() == "epoch,loss,val_loss\n0,0.5,0.5\n1,0.25,0.25\n"
        train(callbacks.CSVLogger(path, append=True), [0.125])
        assert path.read_text().splitlines()[-1] == "0,0.125,0.125"
        assert path.read_text().count("epoch") == 1


def test_terminate_on_nan(capsys):
    model, history = train(callbacks.TerminateOnNaN(), [1.0, float("nan"), 1.0])
    assert history.epoch == [0, 1]
    assert capsys.readouterr().out.splitlines()[0] == "Batch 0: the loss is nan, training ends"
