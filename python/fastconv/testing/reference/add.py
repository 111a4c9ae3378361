"""add in float64."""


def add(attributes, a, b):
    """y = a + b."""
    return (a + b,)
