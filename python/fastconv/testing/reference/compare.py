"""compare."""

import numpy as np


def compare(attributes, a, b):
    """Where a relation b holds."""
    return (getattr(np, attributes.relation)(a, b),)
