"""Time courses in the equations: the same current in every recording, seen in the same step by every simulator."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from equivalence.any_model import case_of, gain_of
from equivalence.comparing import hold
from equivalence.ledger import off_the_record
from equivalence.noise import in_volts, with_term
from equivalence.simulators import Simulator
from equivalence.strategies import Case
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.models import ZOO
from hetsyn_sim.spec import Parameter
from hetsyn_sim.training.modules import default_dtype
from hetsyn_sim.training.network import Network

#: One for each way in which a step is made: exact, coupled; rk2; exponential Euler; Euler.
MEMBERS = ("LIF", "AdLIF", "AdEx", "CobaLIF", "Izhikevich")
KEY = "layer_1.neuron.course"


def driven(name: str, *, axes: str = "time post", between: float = 0.7, seed: int = 3) -> Case:
    """A recurrent layer with a current that changes every ``between`` steps, and stops before the end."""
    model = ZOO[name]
    first = case_of(model, seed=seed, gain=gain_of(model), n_steps=150, recurrent=True, readout=True)
    samples = f"samples({int(100 / between)}, {between * first.spec.dt_s} second)"
    unit = "mV" if in_volts(model) else "1"
    parameters = {
        "course": Parameter(axes=axes, unit=unit, initial=samples),
        "tau_course": Parameter(axes="layer", unit="ms", initial="10 ms"),
    }
    case = case_of(
        with_term(model, "course/tau_course", parameters), seed=seed, gain=gain_of(model), n_steps=150, recurrent=True, readout=True
    )
    case = replace(case, spec=replace(case.spec, dt=first.spec.dt_s))
    rng = np.random.default_rng(seed)
    case.values[KEY] = rng.normal(0.0, 5e-3 if unit == "mV" else 1.0, case.spec.slots[KEY].shape)
    return case


SIMULATORS = ["torch plain float64", "brian2 numpy", pytest.param("torch fused float64", marks=pytest.mark.compiled)]


@pytest.mark.parametrize("simulator", SIMULATORS)
@pytest.mark.parametrize("name", MEMBERS)
def test_every_scheme_sees_the_same_current(name, simulator):
    axes, between = {"LIF": ("time", 3.0), "AdEx": ("time post", 1.0)}.get(name, ("time post", 0.7))
    with off_the_record(rates_only=True):
        hold(driven(name, axes=axes, between=between), simulator)


@pytest.mark.compiled
@pytest.mark.parametrize("device", [pytest.param("cython", marks=pytest.mark.thorough), "cpp_standalone"])
def test_compiled_simulators_see_it_too(device):
    hold(driven("LIF", between=2.5), f"brian2 {device}")


def _changed(change):
    def run(case: Case):
        found = simulate_reference(case.spec, {**case.values, KEY: change(case.values[KEY])}, case.inputs)
        return replace(found, simulator="changed")

    return run


NEAR_MISSES = {
    "a sample late": _changed(lambda x: np.concatenate([x[:1], x[:-1]])),
    "two neurons swapped": _changed(lambda x: x[:, ::-1]),
    "off by a millionth": _changed(lambda x: x * (1 + 1e-6)),
    "silent after its end": _changed(lambda x: np.concatenate([x[:-1], 0 * x[-1:]])),
}


@pytest.mark.parametrize("fault", NEAR_MISSES)
def test_a_near_miss_is_caught(fault):
    case = driven("LIF", between=1.0)
    with off_the_record(), pytest.raises(AssertionError):
        hold(case, Simulator(lambda spec, values, inputs: NEAR_MISSES[fault](case)))


def test_in_pieces_it_goes_on():
    case = driven("LIF")
    with default_dtype(torch.float64), use_backend("plain"):
        network = Network(case.spec, values=case.values, trainable=False).eval()
        x = torch.as_tensor(np.asarray(case.inputs, dtype=np.float64))
        whole, _ = network(x)
        begin, state = network(x[:60])
        end, _ = network(x[60:], state)
    torch.testing.assert_close(torch.cat([begin, end]), whole, rtol=0, atol=1e-13)
