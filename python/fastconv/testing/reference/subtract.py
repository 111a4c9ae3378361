"""subtract in float64."""


def subtract(attributes, a, b):
    """y = a - b."""
    return (a - b,)
