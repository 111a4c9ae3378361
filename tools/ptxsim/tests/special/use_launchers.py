import ctypes as c
import sys
import threading

import numpy as np

lib = c.CDLL(sys.argv[1])
rng = np.random.default_rng(3)
V, L = c.c_void_p, c.c_long
lib.axpy_f32.argtypes = [c.c_float, V, V, L, V]
lib.axpy_f64.argtypes = [c.c_double, V, V, L, V]
lib.rowsum.argtypes = [V, V, c.c_int, c.c_int, V]
lib.dev_alloc.argtypes = [V, c.c_size_t]
lib.dev_free.argtypes = lib.stream_free.argtypes = lib.stream_new.argtypes = [V]
lib.to_dev.argtypes = lib.to_host.argtypes = [V, V, c.c_size_t, V]


def ok(e):
    assert e == 0, e


class Array:
    def __init__(self, a, s):
        self.s, self.shape, self.dtype, self.n = s, a.shape, a.dtype, a.nbytes
        self.keep = np.ascontiguousarray(a)
        self.p = V()
        ok(lib.dev_alloc(c.byref(self.p), self.n))
        ok(lib.to_dev(self.p, self.keep.ctypes.data, self.n, s))

    def get(self):
        r = np.empty(self.shape, self.dtype)
        ok(lib.to_host(r.ctypes.data, self.p, self.n, self.s))
        return r

    def free(self):
        ok(lib.dev_free(self.p))


def work(seed):
    rng = np.random.default_rng(seed)
    s = V()
    ok(lib.stream_new(c.byref(s)))
    for n in (1, 1000, 70001):
        for f, t in ((lib.axpy_f32, np.float32), (lib.axpy_f64, np.float64)):
            x, y = rng.integers(-9, 9, n).astype(t), rng.integers(-9, 9, n).astype(t)
            X, Y = Array(x, s), Array(y, s)
            ok(f(3, X.p, Y.p, n, s))
            assert (Y.get() == y + 3 * x).all()
            X.free()
            Y.free()
    x = rng.integers(-9, 9, (50, 333)).astype(np.float32)
    X, sums = Array(x, s), Array(np.zeros(50, np.float32), s)
    ok(lib.rowsum(X.p, sums.p, 50, 333, s))
    assert (sums.get() == x.sum(1)).all()
    X.free()
    sums.free()
    ok(lib.stream_free(s))


work(1)
bad = []


def safe(k):
    try:
        work(k)
    except BaseException as e:
        bad.append(repr(e))


t = [threading.Thread(target=safe, args=(k,)) for k in range(4)]
[x.start() for x in t]
[x.join() for x in t]
assert not bad, bad
print("all equal")
