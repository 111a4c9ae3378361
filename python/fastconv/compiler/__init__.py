"""The compiler: what happens once to a graph before it runs.  The passes, in order:

differentiate   gradients as more nodes                              differentiate.py  (called while tracing)
simplify        identities gone, dropout gone in inference           simplify.py
fuse            bias, residual, activation, masks into heavy steps   fuse.py
freeze          what depends on constants alone goes to the prologue freeze.py
choose          an implementation for every node                     choose.py
schedule        an order that keeps the peak low                     schedule.py
place           lifetimes to offsets in one arena                    place.py
emit            a plan for the device                                emit.py
"""

from fastconv.compiler import eager
from fastconv.compiler.differentiate import grad
from fastconv.compiler.function import Compiled, Function

eager.install()

__all__ = ["Compiled", "Function", "grad"]
