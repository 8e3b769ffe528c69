"""Nets of layers and modules of others: over a sequence, step by step, in pieces."""

import pytest
import torch
from torch import nn

import hetsyn_sim as hs
from hetsyn_sim.errors import DataError, DtMismatchError, SpecError
from hetsyn_sim.training import Network, OnlyOutput

from .conftest import spikes

T, B = 20, 3


def mixed(batch_first=False):
    facts = {"batch_first": batch_first}
    return hs.nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1),
        hs.nn.HetNeuLIF.elementwise(3, 6, 6, theta=0.3, **facts),
        nn.MaxPool2d(2),
        hs.nn.Sequential(nn.Flatten(), nn.Dropout(0.0), hs.nn.HetSynLIF(27, 8, recurrent=True, **facts)),
        hs.nn.LeakyReadout(8, 2, **facts),
    )


def test_a_sequence_is_its_steps_and_its_pieces():
    net, x = mixed(), spikes(T, B, 1, 6, 6, rate=0.6)
    whole, state = net(x)
    assert whole.shape == (T, B, 2)
    assert isinstance(state, hs.nn.States)
    first, between = net(x[:7])
    second, _ = net(x[7:], between)
    steps, now = [], None
    for step in x:
        out, now = net.step(step, now)
        steps.append(out)
    for found in (torch.cat([first, second]), torch.stack(steps)):
        torch.testing.assert_close(found, whole, rtol=1e-12, atol=1e-12)
    assert torch.equal(net(x.bool())[0], whole)
    inner = net[:4](x)[0]
    assert 0 < inner.sum() < inner.numel()


def test_the_batch_comes_first_where_the_layers_say_so():
    torch.manual_seed(0)
    net = mixed()
    turned = mixed(batch_first=True)
    turned.load_state_dict(net.state_dict())
    x = spikes(T, B, 1, 6, 6, rate=0.6)
    torch.testing.assert_close(turned(x.transpose(0, 1))[0].transpose(0, 1), net(x)[0], rtol=1e-12, atol=1e-12)


def test_modules_without_a_state_can_be_applied_step_by_step():
    x = torch.randn(T, B, 4, generator=torch.Generator().manual_seed(0))
    together, alone, turned = (
        hs.nn.OverTime(nn.BatchNorm1d(4), **o) for o in ({}, {"step_by_step": True}, {"step_by_step": True, "batch_first": True})
    )
    expected = torch.stack([nn.functional.batch_norm(step, None, None, training=True) for step in x])
    torch.testing.assert_close(alone(x), expected)
    torch.testing.assert_close(turned(x.transpose(0, 1)), expected.transpose(0, 1))
    torch.testing.assert_close(together(x), nn.functional.batch_norm(x.flatten(0, 1), None, None, training=True).unflatten(0, (T, B)))
    assert int(alone.module.num_batches_tracked) == T
    torch.testing.assert_close(hs.nn.Sequential(alone).eval().step(x[0])[0], alone.eval()(x)[0])


def test_a_detached_state_cuts_the_gradient():
    net, x = hs.nn.Sequential(nn.Linear(4, 5), hs.nn.HetSynLIF(5, 6), hs.nn.LeakyReadout(6, 2)), spikes(T, B, 4).requires_grad_()
    _, state = net(x[:10])
    for after, reaches in ((state, True), (state.detach(), False)):
        out, _ = net(x[10:], after)
        (gradient,) = torch.autograd.grad(out.sum(), x, retain_graph=True)
        assert bool(gradient[:10].any()) == reaches
        assert gradient[10:].any()


def test_a_loop_of_ones_own_trains_all_parameters():
    torch.manual_seed(1)
    net = hs.nn.Sequential(nn.Linear(6, 12), hs.nn.HetSynLIF.elementwise(12), hs.nn.HetSynLIF(12, 8), hs.nn.LeakyReadout(8, 2))
    labels = torch.arange(16) % 2
    x = spikes(T, 16, 6) * (1 + labels[:, None])  # twice as much for one class
    optimiser = torch.optim.Adam(net.parameters(), lr=2e-2)
    losses = []
    for _ in range(15):
        loss = nn.functional.cross_entropy(net(x)[0].mean(0), labels)
        optimiser.zero_grad()
        loss.backward()
        assert all(p.grad is not None and p.grad.any() for p in net.parameters())
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: hs.nn.Sequential(hs.nn.HetSynLIF(3, 2), hs.nn.HetSynLIF(2, 2, dt="2 ms")), DtMismatchError, "1.0 ms, 2.0 ms"),
        (lambda: hs.nn.Sequential(hs.nn.HetSynLIF(3, 2), hs.nn.HetSynLIF(2, 2, batch_first=True)), SpecError, "order of axes"),
        (
            lambda: hs.nn.Sequential(hs.nn.OverTime(nn.Dropout(), step_by_step=True), hs.nn.HetSynLIF(3, 2, batch_first=True)),
            SpecError,
            "axes",
        ),
        (lambda: hs.nn.OverTime(hs.nn.HetSynLIF(3, 2)), SpecError, "runs over time by itself"),
        (lambda: hs.nn.Sequential(nn.Linear(3, 2))([[1.0]]), DataError, "no tensor"),
        (lambda: hs.nn.Sequential(nn.LSTM(3, 2)), SpecError, "runs over time by itself"),
        (lambda: hs.nn.Sequential(nn.Sequential(nn.Linear(3, 2), hs.nn.HetSynLIF(2, 2))), SpecError, "hs.nn.Sequential also inside"),
        (lambda: hs.nn.Sequential(OnlyOutput(hs.nn.HetSynLIF(3, 2))), SpecError, "runs over time by itself"),
        (lambda: hs.nn.Sequential(Network(hs.nn.HetSynLIF(3, 2).spec)), SpecError, "runs over time by itself"),
        (lambda: hs.nn.Sequential(nn.Linear(3, 2))(spikes(B, 3)), DataError, "net.step"),
        (lambda: hs.nn.Sequential(nn.Flatten(), hs.nn.HetSynLIF(3, 2)).step(spikes(T, B, 1, 3)), DataError, "does not fit|not one step"),
        (lambda: hs.nn.Sequential(hs.nn.HetSynLIF(3, 2)).step(spikes(T, B, 3)), DataError, "not one step"),
        (lambda: hs.nn.Sequential(hs.nn.HetSynLIF(3, 2))(spikes(T, B, 3), hs.nn.States()), DataError, "not the state of this net"),
    ],
)
def test_what_makes_no_sense_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
