"""Any neuron whose equations are written down: every simulator runs it as the reference does, and its gradients are those of the step.

    raster_simulator = raster_reference in every cell,   |v_simulator - v_reference| <= 2 b

b is the bound of :mod:`hetsyn_sim.agreement.trajectories`, along the path that the population took. Members come from the registry: a
model takes part by being in it. A file with a model's text does too: ``pytest equivalence/test_any_model.py --model neuron.yaml``.
"""

import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given

from equivalence.any_model import BOUNDED, case_of, gain_of, networks_of
from equivalence.comparing import agree, hold, run
from equivalence.faults import shifted
from equivalence.gradients import trained
from equivalence.ledger import off_the_record
from equivalence.properties import fewer_examples
from equivalence.simulators import Simulator, find, names
from equivalence.strategies import Case
from hetsyn_sim.brian.forms import find_form
from hetsyn_sim.discrete import neuron_values, simulate_reference, stepped
from hetsyn_sim.discrete.stepping import constants_of
from hetsyn_sim.errors import TransferError
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.training.modules import default_dtype
from hetsyn_sim.training.network import Network

OTHER_SCHEME = {"exact": "euler", "euler": "rk2", "rk2": "euler", "rk4": "rk2", "exponential_euler": "rk2", "symplectic_euler": "euler"}


def by_cost(name):
    """The fused kernels of a member that is not linear are compiled for it; `make test` tries one precision and one form."""
    costs = {"fused": pytest.mark.compiled, "float32": pytest.mark.slow, "fast": pytest.mark.slow}
    return pytest.param(name, marks=[mark for part, mark in costs.items() if part in name])


@pytest.mark.parametrize("simulator", [by_cost(name) for name in names(reference=False) if "expansion" not in name])
def test_a_member_runs_as_in_the_reference(member, simulator):
    @fewer_examples(0.02 if find(simulator).slow else 0.05)
    @given(case=networks_of(member))
    def search(case):
        with off_the_record(rates_only=True):  # how much they spike is asserted below
            hold(case, simulator)

    refusal = _refusal_of(simulator, member)
    if refusal:
        pytest.skip(refusal)
    search()


def _refusal_of(simulator, member):
    """What the form "fast" says of a model that it can't express; the other simulators take every model."""
    if "fast" not in simulator:
        return ""
    try:
        find_form("fast").check(case_of(member, seed=0, gain=1.0, readout=True).spec)
    except TransferError as error:
        return str(error).splitlines()[0]
    return ""


@pytest.mark.slow
def test_a_member_spikes_in_long_recordings_too(member):
    """Sixty spikes where a drive can be found that makes them, a few at the least, in torch and in Brian2 as in the reference."""
    for factor in (1.0, 4.0, 16.0):
        case = case_of(member, seed=11, gain=factor * gain_of(member), n_steps=2000, size=6, n_runs=1, readout=True)
        reference = case.reference
        if reference.rasters["layer_1"].sum() >= 60 or not np.all(np.abs(reference.traces["layer_1.v"]) < BOUNDED):
            break
    assert reference.rasters["layer_1"].sum() >= 5
    for simulator in ("torch plain float64", "brian2 numpy"):
        agree(case, reference, run(simulator, case), "float64")


def _with_model(case: Case, **changes) -> Case:
    layer = case.spec.layers[0]
    return replace(case, spec=replace(case.spec, layers=[replace(layer, model=replace(layer.model, **changes))]))


def _heavier(case: Case) -> Case:
    """The heaviest synapse, by a millionth."""
    key = next(key for key in case.values if key.startswith("layer_1.feedforward.w"))
    w = case.values[key].copy()
    w.flat[np.argmax(np.abs(w))] *= 1 + 1e-6
    return replace(case, values=case.values | {key: w})


#: What is almost right: the step is another one.
NEAR_MISSES = {
    "one weight off by a millionth": _heavier,
    "input one step late": lambda case: shifted(case, 1),
    "another scheme": lambda case: _with_model(case, scheme=OTHER_SCHEME[case.spec.layers[0].model.scheme]),
    "dt off by a millionth": lambda case: replace(case, spec=replace(case.spec, dt=case.spec.dt_s * (1 + 1e-6))),
}


@pytest.mark.parametrize("fault", NEAR_MISSES)
def test_a_near_miss_is_caught(member, fault):
    """A hundred networks at the most, and one of them shows it."""
    change = NEAR_MISSES[fault]
    if fault.startswith("dt") and not _depends_on_dt(member):
        pytest.skip("its step is the same for every dt")
    if fault == "another scheme" and member.scheme == "symplectic_euler" and len(member.neuron_equations.states) < 2:
        pytest.skip("of a single state, it is the same")
    with off_the_record():
        for seed in range(100):
            case = case_of(member, seed=seed, gain=1.5 * gain_of(member), n_steps=200)
            faulty = Simulator(lambda spec, values, inputs: _as(spec, inputs, change(Case(spec, dict(values), inputs))))
            try:
                hold(case, faulty)
            except AssertionError:
                return
    pytest.fail(f"{member.name}: nobody notices {fault}")


