"""Callback, the list that `fit` calls, and callbacks made of functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fastconv.callbacks.logs import Logs
from fastconv.runtime.errors import ArgumentError

_PLACES = ("batch", "epoch", "train_batch", "test_batch", "predict_batch", "train", "test", "predict")
HOOKS = tuple(f"on_{place}_{end}" for place in _PLACES for end in ("begin", "end"))


class Callback:
    """Base of the callbacks: override what you need.

    `self.model` is the model that is being trained; `self.params` holds `epochs`, `steps` (batches an epoch),
    `verbose` and `validation` (whether there is validation data).  `logs` holds the losses and metrics by name;
    `logs['acc']` and `logs['accuracy']` are the same.

    >>> class Print(Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(epoch, logs["loss"])
    >>> Print().on_epoch_end(0, {"loss": 0.5})
    0 0.5
    """

    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self.model: Any = None

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Tells what the run is like; `fit` calls it first."""
        self.params = dict(params)

    def set_model(self, model: Any) -> None:
        """Tells which model is trained."""
        self.model = model

    def on_train_begin(self, logs: Any = None) -> None:
        """Before the first epoch."""

    def on_train_end(self, logs: Any = None) -> None:
        """After the last epoch."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Before an epoch; epochs count from 0."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """After an epoch and its validation."""

    def on_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Keras's older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Any = None) -> None:
        """Keras's older name of `on_train_batch_end`."""

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Before a training step."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """After a training step."""
        self.on_batch_end(batch, logs)

    def on_test_begin(self, logs: Any = None) -> None:
        """Before an evaluation (also the validation inside `fit`)."""

    def on_test_end(self, logs: Any = None) -> None:
        """After an evaluation."""

    def on_test_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Before a batch of an evaluation."""

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """After a batch of an evaluation."""

    def on_predict_begin(self, logs: Any = None) -> None:
        """Before a prediction."""

    def on_predict_end(self, logs: Any = None) -> None:
        """After a prediction."""

    def on_predict_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Before a batch of a prediction."""

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        """After a batch of a prediction."""


class CallbackList:
    """Several callbacks as one: every `on_...` goes to all of them, in order.

    Args:  callbacks: callbacks, one callback, or None.  add_history: adds a History where there is none (it is then
        `self.history`).  add_progbar: taken for Keras's sake; `fit` draws its own bar.  model: the model.
        params: see Callback.
    """

    def __init__(
        self,
        callbacks: Iterable[Callback] | Callback | None = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        if isinstance(callbacks, Callback):
            callbacks = [callbacks]
        self.callbacks: list[Any] = [_checked(callback) for callback in callbacks or ()]
        self.model = model
        self.params = params
        if add_history:
            self._add_history()
        self.set_params(params)
        self.set_model(model)
        # Most callbacks do nothing between the ends of an epoch; a step is too short to ask each of them.
        self._listeners = {hook: [c for c in self.callbacks if _listens(c, hook)] for hook in HOOKS}

    def _add_history(self) -> None:
        from fastconv.callbacks.history import History

        self.history = next((c for c in self.callbacks if isinstance(c, History)), None)
        if self.history is None:
            self.history = History()
            self.callbacks.append(self.history)

    def append(self, callback: Callback) -> None:
        """One callback more, at the end."""
        self.callbacks.append(callback)
        callback.set_params(self.params)
        callback.set_model(self.model)
        self._listeners = {hook: [c for c in self.callbacks if _listens(c, hook)] for hook in HOOKS}

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Tells all callbacks what the run is like."""
        self.params = dict(params)
        for callback in self.callbacks:
            callback.set_params(self.params)

    def set_model(self, model: Any) -> None:
        """Tells all callbacks which model is trained."""
        self.model = model
        for callback in self.callbacks:
            callback.set_model(model)

    def listens(self, hook: str) -> bool:
        """True if a callback does something at this hook; `fit` need not compute logs where none does."""
        return bool(self._listeners[hook])

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name not in HOOKS:
            raise AttributeError(f"CallbackList has no {name!r}")

        def call(*arguments: Any, **keywords: Any) -> None:
            listeners = self._listeners[name]
            if not listeners:
                return
            *before, logs = _with_logs(name, arguments, keywords)
            for callback in listeners:
                getattr(callback, name)(*before, logs)

        return call

    def __iter__(self) -> Any:
        return iter(self.callbacks)

    def __len__(self) -> int:
        return len(self.callbacks)


def _checked(callback: Any) -> Any:
    if hasattr(callback, "set_params") and not isinstance(callback, type):
        return callback
    remedy = (
        f"Write {callback.__name__}(...)."
        if isinstance(callback, type)
        else "A function goes into LambdaCallback(on_epoch_end=...)."
    )
    raise ArgumentError(f"callbacks: expected callbacks in a list; came {callback!r}. {remedy}")


def _with_logs(hook: str, arguments: tuple[Any, ...], keywords: Mapping[str, Any]) -> tuple[Any, ...]:
    """The arguments of a hook with its logs last, as Logs."""
    counted = "epoch" in hook or "batch" in hook
    arguments = (*arguments, *keywords.values())
    logs = arguments[-1] if len(arguments) > counted else None
    wrapped = logs if isinstance(logs, Logs) else Logs(logs or {})
    return (*arguments[:1], wrapped) if counted else (wrapped,)


def _listens(callback: Any, hook: str) -> bool:
    """Whether a callback overrides a hook (on the class or on the object)."""
    if hook in ("on_train_batch_begin", "on_train_batch_end") and _listens(
        callback, hook.replace("train_batch", "batch")
    ):
        return True
    own = getattr(callback, hook, None)
    return own is not None and getattr(own, "__func__", own) is not getattr(Callback, hook)


class LambdaCallback(Callback):
    """A callback made of functions.

    Args:  on_epoch_begin, on_epoch_end: functions (epoch, logs).  on_train_begin, on_train_end: functions (logs).
        on_train_batch_begin, on_train_batch_end, on_batch_begin, on_batch_end: functions (batch, logs).
        Any other hook of Callback is taken too.

    >>> LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch)).on_epoch_end(3)
    3
    """

    def __init__(self, **functions: Callable[..., Any] | None) -> None:
        super().__init__()
        for hook, function in functions.items():
            if hook not in HOOKS:
                raise ArgumentError(
                    f"LambdaCallback: expected hooks like on_epoch_end; came {hook!r}. There are {', '.join(HOOKS)}."
                )
            if function is not None:
                setattr(self, hook, _logs_optional(hook, function))


def _logs_optional(hook: str, function: Callable[..., Any]) -> Callable[..., Any]:
    if "epoch" in hook or "batch" in hook:
        return lambda index, logs=None: function(index, logs)
    return lambda logs=None: function(logs)
