"""multiply in float64."""


def multiply(attributes, a, b):
    """y = a b."""
    return (a * b,)