def _as(spec, inputs, case):
    """The recording of a changed case, labelled as one of the original."""
    found = simulate_reference(case.spec, case.values, case.inputs)
    given = {"input.x": np.asarray(inputs, dtype=np.float64)} if spec.takes_values else {}
    return replace(found, dt=spec.dt_s, rasters={**found.rasters, "input": np.asarray(inputs) > 0}, traces={**found.traces, **given})


def _depends_on_dt(member):
    spec = case_of(member, seed=0, gain=1.0).spec
    values = neuron_values(spec, "layer_1", spec.initial_values(0))
    one, two = (constants_of(stepped(member, spec.populations[0].step_order), values | {"dt": dt}) for dt in (spec.dt_s, 1.01 * spec.dt_s))
    return any(not np.allclose(one[name], two[name], rtol=1e-12) for name in one if name != "dt") or "dt" in one


class NoSurrogate:
    """The derivative that a step function has."""

    def derivative(self, distance, theta):
        return torch.zeros_like(distance)


def test_gradients_are_those_of_finite_differences(member):
    """Without spikes v is smooth: its derivative along a direction in all parameters at once, against two-sided differences.

    The difference quotient is wrong by h^2/6 times the third derivative and by 2^-53/h of v: at h = 1e-5 both are some 1e-10, and where v
    hardly depends on a parameter that is all there is: hence a bound relative to the largest quotient that occurs.
    """
    case = _quiet(member)
    spec = trained(case.spec)
    with default_dtype(torch.float64), use_backend("plain"):
        network = Network(spec, values=case.values, surrogate=NoSurrogate())
        x = torch.as_tensor(np.asarray(case.inputs, dtype=np.float64))
        weights = torch.sin(torch.arange(x.shape[0] * x.shape[1] * 2, dtype=torch.float64)).reshape(x.shape[0], x.shape[1], 2)

        layer: Any = network.layers["layer_1"]

        def loss():
            run = layer.run(x)
            assert run.z is None or run.z.sum() == 0
            return (run.v * weights).sum()

        parameters = list(layer.parameters())
        gradients = torch.autograd.grad(loss(), parameters, allow_unused=True)
        found, expected = [], []
        generator = torch.Generator().manual_seed(3)
        for parameter, gradient in zip(parameters, gradients, strict=True):
            size = parameter.detach().abs().mean().clamp_min(1e-3)
            direction = size * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
            start, h = parameter.detach().clone(), 1e-5
            ends = []
            for sign in (1.0, -1.0):
                with torch.no_grad():
                    parameter.copy_(start + sign * h * direction)
                    ends.append(loss().item())
            with torch.no_grad():
                parameter.copy_(start)
            expected.append((ends[0] - ends[1]) / (2 * h))
            found.append(0.0 if gradient is None else (gradient * direction).sum().item())
    largest = max(map(abs, expected))
    assert largest > 0.0
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-7 * largest)


def _quiet(member) -> Case:
    """Two neurons that hear much and do not spike."""
    for power in range(12):
        case = case_of(member, seed=5, gain=gain_of(member) * 0.7 / 2.0**power, n_steps=60, size=2)
        if not simulate_reference(case.spec, case.values, case.inputs).rasters["layer_1"].any():
            return case
    raise AssertionError(f"{member.name} spikes without input")


OF_ONE_S_OWN = """
name: OwnNeuron
on_pre: h_post += w
neuron: |
  dv/dt = (k*v*(v - 1)*(0.3 - v) + h - m)/tau : 1
  dh/dt = -h/tau_h : 1
  dm/dt = (c*v - m)/tau_m : 1
threshold: v > theta
reset: v = 0; m += jump*tanh(m + 1)
scheme: rk4
parameters:
  w: {axes: post pre, initial: "normal(1, 0.5)", bounds: [-inf, inf], trainable: true}
  k: {axes: post, initial: 2.0, bounds: [0.5, 5.0], trainable: true}
  c: {axes: post, initial: 0.2, bounds: [0.0, 1.0], trainable: true}
  jump: {axes: layer, initial: 0.3}
  theta: {axes: layer, initial: 0.8}
  tau: {axes: layer, unit: ms, initial: 1 ms}
  tau_h: {axes: post, unit: ms, initial: "uniform(2 ms, 5 ms)", bounds: [1 ms, 20 ms], trainable: true}
  tau_m: {axes: layer, unit: ms, initial: 20 ms}
"""


def test_a_neuron_from_a_file_of_text_takes_the_whole_suite(process, tmp_path):
    """Nobody has registered it, and no test names it: it is held to all that the zoo is held to, by being named on the command line."""
    file = tmp_path / "own.yaml"
    file.write_text(OF_ONE_S_OWN, encoding="utf-8")
    here = Path(__file__)
    command = [sys.executable, "-m", "pytest", str(here), "--model", str(file), "-k", "OwnNeuron", "-q", "-p", "no:cacheprovider"]
    done = process(command, cwd=here.parent.parent, timeout=800)
    passed = int(re.findall(r"(\d+) passed", done.stdout)[0])
    assert passed >= len(names(reference=False)) - 3 + len(NEAR_MISSES) + 2, done.stdout[-500:]
