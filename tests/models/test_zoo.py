"""What every model of the zoo has to show, by being registered. All simulators run it alike: ``equivalence/test_any_model.py``."""

import numpy as np
import pytest
import sympy
import torch
from scipy.integrate import solve_ivp

from hetsyn_sim.discrete import stepped
from hetsyn_sim.discrete.operations import NUMPY
from hetsyn_sim.discrete.schemes import ACTIVE
from hetsyn_sim.discrete.stepping import constants_of
from hetsyn_sim.discrete.tape import run_tape
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.models import ZOO
from hetsyn_sim.spec import NeuronModel
from hetsyn_sim.spec.equations import symbol
from hetsyn_sim.training import Network
from hetsyn_sim.training.modules import default_dtype

from .zoo import dt_of, example, network, poisson


@pytest.fixture(autouse=True)
def _double():
    """Without a compiler: the kernels generated for a neuron are held to the reference in `equivalence/test_any_model.py`."""
    with default_dtype(torch.float64), use_backend("plain"):
        yield


@pytest.mark.parametrize("name", ZOO)
def test_a_model_says_where_it_is_from_and_reads_back_its_own_text(name):
    model = ZOO[name]
    assert model.reference
    assert NeuronModel.from_text(model.to_text()) == model
    weights = [p for p in model.parameters.values() if p.axes == "post pre"]
    assert weights
    assert all(p.trainable for p in weights)


ORDERS = {"euler": 1, "exponential_euler": 1, "symplectic_euler": 1, "rk2": 2, "rk4": 4}


def flow(model, values):
    """The right-hand sides as a function for SciPy, from the parsed text: neither schemes nor tapes."""
    block = model.neuron_equations
    names = [*block.states, *model.summed]
    fixed = {symbol(name): float(value) for name, value in values.items()}
    rates = [sympy.sympify(block.expand(rate)).subs(fixed) for rate in block.states.values()]
    return sympy.lambdify([[symbol(n) for n in names]], rates, modules=[{"exprel": NUMPY["exprel"], "clip": np.clip}, "numpy"])


def quiet_moments(name, horizon, n):
    """Where in the example a neuron does not spike for a while: its states, sums and parameters."""
    _, values, _, recording = example(name)
    model = ZOO[name]
    spikes = recording.rasters["layer_1"]
    rng = np.random.default_rng(0)
    while n:
        t, run, k = (int(rng.integers(size)) for size in (spikes.shape[0] - horizon, *spikes.shape[1:]))
        if spikes[max(0, t - 60) : t + horizon + 1, run, k].any() and not model.spikes_where_crossed:
            continue
        n -= 1
        own = {key.split(".")[-1]: np.ravel(value)[k if np.ndim(value) else 0] for key, value in values.items() if ".neuron." in key}
        seen = {s: recording.traces[f"layer_1.{s}"][t, run, k] for s in (*model.neuron_equations.states, *model.summed)}
        yield seen, own


def steps(program, own, seen, dt, n_steps):
    constants = constants_of(program, {**{name: np.float64(value) for name, value in own.items()}, "dt": np.float64(dt)})
    state = {s: np.float64(seen[s]) for s in program.states}
    for _ in range(n_steps):
        after = run_tape(program.advance, {**constants, **seen, **state, str(ACTIVE): True}, NUMPY)
        state = {s: np.float64(x) for s, x in zip(program.states, after, strict=True)}
    return np.array([state[s] for s in program.states])


@pytest.mark.parametrize("name", [name for name, model in ZOO.items() if symbol("dt") not in set().union(
    *(e.free_symbols for e in model.neuron_equations.states.values()))])  # fmt: skip
def test_the_flow_is_that_of_scipy(name):
    """To rounding if the scheme is exact; else halving dt divides the distance by 2^order. Models of steps have no flow to compare with."""
    model, dt, horizon = ZOO[name], dt_of(ZOO[name]), 8
    program = stepped(model)
    names = [*model.neuron_equations.states]
    sizes = np.array([np.abs(example(name)[3].traces[f"layer_1.{s}"]).max() + 1e-300 for s in names])
    order = ORDERS.get(model.scheme)
    refinements = [1, 2] if order is None else [k * {1: 8, 2: 2, 4: 1}[order] for k in (1, 2)]
    distances = []
    for seen, own in quiet_moments(name, horizon, 5):
        rates = flow(model, own)
        held = [seen[s] for s in model.summed]
        begin = np.array([seen[s] for s in names])
        solution = solve_ivp(
            lambda t, y, rates=rates, held=held: rates([*y, *held]),
            (0, horizon * dt), begin, method="DOP853", rtol=1e-13, atol=1e-14 * sizes, max_step=dt / 2,
        )  # fmt: skip
        assert solution.success
        found = [steps(program, own, seen, dt / finer, horizon * finer) for finer in refinements]
        distances.append([np.max(np.abs(end - solution.y[:, -1]) / sizes) for end in found])
    if order is None:
        assert np.max(distances) < 1e-12
        return
    coarse, fine = np.median(distances, axis=0)
    assert fine < coarse < 0.1
    # some of the moments are in the middle of an upswing, where these steps are too long to show the order
    assert np.median(np.log2([a / b for a, b in distances])) == pytest.approx(order, abs=0.25)


@pytest.mark.parametrize("name", ZOO)
def test_training_moves_every_trainable_parameter(name):
    spec = network(name, size=4)
    net = Network(spec, seed=1)
    # over 40 ms a model in volts spikes a few times; v counts in units of its own size
    x = torch.as_tensor(poisson(spec, 400 if spec.dt_s < 1e-3 else 200, n_runs=2)).double()
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-2)
    before = {key: p.detach().clone() for key, p in net.named_parameters()}
    for _ in range(2):
        run = net.layers["layer_1"].run(x)
        z, v = run.z, run.v
        loss = (z.mean() - 0.02) ** 2 + ((v / v.detach().abs().max()) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        for key, p in net.named_parameters():
            assert p.grad is not None, key
            assert torch.isfinite(p.grad).all(), key
            assert (p.grad != 0).any(), key
        optimiser.step()
    assert torch.isfinite(loss)
    assert all((p.detach() != before[key]).any() for key, p in net.named_parameters())
