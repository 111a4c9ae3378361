"""What `compile(optimizer=...)` takes."""

import pytest

from fastconv import optimizers
from fastconv.runtime.errors import ArgumentError


def test_an_optimizer_is_itself():
    adam = optimizers.Adam(0.01)
    assert optimizers.get(adam) is adam


@pytest.mark.parametrize("given", ["rmsprop", "RMSprop", optimizers.RMSprop])
def test_names_and_classes(given):
    assert isinstance(optimizers.get(given), optimizers.RMSprop)


def test_what_is_no_optimizer():
    with pytest.raises(
        ArgumentError, match=r"^optimizer: expected a name, an object or a function; came int 3"
    ):
        optimizers.get(3)
