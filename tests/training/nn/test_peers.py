"""Where a neuron of snnTorch or Norse is one of ours: the same spikes, from the update that its documentation has, and from itself."""

import numpy as np
import pytest
import torch
from torch import nn

import hetsyn_sim as hs
from benchmarks.nn_peers import NorseLIF, norse_facts, tau_of

from .conftest import spikes

T, B, N_IN, N = 60, 4, 20, 12
BETA, THRESHOLD = 0.9, 0.7


def currents():
    """What nn.Linear makes of spikes: the same numbers for both."""
    linear = nn.Linear(N_IN, N)
    nn.init.normal_(linear.weight, std=0.4)
    return linear(spikes(T, B, N_IN)).detach()


def leaky():
    return hs.nn.HomNeuLIF.elementwise(N, tau_mem=tau_of(BETA, "1 ms"), theta=THRESHOLD)


def test_leaky_by_the_update_of_snntorch():
    """snn.Leaky: U[t+1] = beta U[t] + X[t+1] - R U_thr, where R is whether U[t] was above; reset_mechanism="subtract"."""
    x = currents()
    run = leaky().run(x)
    u = np.zeros((B, N))
    for t, arrived in enumerate(x.numpy()):
        u = BETA * u + arrived - (u > THRESHOLD) * THRESHOLD
        assert np.array_equal(run.z[t].numpy(), u > THRESHOLD)
        np.testing.assert_allclose(run.v[t].detach().numpy(), u, rtol=0, atol=1e-13)
    assert 200 < run.z.sum() < run.z.numel() / 2


def test_lif_cell_by_the_update_of_norse():
    """LIFCell: i jumps by the input, v moves by Euler's step, i decays, v above v_th spikes and is reset at once.

    Ours is that neuron in the package's order of a step, in which spikes act on i behind the decay: its spikes come one step later.
    """
    x, dt, facts = currents() * 6, 1e-3, norse_facts()
    run = hs.nn.layer_of(NorseLIF).elementwise(N, dt=dt).run(x)
    v = i = np.zeros((B, N))
    for t, arrived in enumerate(x.numpy()[:-1]):
        i = i + arrived
        v, i = v + dt * facts["tau_mem_inv"] * (facts["v_leak"] - v + i), i - dt * facts["tau_syn_inv"] * i
        z = v > facts["v_th"]
        assert np.array_equal(run.z[t + 1].numpy(), z)
        np.testing.assert_allclose(run.v[t + 1].detach().numpy(), v, rtol=0, atol=1e-12)
        v = np.where(z, facts["v_reset"], v)
    assert not run.z[0].any()
    assert 200 < run.z.sum() < run.z.numel() / 2


def test_leaky_of_snntorch():
    snn = pytest.importorskip("snntorch")
    x = currents()
    theirs, mem, found = snn.Leaky(beta=BETA, threshold=THRESHOLD), torch.zeros(B, N), []
    for now in x:
        spk, mem = theirs(now, mem)
        found.append(spk)
    assert torch.equal(torch.stack(found).double(), leaky()(x)[0])


def test_lif_cell_of_norse():
    norse = pytest.importorskip("norse.torch")
    x = currents() * 6
    theirs, state, found = norse.LIFCell(dt=1e-3), None, []
    for now in x:
        z, state = theirs(now, state)
        found.append(z)
    assert torch.equal(torch.stack(found)[:-1].double(), hs.nn.layer_of(NorseLIF).elementwise(N)(x)[0][1:])
