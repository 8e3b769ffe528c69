"""The filter whose events arrive late: values and gradients by a sum over lags of the filter without delays; pieces of time."""

from unittest.mock import patch

import pytest
import torch

from hetsyn_sim.errors import DataError
from hetsyn_sim.kernels import DecayPath, delayed_filter, delayed_window, delays, exponential_filter, longest_lag, spiking_scan, use_backend
from hetsyn_sim.kernels.library import has_delays
from hetsyn_sim.training.surrogates import MultiGaussian

from .levels import KERNELS, same_for_any_threads, use_kernels

F64 = torch.float64
BACKENDS = ["plain", *(["fused"] if has_delays() else [])]
needs_kernels = pytest.mark.skipif(not has_delays(), reason="the kernels were not built")
T, B, I, J = 24, 2, 3, 4
#: Where events arrive: in their own step, in the next, in whole steps, between two, and after the end.
KINDS = {"none": (0.0, 0.0), "one step": (1.0, 0.0), "whole": (6.0, 0.0), "between": (6.0, 1.0), "too late": (60.0, 1.0)}


def make(kind="between", seed=0, rate=0.4):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(T, B, I, generator=g, dtype=F64) * (torch.rand(T, B, I, generator=g) < rate)
    w, rho, whole, part = (torch.rand(J, I, generator=g, dtype=F64) for _ in range(4))
    rho.view(-1)[:2] = torch.tensor([0.0, 1.0])
    most, between = KINDS[kind]
    delay = (whole * (most + 1.0)).floor().clamp_max(most) + between * (0.05 + 0.9 * part)
    return [t.requires_grad_() for t in (x, w - 0.5, rho, delay)]


def by_lags(x, w, rho, delay):
    """w is split among the lags by a hat function, and each part filters what is that much later."""
    v = x.new_zeros(T, B, J)
    with use_backend("plain"):
        for lag in range(min(int(delay.max()) + 2, T)):
            late = torch.cat([x.new_zeros(lag, B, I), x[: T - lag]])
            v = v + exponential_filter(late, w * (1.0 - (delay - lag).abs()).clamp_min(0.0), rho)
    return v


def gradients(v, leaves):
    weights = torch.sin(torch.arange(v.numel(), dtype=F64)).reshape(v.shape)
    return torch.autograd.grad((v * weights).sum(), leaves)


def in_pieces(leaves, sizes):
    x, w, rho, delay = leaves
    past, parts = None, []
    for piece in x.split(sizes):
        parts.append(delayed_filter(piece, w, rho, delay, past))
        past = delayed_window(piece, w, rho, delay, past, n_lags=longest_lag(delay) + 2)
    return torch.cat(parts)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", KINDS)
def test_it_is_a_sum_over_lags_of_filters(kind, backend):
    leaves = make(kind)
    with use_backend(backend):
        one = delayed_filter(*leaves)
    other = by_lags(*leaves)
    torch.testing.assert_close(one, other, rtol=0, atol=1e-13)
    wanted = gradients(other, leaves)
    for name, found, expected in zip(("x", "w", "rho", "delay"), gradients(one, leaves), wanted, strict=True):
        if name != "delay" or kind in ("between", "too late"):  # at whole steps the sum over lags has a kink
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-12, msg=name)


def test_at_a_whole_step_the_derivative_is_the_one_to_the_right():
    x, w, rho, delay = make("whole")
    (found,) = gradients(delayed_filter(x, w, rho, delay), [delay])
    later = (delay.detach() + 1e-6).requires_grad_()
    (expected,) = gradients(by_lags(x, w, rho, later), [later])
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
    assert found.abs().max() > 0.01


@pytest.mark.parametrize("backend", BACKENDS)
def test_gradients_are_finite_differences(backend):
    x, w, rho, delay = make("between")
    inside = (0.1 + 0.8 * rho.detach()).requires_grad_()  # differences leave the bounds of a decay
    with use_backend(backend):
        assert torch.autograd.gradcheck(delayed_filter, (x, w, inside, delay))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", [[T], [7, 11, 6], [1] * T, [20, 4]])
