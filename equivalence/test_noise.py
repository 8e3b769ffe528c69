"""Noise in the equations: the same path in every simulator, and the same law as Brian2's own.

    raster_simulator = raster_reference in every cell, for the same seed;   v of Brian2's own xi ~ v of ours

The law is that of an Ornstein-Uhlenbeck process in Euler and Maruyama's steps from rest, which is known exactly: with a = dt/tau, v is
normal with the variance sigma^2 (1 - (1 - a)^(2k)) / (1 - a/2) after k steps. Squares over it add up to a chi-square number.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import brian2 as b2
import numpy as np
import pytest
import torch
from scipy import stats

from equivalence.any_model import case_of
from equivalence.comparing import agree, hold
from equivalence.ledger import off_the_record
from equivalence.noise import TO_BE_NOISY, noisy, noisy_case, of_any_size, with_events
from equivalence.simulators import Simulator
from equivalence.strategies import Case
from hetsyn_sim.agreement.verify import compare
from hetsyn_sim.brian import simulate
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.discrete.noise import standard_normal
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.models import LIF, HetSynLIF
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training import randomness
from hetsyn_sim.training.modules import default_dtype
from hetsyn_sim.training.network import Network
from hetsyn_sim.training.surrogates import MultiGaussian

#: Those that `make test` runs in Brian2: one for each kind of equations.
IN_BRIAN2 = ("HetSynLIF", "AdEx", "AdLIF", "CobaLIF", "MTC")


#: Those whose spikes take long, or that are like another one: a second each, and more.
SLOW = ("HodgkinHuxley", "FitzHughNagumo", "SpikeDrivenMTC", "HetSynMTC", "MTCFastFilter")


def every_member():
    for name in TO_BE_NOISY:
        yield pytest.param(name, "torch plain float64", id=f"{name}-torch", marks=[pytest.mark.slow] if name in SLOW else [])
        yield pytest.param(name, "torch plain float32", id=f"{name}-torch-float32", marks=pytest.mark.slow)
        yield pytest.param(name, "torch fused float64", id=f"{name}-fused", marks=pytest.mark.compiled)
        yield pytest.param(name, "brian2 numpy", id=f"{name}-brian2", marks=[] if name in IN_BRIAN2 else pytest.mark.slow)


@pytest.mark.parametrize(("name", "simulator"), every_member())
def test_every_neuron_takes_the_same_path_everywhere(name, simulator):
    n_steps = 800 if name == "HodgkinHuxley" else 150
    with off_the_record(rates_only=True):
        hold(noisy_case(TO_BE_NOISY[name], n_steps=n_steps), simulator)


@pytest.mark.parametrize("name", ["LIF", "AdEx", pytest.param("CobaLIF", marks=pytest.mark.slow)])
@pytest.mark.parametrize("simulator", ["torch plain float64", "brian2 numpy"])
def test_every_neuron_has_the_same_random_events(name, simulator):
    """Thirty sources on the state that spikes come from, whose weights are each neuron's own; the drive alone makes few spikes."""
    case = with_events(TO_BE_NOISY[name])
    silent = replace(case, spec=case.spec, values=case.values | {"layer_1.neuron.w_events": 0.0 * case.values["layer_1.neuron.w_events"]})
    assert case.reference.rasters["layer_1"].sum() > silent.reference.rasters["layer_1"].sum() + 5
    with off_the_record(rates_only=True):
        hold(case, simulator)


def _of_any_size(scheme, **facts):
    return case_of(of_any_size(scheme), seed=2, gain=1.0, n_steps=120, size=3, recurrent=True, readout=True, **facts)


@pytest.mark.parametrize("scheme", ["heun", "milstein"])
@pytest.mark.parametrize(
    "simulator", ["torch plain float64", "brian2 numpy", pytest.param("torch fused float64", marks=pytest.mark.compiled)]
)
def test_noise_whose_size_depends_on_states_does(scheme, simulator):
    case = _of_any_size(scheme)
    assert case.reference.rasters["layer_1"].sum() > 20
    hold(case, simulator)


@pytest.mark.compiled
@pytest.mark.parametrize("device", [pytest.param("cython", marks=pytest.mark.thorough), "cpp_standalone"])
def test_compiled_simulators_take_the_same_path(device):
    hold(_of_any_size("heun", n_runs=3), f"brian2 {device}")


def test_the_noise_matters():
    """Without it, hardly a spike would stay where it is."""
    case = noisy_case(LIF, n_steps=300)
    silent = replace(case, values={**case.values, "layer_1.neuron.sigma_xi": 0.0 * case.values["layer_1.neuron.sigma_xi"]})
    assert not np.array_equal(case.reference.rasters["layer_1"], silent.reference.rasters["layer_1"])


