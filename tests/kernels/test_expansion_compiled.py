"""The compiled expansion for every instruction set that runs here, against the exact filter in float64; its operators; its threads."""

import functools

import pytest
import torch

from hetsyn_sim.errors import ConfigError, DataError
from hetsyn_sim.kernels import available_backends, exponential_filter, filter_carry, use_backend
from hetsyn_sim.kernels.expansion_ops import filter_expanded
from hetsyn_sim.kernels.library import LEVELS, library

from .expansion_bounds import F32, F64, RANGES, allowed, allowed_in_float32, make, value_and_gradients
from .levels import use_level

pytestmark = pytest.mark.skipif("fused" not in available_backends(), reason="the compiled kernels were not built")
SHAPE = 3, 400, 37  # batch, channels enough for the expansion to be less work, neurons that are no multiple of a vector
RATE = 0.002


def run_by(name, tolerance=1e-6):
    def run(x, w, rho):
        with use_backend(name, tolerance=tolerance):
            return exponential_filter(x, w, rho)

    return run


@functools.cache
def exact(spread, dtype, limits=False):
    """In float64, of numbers as they are in the dtype."""
    x, w, rho, g = make(*RANGES[spread], dtype, limits, SHAPE, RATE)
    return value_and_gradients(run_by("fused"), *(argument.double() for argument in (x, w, rho, g)))


@pytest.fixture(params=LEVELS)
def level(request):
    best = LEVELS.index(library().level)
    if LEVELS.index(request.param) > best:
        pytest.skip("another processor")
    with use_level(request.param):
        yield


@pytest.mark.parametrize("spread", RANGES)
@pytest.mark.parametrize("tolerance", [1e-3, 1e-6])
def test_errors_are_within_what_the_tolerance_promises(level, spread, tolerance):
    data = make(*RANGES[spread], F64, False, SHAPE, RATE)
    found = value_and_gradients(run_by("expansion", tolerance), *data)
    for one, other, bound in zip(found, exact(spread, F64), allowed(*data, tolerance), strict=True):
        assert ((one - other).abs() <= bound + 1e-11 * other.abs().max()).all()  # and rounding, see test_expansion.py
    for one, other in zip((found[0], *found[2:]), (exact(spread, F64)[0], *exact(spread, F64)[2:]), strict=True):
        assert not torch.equal(one, other)  # it was the expansion that computed them


@pytest.mark.parametrize("spread", ["5 to 20", "1 to 200"])
def test_errors_in_float32_are_those_and_rounding(level, spread):
    data = make(*RANGES[spread], F32, False, SHAPE, RATE)
    found = value_and_gradients(run_by("expansion"), *data)
    for one, other, bound in zip(found, exact(spread, F32), allowed_in_float32(*data, 1e-6), strict=True):
        assert one.dtype == F32
        assert ((one - other).abs() <= bound).all()


def test_decays_of_zero_and_one_are_exact(level):
    x, w, rho, g = make(*RANGES["5 to 20"], F64, True, SHAPE, RATE)
    found = value_and_gradients(run_by("expansion", 1e-3), x, w, rho, g)
    at_limits = (rho == 0) | (rho == 1) | (rho == 1e-30) | (rho == 1 - 2.0**-53)
    for one, other in zip(found[2:], exact("5 to 20", F64, True)[2:], strict=True):
        torch.testing.assert_close(one[at_limits], other[at_limits], rtol=1e-12, atol=1e-9)
    only = torch.where(rho < 0.9, 0.0, 1.0).to(F64)  # no other decay at all
    torch.testing.assert_close(run_by("expansion")(x, w, only), run_by("fused")(x, w, only), rtol=0, atol=1e-11)


@pytest.mark.parametrize("dtype", [F32, F64])
def test_bits_do_not_depend_on_the_number_of_threads(level, dtype):
    data = make(*RANGES["5 to 20"], dtype, True, SHAPE, RATE)
    before, results = torch.get_num_threads(), []
    try:
        for n in (1, 2, 5):
            torch.set_num_threads(n)
            results.append(value_and_gradients(run_by("expansion"), *data))
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


@pytest.mark.parametrize(("shape", "rate", "tolerance"), [((2, 400, 5), 0.3, 1e-6), ((2, 3, 5), 0.1, 1e-6), ((2, 400, 5), 0.004, 1e-12)])
def test_what_it_would_not_win_is_computed_exactly(shape, rate, tolerance):
    """Busy input, few channels, too many nodes."""
    data = make(*RANGES["0.2 to 2000"][:2], 40, F64, False, shape, rate)
    for one, other in zip(*(value_and_gradients(run_by(name, tolerance), *data) for name in ("expansion", "fused")), strict=True):
        assert torch.equal(one, other)


def test_a_carried_state_is_added():
    x, w, rho, _ = make(5, 20, 100, F64, False, SHAPE, RATE)
    whole = run_by("fused")(x, w, rho)
    with use_backend("expansion", tolerance=1e-9):
        second = exponential_filter(x[40:], w, rho, filter_carry(x[:40], w, rho, None, delay=0))
    torch.testing.assert_close(second, whole[40:], rtol=0, atol=1e-9 * (x @ w.abs().T).cumsum(0).max().item())


def test_the_operator_is_one_that_torch_can_trace():
    x, w, rho, _ = make(5, 20, 12, F64, False, (2, 60, 5), 0.01)
    arguments = (x, w.requires_grad_(), rho.requires_grad_(), 1e-6)
    torch.library.opcheck(filter_expanded, arguments)
    assert torch.equal(filter_expanded(*arguments), torch.compile(filter_expanded, fullgraph=True, backend="aot_eager")(*arguments))


def test_bad_numbers_are_refused_before_they_are_used():
    x, w, rho, _ = make(5, 20, 40, F32, False, SHAPE, RATE)
    x_bad = x.clone()
    x_bad[3, 1, 7] = torch.nan
    for bad, message in (
        ((x_bad, w, rho), "input is not"),
        ((x, w * torch.inf, rho), "parameter is not"),
        ((x, w, rho + 1), "decay is out"),
    ):
        with pytest.raises(DataError, match=message):
            run_by("expansion")(*bad)
    with pytest.raises(ConfigError, match="out of range"):
        run_by("expansion", 1e-9)(x, w, rho)  # float64 could hold it


def test_autocast_does_not_make_it_less_precise():
    x, w, rho, _ = make(5, 20, 60, F32, False, SHAPE, RATE)
    exact = run_by("expansion")(x, w, rho)
    with torch.autocast("cpu", torch.bfloat16):
        found = filter_expanded(x.bfloat16(), w, rho, 1e-6)
    assert found.dtype == F32
    assert torch.equal(found, exact)  # spikes lose nothing in half precision
