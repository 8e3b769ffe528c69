"""The obvious implementation of both kernels, one state per synapse and step, differentiated by autograd: the other route."""

import gc

import pytest
import torch


def naive_filter(x, w, rho, carried=None):
    state = torch.zeros(x.shape[1], *w.shape, dtype=x.dtype)
    v = []
    for t, now in enumerate(x.unbind(0)):
        state = rho * state + w * now[:, None]
        if t == 0 and carried is not None:
            state = state + carried
        v.append(state.sum(-1))
    return torch.stack(v)


def naive_scan(v_in, recurrent, resets, theta, surrogate):
    """As the docstring of hetsyn_sim.kernels.scan says it."""

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(ctx, v, threshold):
            ctx.save_for_backward(v, threshold)
            return (v > threshold).to(v.dtype)

        @staticmethod
        def backward(ctx, g):
            v, threshold = ctx.saved_tensors
            through = g * surrogate.derivative(v - threshold, threshold)
            return through, -through

    n_batch, n_post = v_in.shape[1:]
    z = torch.zeros(n_batch, n_post, dtype=v_in.dtype)
    currents = [torch.zeros(n_batch, n_post, n_post, dtype=v_in.dtype) for _ in recurrent]
    traces = [torch.zeros(n_batch, n_post, dtype=v_in.dtype) for _ in resets]
    spikes, voltages = [], []
    for now in v_in.unbind(0):
        currents = [rho * state + w * z[:, None] for state, (w, rho) in zip(currents, recurrent, strict=True)]
        traces = [rho * trace + z for trace, (_, rho) in zip(traces, resets, strict=True)]
        v = now + sum(state.sum(-1) for state in currents) + sum(a * trace for trace, (a, _) in zip(traces, resets, strict=True))
        z = Spike.apply(v, theta.expand(n_batch, n_post))
        spikes.append(z)
        voltages.append(v)
    return torch.stack(spikes), torch.stack(voltages)


@pytest.fixture(scope="session")
def naive():
    """The two functions, under one name."""
    return {"filter": naive_filter, "scan": naive_scan}


def _live_bytes():
    plain = (torch.Tensor, torch.nn.Parameter)  # what tracing leaves behind has no memory
    storages = (t.untyped_storage() for t in gc.get_objects() if type(t) in plain)
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())


@pytest.fixture
def held_numbers():
    """How many float32 numbers a forward pass leaves in memory for the backward pass: saved tensors and what its context holds."""

    def measure(run):
        before = _live_bytes()
        with torch.autograd.graph.saved_tensors_hooks(lambda tensor: tensor, lambda tensor: tensor):  # as Python objects, so gc sees them
            result = run()
        held = _live_bytes() - before
        del result
        return held // 4

    return measure
