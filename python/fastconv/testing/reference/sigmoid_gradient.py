"""sigmoid_gradient in float64."""


def sigmoid_gradient(attributes, dy, y):
    """dx = dy y (1 - y)."""
    return (dy * y * (1.0 - y),)
