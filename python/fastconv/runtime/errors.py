"""What fastconv raises.  Every message says where, what was expected, what came, and what to do."""


class FastconvError(Exception):
    """Above every error that fastconv raises."""


class ArgumentError(FastconvError, ValueError):
    """An argument is not one of the values that are understood."""


class ShapeError(FastconvError, ValueError):
    """A shape does not fit where it was given."""


class DataError(FastconvError, ValueError):
    """Images, labels or a folder are not what the program needs."""


class WeightsError(FastconvError, ValueError):
    """A weights file is damaged or belongs to another model."""


class DeviceError(FastconvError, RuntimeError):
    """A device is missing, lost, or not the one that holds the data."""


class ExchangeError(FastconvError, BufferError, ValueError):
    """An array cannot be handed over to, or taken from, another library as was asked."""


class OutOfMemory(FastconvError, MemoryError):
    """A plan needs more memory than there is."""


class NumericsError(FastconvError, ArithmeticError):
    """A loss, gradient or weight became infinite or NaN."""


class NonFiniteData(DataError, NumericsError):
    """A batch holds, or is the cause of, numbers that are not finite."""


class SymbolError(FastconvError, TypeError):
    """A symbol, which has no value yet, was used where a value is needed."""


class AbsentName(FastconvError, AttributeError):
    """A module was asked for a name that it does not have; Keras's may."""


class AbsentImport(FastconvError, ModuleNotFoundError):
    """The same in an import."""


class FastconvWarning(UserWarning):
    """A program that runs but probably does not do what its author means."""
