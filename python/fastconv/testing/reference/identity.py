"""identity."""


def identity(attributes, x):
    """y = x."""
    return (x,)


def magnitude(attributes, x):
    """A copy has no error."""
    return (x * 0,)
