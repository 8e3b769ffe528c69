"""The filter through shared decays, in plain torch and of every instruction set: its errors follow from the tolerance; its operators."""

import functools
import math
from unittest.mock import patch

import pytest
import torch

from hetsyn_sim.errors import ConfigError, DataError
from hetsyn_sim.kernels import backends, exponential_filter, filter_carry, use_backend
from hetsyn_sim.kernels.expansion_ops import filter_expanded
from hetsyn_sim.kernels.expansion_plain import expanded_filter

from ..refusal import refused
from .expansion_bounds import F32, F64, RANGES, allowed, allowed_in_float32, make, value_and_gradients
from .levels import KERNELS, same_for_any_threads, use_level

#: Batch, channels, neurons, and the rate of events.
SMALL, WIDE = ((2, 5, 4), 0.1), ((3, 400, 37), 0.002)
needs_library = pytest.mark.skipif(len(KERNELS) == 1, reason="the compiled kernels were not built")


@pytest.fixture(params=KERNELS)
def kernels(request):
    with patch.object(backends, "has_library", lambda: False) if request.param == "plain" else use_level(request.param):
        yield request.param


@pytest.fixture
def size(kernels):
    return SMALL if kernels == "plain" else WIDE


def run_by(name, tolerance=1e-6):
    def run(x, w, rho, carried=None):
        with use_backend(name, tolerance=tolerance):
            return exponential_filter(x, w, rho, carried)

    return run


@functools.cache
def exact(spread, size, dtype, limits=False):
    """In float64, of numbers as they are in the dtype."""
    data = make(*RANGES[spread], dtype, limits, *size)
    return value_and_gradients(run_by(None), *(argument.double() for argument in data))


@pytest.mark.parametrize(
    ("spread", "tolerance", "dtype"),
    [(spread, tolerance, F64) for spread in RANGES for tolerance in (1e-3, 1e-6)]
    + [("5 to 20", 1e-9, F64), ("5 to 20", 1e-6, F32), ("1 to 200", 1e-6, F32)],
)
def test_errors_are_within_what_the_tolerance_promises(size, spread, tolerance, dtype):
    data = make(*RANGES[spread], dtype, False, *size)
    found = value_and_gradients(run_by("expansion", tolerance), *data)
    bounds = allowed(*data, tolerance) if dtype == F64 else allowed_in_float32(*data, tolerance)
    for k, (one, other, bound) in enumerate(zip(found, exact(spread, size, dtype), bounds, strict=True)):
        assert one.dtype == dtype
        # and rounding in float64: 2000 steps, a Lebesgue constant of 3
        assert ((one - other).abs() <= bound + 1e-11 * other.abs().max() * (dtype == F64)).all()
        assert k == 1 or not torch.equal(one.double(), other)  # it was the expansion that computed all but dx


@pytest.mark.parametrize("spread", ["5 to 20", "one"])
def test_decays_of_zero_and_one_are_exact(size, spread):
    x, w, rho, g = make(*RANGES[spread], F64, True, *size)
    found, expected = value_and_gradients(run_by("expansion", 1e-3), x, w, rho, g), exact(spread, size, F64, True)
    at_limits = (rho == 0) | (rho == 1)
    close = at_limits | (rho == 1e-30) | (rho == 1 - 2.0**-53)  # taken for the limit: rho^c differs by less than 250 * 2^-53
    torch.testing.assert_close(found[2][close], expected[2][close], rtol=1e-12, atol=1e-9)
    torch.testing.assert_close(found[3][at_limits], expected[3][at_limits], rtol=1e-12, atol=1e-9)
    only = torch.where(rho < 0.5, 0.0, 1.0).to(F64)  # no other decay at all
    torch.testing.assert_close(run_by("expansion", 1e-3)(x, w, only), run_by(None)(x, w, only), rtol=0, atol=1e-11)


def test_a_carried_state_is_added(size):
    x, w, rho, _ = make(5, 20, 100, F64, False, *size)
    second = run_by("expansion", 1e-9)(x[40:], w, rho, filter_carry(x[:40], w, rho, None, delay=0))
    torch.testing.assert_close(second, run_by(None)(x, w, rho)[40:], rtol=0, atol=1e-9 * (x @ w.abs().T).cumsum(0).max().item())


def test_bad_numbers_are_refused_before_they_are_used(kernels, size):
    x, w, rho, _ = make(5, 20, 40, F32, False, *size)
    wrong = {"decay is out": (x, w, rho + 1)}
    if kernels != "plain":
        x_bad = x.clone()
        x_bad[3, 1, 3] = torch.nan
        wrong |= {"input is not": (x_bad, w, rho), "parameter is not": (x, w * torch.inf, rho)}
    for message, bad in wrong.items():
        with pytest.raises(DataError, match=message):
            run_by("expansion")(*bad)
    with pytest.raises(ConfigError, match="out of range"):
        run_by("expansion", 1e-9)(x, w, rho)  # float64 could hold it