# -- near-misses -----------------------------------------------------------------------------------------------------


def _with_noise(case: Case, **changes):
    """The case in torch, with other numbers, under the name of the right ones."""
    with default_dtype(torch.float64):
        network = Network(case.spec, values=case.values, trainable=False).eval()
    with use_backend("plain"), pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "_noise", lambda seed, first: randomness.CountedNoise(**changes))
        return network.record(case.inputs)


def _patched(change):
    def run(case: Case):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(randomness, "standard_normal", lambda *places: change(standard_normal(*places)))
            return _with_noise(case)

    return run


NEAR_MISSES = {
    "another seed": lambda case: _with_noise(case, seed=1),
    "numbers one step late": lambda case: _with_noise(case, step=1),
    "the noise of the next recording": lambda case: _with_noise(case, first=1),
    "two neurons swapped": _patched(lambda x: x[..., ::-1].copy()),
    "two recordings swapped": _patched(lambda x: x[:, ::-1].copy()),
    "an amplitude off by a millionth": _patched(lambda x: x * (1 + 1e-6)),
    "the sign turned": _patched(lambda x: -x),
}


@pytest.mark.parametrize("fault", NEAR_MISSES)
def test_a_near_miss_is_caught(fault):
    case = noisy_case(LIF, n_steps=300)
    hold(case, "torch plain float64")
    with off_the_record(), pytest.raises(AssertionError):
        hold(case, Simulator(lambda spec, values, inputs: NEAR_MISSES[fault](case)))


def test_all_simulators_know_the_seed():
    case = noisy_case(LIF)
    found = simulate_reference(case.spec, case.values, case.inputs, noise_seed=5)
    with default_dtype(torch.float64), use_backend("plain"):
        network = Network(case.spec, values=case.values, trainable=False)
        agree(case, found, network.record(case.inputs, noise_seed=5), "float64")
        assert compare(network, found).agrees
    agree(case, found, simulate(case.spec, case.values, case.inputs, noise_seed=5), "float64")
    assert not np.array_equal(found.traces["layer_1.v"], case.reference.traces["layer_1.v"])


# -- gradients -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", ["plain", pytest.param("fused", marks=pytest.mark.compiled)])
@pytest.mark.parametrize("scheme", ["euler", "heun", "milstein"])
def test_gradients_follow_a_path(scheme, backend):
    """On a fixed path v is a smooth function of the size of the noise. A threshold out of reach, so that no spike comes in between."""
    model = noisy(LIF) if scheme == "euler" else of_any_size(scheme)
    case = case_of(model, seed=5, gain=0.3, n_steps=60, size=2)
    theta = next(key for key in case.values if key.rsplit(".", 1)[1] in ("theta", "V_th", "V_T"))
    values = {**case.values, theta: case.values[theta] + 1e3}
    with default_dtype(torch.float64), use_backend(backend):
        network = Network(case.spec, values=values, surrogate=MultiGaussian(), reset_gradient=False)
        layer: Any = network.layers["layer_1"]
        x = torch.as_tensor(np.asarray(case.inputs, dtype=np.float64))
        weights = torch.sin(torch.arange(x.shape[0] * x.shape[1] * 2, dtype=torch.float64)).reshape(x.shape[0], x.shape[1], 2)
        raw = layer.raw("layer_1.neuron.sigma_xi")

        def loss():
            run = layer.run(x, noise=randomness.CountedNoise(seed=4))
            assert run.z.sum() == 0
            return (run.v * weights).sum()

        (found,) = torch.autograd.grad(loss(), raw)
        start = raw.detach().clone()
        expected = []
        for k in range(2):
            ends = []
            h = 1e-3 * float(start[k])  # wrong by h^2 of the third derivative, and by roundings over h: both below a millionth
            for end in (h, -h):
                with torch.no_grad():
                    raw.copy_(start)
                    raw[k] += end
                    ends.append(loss().item())
                    raw.copy_(start)
            expected.append((ends[0] - ends[1]) / (2 * h))
    assert np.max(np.abs(expected)) > 0.0
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5, atol=1e-5 * np.max(np.abs(expected)))


# -- the law ---------------------------------------------------------------------------------------------------------

SIGMA, A, N_STEPS = 0.7, 0.1, 40
FALSE_ALARMS, POWER, OFF = 0.01, 0.95, 1.01


def _rejected(v, sigma=SIGMA, steps=N_STEPS):
    """Whether a two-sided test at FALSE_ALARMS says that values of v after so many steps have another variance."""
    variance = sigma**2 * (1 - (1 - A) ** (2 * steps)) / (1 - A / 2)
    share = stats.chi2.cdf(np.sum(np.square(v)) / variance, v.size)
    return not FALSE_ALARMS / 2 <= share <= 1 - FALSE_ALARMS / 2


