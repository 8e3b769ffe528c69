"""The vectors' elementary functions, against numbers of higher precision."""

import ctypes

import numpy as np
import pytest

from hetsyn_sim.kernels.codegen.compiler import compiled

pytestmark = [
    pytest.mark.compiled,
    pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="there is nothing more precise than double here"),
]

#: Those that are our own; the others are the C library's.
FUNCTIONS = ("exp", "expm1", "tanh", "cosh", "log", "sqrt", "exprel", "exprel_slope")
NUMBERS = {"float": np.float32, "double": np.float64}

CODE = """
#include "functions.hpp"
using namespace hetsyn;
template <class F, class Function> void apply(const F* x, F* y, long n, const Function& function) {
    for (long k = 0; k + Lanes<F>::N <= n; k += Lanes<F>::N) store(y + k, function(load<Vec<F>>(x + k)));
}
"""
ENTRY = """
extern "C" __attribute__((visibility("default"))) void {name}_{number}(const {number}* x, {number}* y, long n) {{
    apply(x, y, n, [](Vec<{number}> v) {{ return f_{name}<{number}>(v); }});
}}
"""


@pytest.fixture(scope="module")
def call():
    entries = [ENTRY.format(name=name, number=number) for name in FUNCTIONS for number in NUMBERS]
    library = ctypes.CDLL(str(compiled(CODE + "".join(entries))))

    def run(name, number, x):
        x = np.ascontiguousarray(np.resize(x, -(-x.size // 64) * 64).astype(NUMBERS[number]))
        y = np.empty_like(x)
        getattr(library, f"{name}_{number}")(*(ctypes.c_void_p(a.ctypes.data) for a in (x, y)), ctypes.c_long(x.size))
        return x, y

    return run


def exact(name, x):
    x = x.astype(np.longdouble)
    if name == "exprel":
        return np.where(x == 0, 1, np.expm1(x) / np.where(x == 0, 1, x))
    if name == "exprel_slope":  # by its series: the closed form loses digits in any precision
        total, term = np.zeros_like(x), np.ones_like(x) / 2
        for k in range(1, 120):
            total, term = total + k * term, term * x / (k + 2)
        return total
    return getattr(np, name)(x)


def points(name, number):
    rng = np.random.default_rng(0)
    wide = {"float": 86.0, "double": 700.0}[number]
    small = np.concatenate([sign * 10.0 ** rng.uniform(-12, 0, 5000) for sign in (1, -1)])
    if name in ("log", "sqrt"):
        return np.concatenate([np.exp(rng.uniform(-wide, wide, 20000)), 1 + 0.3 * rng.uniform(-1, 1, 20000)])
    if name == "exprel_slope":
        return np.concatenate([small, rng.uniform(-8, 8, 5000)])
    limit = {"tanh": 25.0, "exprel": 30.0}.get(name, wide)
    return np.concatenate([small, rng.uniform(-1, 1, 10000), rng.uniform(-limit, limit, 20000)])


#: In units in the last place. The closed form of exprel's slope loses some digits where it takes over from the series, at 1/2.
BOUND, BOUNDS = 2.0, {"exprel_slope": 8.0}


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_are_right_to_two_units_in_the_last_place(call, name, number):
    x, y = call(name, number, points(name, number))
    expected = exact(name, x)
    unit = np.spacing(np.abs(expected).astype(NUMBERS[number]))
    error = np.abs(y.astype(np.longdouble) - expected) / unit
    assert error.max() <= BOUNDS.get(name, BOUND), f"{float(error.max()):.2f} at {x[error.argmax()]!r}"


@pytest.mark.parametrize("number", NUMBERS)
def test_what_is_no_number_or_has_no_end(call, number):
    x = np.array([np.nan, np.inf, -np.inf, 0.0, 1e4, -1e4, -1.0])
    inf, nan = np.inf, np.nan
    expected = {
        "exp": [nan, inf, 0, 1, inf, 0, np.exp(-1.0)],
        "expm1": [nan, inf, -1, 0, inf, -1, np.expm1(-1.0)],
        "tanh": [nan, 1, -1, 0, 1, -1, np.tanh(-1.0)],
        "cosh": [nan, inf, inf, 1, inf, inf, np.cosh(1.0)],
        "log": [nan, inf, nan, -inf, np.log(1e4), nan, nan],
        "sqrt": [nan, inf, nan, 0, 100, nan, nan],
    }
    for name, values in expected.items():
        _, y = call(name, number, x)
        np.testing.assert_allclose(y[:7], values, rtol=1e-6, err_msg=name)