def test_pieces_are_the_whole(kind, sizes, backend):
    leaves = make(kind)
    with use_backend(backend):
        whole, parts = delayed_filter(*leaves), in_pieces(leaves, sizes)
    torch.testing.assert_close(parts, whole, rtol=0, atol=1e-13)
    for found, expected in zip(gradients(parts, leaves), gradients(whole, leaves), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_sequence_is_cut_into_chunks(kind):
    leaves = make(kind)
    whole = delayed_filter(*leaves)
    with patch.object(delays, "CHUNK", 5), use_backend("plain"):
        cut = delayed_filter(*leaves)
    torch.testing.assert_close(cut, whole, rtol=0, atol=1e-13)
    for found, expected in zip(gradients(cut, leaves), gradients(whole, leaves), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


def test_what_is_handed_on_is_no_state_for_each_lag():
    x, w, rho, delay = make("between")
    past = delayed_window(x, w, rho, delay, None, n_lags=9)
    assert past.recent.shape == (9, B, I)
    assert past.state.shape == (B, J, I)
    torch.testing.assert_close(past.recent, x[-9:])


def test_a_decay_for_each_neuron_or_for_all_is_spread():
    x, w, rho, delay = make()
    for shared in (rho[:, :1], rho[:, 0], rho[0, 0]):
        wide = (shared.unsqueeze(-1) if shared.dim() == 1 else shared).expand_as(w)
        torch.testing.assert_close(delayed_filter(x, w, shared, delay), delayed_filter(x, w, wide, delay))


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_delay_for_each_neuron_is_a_shift_of_its_sum(kind, backend):
    x, w, rho, delay = make(kind)
    column = delay[:, :1].detach().requires_grad_()
    leaves = [x, w, rho, column]
    with use_backend(backend):
        shifted, general = (delayed_filter(x, w, rho, wide) for wide in (column.expand_as(w), column.expand_as(w).contiguous()))
    torch.testing.assert_close(shifted, general, rtol=0, atol=1e-13)
    for found, expected in zip(gradients(shifted, leaves), gradients(general, leaves), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d[:, :2], "shapes do not fit"),
        (lambda d: d.float(), "different types"),
        (lambda d: d - 100.0, "not a number of steps"),
        (lambda d: d * float("nan"), "not a number of steps"),
    ],
)
def test_delays_that_are_none(change, message):
    x, w, rho, delay = make()
    with pytest.raises(DataError, match=message):
        delayed_filter(x, w, rho, change(delay.detach()))


def scan_by_steps(v_in, w, rho, delay, theta):
    """One step after the other; what arrives late is looked up among the spikes so far."""
    n_steps, n_batch, n = v_in.shape
    silent = v_in.new_zeros(n_batch, n)
    spikes, state, vs = [], v_in.new_zeros(n_batch, n, n), []
    for t in range(n_steps):
        arrived = sum(
            (1.0 - (delay - lag).abs()).clamp_min(0.0) * (spikes[t - 1 - lag] if t - 1 - lag >= 0 else silent)[:, None, :]
            for lag in range(9)
        )
        state = state * rho + w * arrived
        v = v_in[t] + state.sum(dim=2)
        spikes.append(_Spike.apply(v, theta))
        vs.append(v)
    return torch.stack(spikes), torch.stack(vs)


class _Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, v, theta):
        ctx.save_for_backward(v, theta)
        return (v > theta).to(v.dtype)

    @staticmethod
    def backward(ctx, g):
        v, theta = ctx.saved_tensors
        slope = g * MultiGaussian().derivative(v - theta, theta)
        return slope, -slope.sum(dim=(0))


@pytest.mark.parametrize("backend", BACKENDS)
def test_recurrent_spikes_arrive_late_too(backend):
    g = torch.Generator().manual_seed(1)
    n = 5
    v_in = (1.4 * torch.rand(T, B, n, generator=g, dtype=F64)).requires_grad_()
    w, rho, delay = (torch.rand(n, n, generator=g, dtype=F64) for _ in range(3))
    leaves = [v_in, (0.6 * w - 0.3).requires_grad_(), rho.requires_grad_(), (6.9 * delay).requires_grad_()]
    theta = torch.full((n,), 1.0, dtype=F64)
    with use_backend(backend):
        z, v = spiking_scan(leaves[0], [DecayPath(leaves[1], leaves[2])], [], theta, MultiGaussian(), leaves[3])
    wanted_z, wanted_v = scan_by_steps(*leaves, theta)
    assert 0.05 < z.mean() < 0.6
    torch.testing.assert_close(z, wanted_z, rtol=0, atol=0)
    torch.testing.assert_close(v, wanted_v, rtol=0, atol=1e-13)
    for found, expected in zip(gradients(v + z, leaves), gradients(wanted_v + wanted_z, leaves), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-11)


@needs_kernels
@pytest.mark.parametrize("kernels", KERNELS[1:])
@pytest.mark.parametrize("sizes", [(1, 1, 1), (90, 19, 13), (40, 3, 33)])
@pytest.mark.parametrize("longest", [0.0, 30.0])
def test_the_scan_of_every_instruction_set_is_that_of_plain_torch(kernels, sizes, longest):
    """With two recurrent paths, a reset, and gradients of spikes and voltages."""
    n_steps, n_batch, n = sizes
    g = torch.Generator().manual_seed(5)
    v_in = 1.5 * torch.rand(n_steps, n_batch, n, generator=g, dtype=F64)
    squares = [torch.rand(n, n, generator=g, dtype=F64) for _ in range(5)]
    rows = [torch.rand(n, generator=g, dtype=F64) for _ in range(3)]
    leaves = [
        v_in,
        squares[0] - 0.5,
        squares[1],
        squares[2] - 0.5,
        squares[3],
        longest * squares[4],
        -rows[0],
        rows[1],
        0.8 + 0.4 * rows[2],
    ]
    for leaf in leaves:
        leaf.requires_grad_()

    def run():
        x, w, rho, w2, rho2, delay, amplitude, decay, theta = leaves
        paths = [DecayPath(w / n, rho), DecayPath(w2 / n, rho2)]
        z, v = spiking_scan(x, paths, [DecayPath(amplitude, decay)], theta, MultiGaussian(), delay)
        return z, v, gradients(v + z, leaves)

    with use_kernels(kernels):
        z, v, found = run()
    with use_backend("plain"):
        wanted_z, wanted_v, expected = run()
    torch.testing.assert_close(z, wanted_z, rtol=0, atol=0)
    torch.testing.assert_close(v, wanted_v, rtol=0, atol=1e-12)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-10 * max(1.0, float(other.abs().max())))