def _power(n):
    """That of the test for an amplitude off by OFF, up or down, from the quantiles."""
    low, high = stats.chi2.ppf([FALSE_ALARMS / 2, 1 - FALSE_ALARMS / 2], n)
    return min(stats.chi2.cdf(low / scale**2, n) + stats.chi2.sf(high / scale**2, n) for scale in (OFF, 1 / OFF))


#: As many neurons as the power that is asked for takes, and not one more.
N_NEURONS = 90_095


def test_the_test_has_the_power_that_it_claims():
    assert _power(N_NEURONS) >= POWER > _power(N_NEURONS - 1)


def _ours():
    """v of so many neurons after each of the last two steps, through the whole of torch's side."""
    spec = NetworkSpec(1e-3, 1, [Layer(noisy(HetSynLIF), 1)])  # of one neuron, for its values only
    model = replace(
        noisy(HetSynLIF),
        name="OU",
        synapse="",
        on_pre="v_post += w",
        neuron="dv/dt = -v/tau_xi + sigma_xi*sqrt(2/tau_xi)*xi : 1",
        threshold="v > theta",
        reset="",
        parameters={**{k: noisy(HetSynLIF).parameters[k] for k in ("w", "theta", "sigma_xi", "tau_xi")}},
    )
    spec = NetworkSpec(A * 10e-3, 1, [Layer(model, N_NEURONS)])
    values = spec.initial_values(0)
    values["layer_1.neuron.sigma_xi"] = np.full(N_NEURONS, SIGMA)
    with default_dtype(torch.float64), use_backend("plain"):
        trace = Network(spec, values=values, trainable=False).record(np.zeros((N_STEPS + 1, 1, 1), dtype=bool)).traces["layer_1.v"]
    return trace[-2:, 0]


def _brian2s():
    """The same of Brian2's own xi: its equations, its schedule, its generator."""
    b2.seed(1)
    namespace = {"sigma": SIGMA, "tau": 10 * b2.ms}
    group = b2.NeuronGroup(
        N_NEURONS, "dv/dt = -v/tau + sigma*sqrt(2/tau)*xi : 1", method="euler", dt=A * 10 * b2.ms, namespace=namespace, name="own_xi"
    )
    network = b2.Network(group)
    found = []
    for steps in (N_STEPS - 1, 1):
        network.run(steps * group.clock.dt)
        found.append(np.array(group.v))
    return np.array(found)


@pytest.mark.parametrize("values", [_ours, _brian2s])
def test_the_law_is_that_of_the_equation(values):
    """Variance and memory; and an amplitude off by 1 % is found."""
    b2.prefs.codegen.target = "numpy"
    before, after = values()
    assert not _rejected(after)
    assert _rejected(OFF * after)
    assert _rejected(after / OFF)
    # what a step adds is independent of what was there, and as large as it should be
    added = after - (1 - A) * before
    assert not _rejected(added * np.sqrt(1 / (2 * A) / (1 - A / 2)), steps=10**6)
    correlation = np.corrcoef(before, added)[0, 1]
    assert abs(correlation) < stats.norm.ppf(1 - FALSE_ALARMS / 2) / np.sqrt(N_NEURONS)
    assert stats.kstest(after / after.std(), "norm").pvalue > FALSE_ALARMS


@pytest.mark.parametrize("scheme", ["heun", "milstein"])
def test_noise_of_any_size_is_in_the_sense_of_stratonovich(scheme):
    """Of dv/dt = s v xi the mean grows by 1 + s^2 dt/2 in each step of both; in the sense of Ito it would stay where it was."""
    growth, n_steps, n = 0.02, 20, 20_000
    text = f"dv/dt = v*sqrt({2 * growth}/tau)*xi : 1"
    parts: dict[str, Any] = {"synapse": "", "on_pre": "v_post += w", "refractory": "", "reset": "", "initial": {"v": "1"}}
    kept = {name: of_any_size(scheme).parameters[name] for name in ("w", "tau", "theta")}
    model = replace(of_any_size(scheme), neuron=text, parameters=kept, **parts)
    spec = NetworkSpec(10e-3, 1, [Layer(model, n)])
    with default_dtype(torch.float64), use_backend("plain"):
        network = Network(spec, values=spec.initial_values(0), trainable=False)
        v = network.record(np.zeros((n_steps + 1, 1, 1), dtype=bool)).traces["layer_1.v"][-1, 0]
    error = stats.norm.ppf(1 - FALSE_ALARMS / 2) * v.std() / np.sqrt(n)
    assert abs(v.mean() - (1 + growth) ** n_steps) < error < 0.1 * ((1 + growth) ** n_steps - 1)