# -- in plain torch --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_steps", [1, 2, 3])
def test_short_sequences_and_silence(n_steps, naive):
    x, w, rho, g = make(5, 20, n_steps)
    found = value_and_gradients(lambda *leaves: expanded_filter(*leaves, 1e-9), x, w, rho, g)
    for one, other in zip(found, value_and_gradients(naive["filter"], x, w, rho, g), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-7)
    assert not expanded_filter(torch.zeros_like(x), w, rho, 1e-9).any()


def test_pieces_of_time_change_nothing(monkeypatch):
    x, w, rho, _ = make(5, 20, 60)
    whole = expanded_filter(x, w, rho, 1e-6)
    monkeypatch.setattr("hetsyn_sim.kernels.expansion_plain.PIECE", 1)
    torch.testing.assert_close(expanded_filter(x, w, rho, 1e-6), whole, rtol=0, atol=1e-12)


def test_too_wide_a_spread_is_left_to_an_exact_back_end():
    x, w, rho, _ = make(0.2, 2000, 2000)
    assert expanded_filter(x, w, rho, 1e-12) is None


@pytest.mark.parametrize("tolerance", [0.0, -1e-6, math.nan, math.inf, 1.0, 1e-8])
def test_a_tolerance_out_of_range_is_refused(tolerance):
    x, w, rho, _ = make(5, 20, 3, F32)
    said = f"{tolerance!r} for torch.float32", "at least 1.19e-07 and below 1", "take a larger one, or float64, or an exact back end"
    with refused(ConfigError, "tolerance of the shared-decay expansion is out of range", None, *said):
        expanded_filter(x, w, rho, tolerance)


# -- compiled --------------------------------------------------------------------------------------------------------------------------


@needs_library
@pytest.mark.parametrize("dtype", [F32, F64])
@pytest.mark.parametrize("level", KERNELS[1:])
def test_bits_do_not_depend_on_the_number_of_threads(level, dtype):
    data = make(*RANGES["5 to 20"], dtype, True, *WIDE)
    with use_level(level):
        same_for_any_threads(lambda: value_and_gradients(run_by("expansion"), *data), (1, 2, 5))


@needs_library
def test_what_would_need_too_many_nodes_is_computed_exactly():
    data = make(*RANGES["0.2 to 2000"][:2], 40, F64, False, (2, 400, 5), 0.004)
    for one, other in zip(*(value_and_gradients(run_by(name, 1e-12), *data) for name in ("expansion", "fused")), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("shape", [(1, 3, 1), (40, 70, 17), (33, 130, 40)])
def test_busy_input_of_any_values_and_batch(kernels, shape):
    """More recordings than go together backwards, several pieces of time, channels of which none is silent."""
    x, w, rho, g = make(5, 20, 60, F64, False, shape, 0.6)
    data = x * torch.rand(x.shape, generator=torch.Generator().manual_seed(1), dtype=F64), w, rho, g
    found, expected = (value_and_gradients(run_by(name, 1e-9), *data) for name in ("expansion", None))
    for one, other, bound in zip(found, expected, allowed(*data, 1e-9), strict=True):
        assert ((one - other).abs() <= bound + 1e-11 * other.abs().max()).all()


@needs_library
def test_the_operator_is_one_that_torch_can_trace():
    x, w, rho, _ = make(5, 20, 12, F64, False, (2, 60, 5), 0.01)
    arguments = (x, w.requires_grad_(), rho.requires_grad_(), 1e-6)
    torch.library.opcheck(torch.ops.hetsyn.expanded_filter.default, arguments)
    torch.library.opcheck(
        torch.ops.hetsyn.expanded_gradients.default, (torch.rand(12, 2, 5, dtype=F64), x, None, w.detach(), rho.detach(), 1e-6)
    )
    compiled = torch.compile(filter_expanded, fullgraph=True, backend="aot_eager")
    assert torch.equal(filter_expanded(*arguments)[0], compiled(*arguments)[0])


@needs_library
@pytest.mark.parametrize("spikes", [True, False])
def test_gradcheck(spikes):
    """The tolerance is far below the differences' error."""
    x, w, rho, _ = make(5, 20, 8, F64, False, (2, 5, 3), 0.4)
    leaves = [leaf.requires_grad_() for leaf in (x if spikes else x * 0.7, w, rho)]
    assert torch.autograd.gradcheck(lambda *leaves: filter_expanded(*leaves, 1e-11)[0], leaves, atol=1e-5)


@needs_library
def test_autocast_does_not_make_it_less_precise():
    x, w, rho, _ = make(5, 20, 60, F32, False, *WIDE)
    expected = run_by("expansion", 1e-6)(x, w, rho)
    with torch.autocast("cpu", torch.bfloat16):
        found, _ = filter_expanded(x.bfloat16(), w, rho, 1e-6)
    assert found.dtype == F32
    assert torch.equal(found, expected)  # spikes lose nothing in half precision