def large(dtype, sizes, seed=3, rate=0.05, longest=40.0):
    """More steps, samples, channels and neurons than the kernels take at a time, and some that do not fill up what they take."""
    g = torch.Generator().manual_seed(seed)
    n_steps, n_batch, n_pre, n_post = sizes
    x = (torch.rand(n_steps, n_batch, n_pre, generator=g) < rate).to(dtype)
    w, rho, delay = (torch.rand(n_post, n_pre, generator=g).to(dtype) for _ in range(3))
    return [t.requires_grad_() for t in (x, w - 0.5, 0.3 + 0.69 * rho, longest * delay)]


@needs_kernels
@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("sizes", [(1, 1, 1, 1), (70, 19, 7, 5), (130, 3, 33, 21)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_every_instruction_set_has_the_values_and_gradients_of_plain_torch(kernels, sizes, dtype):
    leaves = large(dtype, sizes)
    with use_kernels(kernels):
        found = delayed_filter(*leaves)
        weights = torch.sin(torch.arange(found.numel(), dtype=dtype)).reshape(found.shape)
        got = torch.autograd.grad((found * weights).sum(), leaves)
    with use_backend("plain"):
        wanted = delayed_filter(*leaves)
        expected = torch.autograd.grad((wanted * weights).sum(), leaves)
    # sums of some thousand terms, each rounded
    close = 1e-4 if dtype is torch.float32 else 1e-11
    for one, other in zip((found, *got), (wanted, *expected), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=close * max(1.0, float(other.detach().abs().max())))


@needs_kernels
@pytest.mark.parametrize("kernels", KERNELS[1:])
@pytest.mark.parametrize("learned", [True, False])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("odd_one", [0.0, 1.0])
def test_events_of_one_value_and_of_others_and_delays_that_are_not_learned(kernels, learned, whole, odd_one):
    """Of one value, as after dropout, events go another way than where a single one differs."""
    x, w, rho, delay = (t.detach() for t in large(torch.float64, (60, 5, 13, 19), rate=0.1))
    x = 2.5 * x
    x[30, 2, 4] += odd_one
    delay = delay.floor() if whole else delay
    leaves = [w.requires_grad_(), rho.requires_grad_(), *([delay.requires_grad_()] if learned else [])]
    with use_kernels(kernels):
        found = delayed_filter(x, w, rho, delay)
        got = gradients(found, leaves)
    with use_backend("plain"):
        wanted = delayed_filter(x, w, rho, delay)
        expected = gradients(wanted, leaves)
    for one, other in zip((found, *got), (wanted, *expected), strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-11 * max(1.0, float(other.detach().abs().max())))


@needs_kernels
def test_events_that_are_not_finite_are_refused():
    for bad in (float("nan"), float("inf")):
        x, w, rho, delay = (t.detach() for t in large(torch.float32, (20, 2, 5, 4)))
        with pytest.raises(DataError, match="not finite"):
            delayed_filter(torch.full_like(x, bad), w, rho, delay)


class _Own(MultiGaussian):
    """Names no compiled derivative."""


@needs_kernels
def test_a_surrogate_of_ones_own_works_with_late_recurrence():
    g = torch.Generator().manual_seed(1)
    v_in = (1.4 * torch.rand(T, B, 5, generator=g, dtype=F64)).requires_grad_()
    w, rho, delay = (torch.rand(5, 5, generator=g, dtype=F64) for _ in range(3))
    runs = [
        spiking_scan(v_in, [DecayPath(0.6 * w - 0.3, rho)], [], torch.ones(5, dtype=F64), s, 6.9 * delay) for s in (MultiGaussian(), _Own())
    ]
    assert torch.equal(runs[0][0], runs[1][0])
    one, other = (gradients(z + v, [v_in])[0] for z, v in runs)
    torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


@needs_kernels
@pytest.mark.parametrize("whole", [True, False])
def test_the_bits_are_the_same_for_any_number_of_threads(whole):
    leaves = [t.detach() for t in large(torch.float32, (300, 40, 70, 66))]
    leaves[3] = leaves[3].floor() if whole else leaves[3]

    def run():
        wanted = [t.clone().requires_grad_() for t in leaves]
        v = delayed_filter(*wanted)
        return v.detach(), *torch.autograd.grad(v.square().sum(), wanted)

    same_for_any_threads(run)


@needs_kernels
def test_it_is_an_operator_of_torch():
    leaves = make("between")
    torch.library.opcheck(torch.ops.hetsyn.late_filter.default, tuple(leaves))
