"""Synapses that are more than filters: every simulator steps them as the reference does, whatever they are shared over.

    raster_simulator = raster_reference in every cell,   |v_simulator - v_reference| <= 2 b

as for any neuron (:mod:`equivalence.test_any_model`), with the error of synapses from :mod:`hetsyn_sim.agreement.synapse_errors`.
"""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from equivalence.any_model import BOUNDED, case_of, gain_of
from equivalence.comparing import hold
from equivalence.ledger import off_the_record
from equivalence.properties import fewer_examples
from equivalence.simulators import Simulator
from equivalence.strategies import step_orders
from equivalence.synapse_models import MODELS
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.models import HetSynLIF, HetSynRiseLIF, TsodyksMarkramLIF
from hetsyn_sim.spec import Layer, NetworkSpec

SIMULATORS = (
    "torch plain float64",
    "brian2 numpy",
    pytest.param("torch fused float32", marks=[pytest.mark.compiled, pytest.mark.slow]),  # compiled for each model
)


@st.composite
def networks_behind(draw, model):
    """Networks of a model: sizes, every step order, recurrence with and without self-connections, a readout."""
    recurrent = draw(st.booleans())
    case = case_of(
        model,
        seed=draw(st.integers(0, 2**16)),
        gain=gain_of(model) * draw(st.sampled_from((1.0, 1.4, 2.0, 0.7))),
        n_steps=draw(st.integers(10, 100)),
        size=draw(st.integers(1, 3)),
        n_runs=draw(st.integers(1, 2)),
        n_input=draw(st.integers(1, 4)),
        recurrent=recurrent,
        readout=draw(st.booleans()),
    )
    layer = replace(case.spec.layers[0], self_connections=not recurrent or draw(st.booleans()))
    case = replace(case, spec=replace(case.spec, layers=[layer], step_order=draw(step_orders())))
    assume(np.all(np.abs(case.reference.traces["layer_1.v"]) < BOUNDED))
    return case


@pytest.mark.parametrize("simulator", SIMULATORS)
@pytest.mark.parametrize("name", MODELS)
def test_synapses_are_stepped_as_in_the_reference(name, simulator):
    @fewer_examples(0.02)
    @given(case=networks_behind(MODELS[name]))
    def search(case):
        with off_the_record(rates_only=True):
            hold(case, simulator)

    search()


@pytest.mark.parametrize("name", MODELS)
def test_the_drawn_networks_are_not_silent(name):
    """At the gain that they are drawn around: nothing would be shown by silent ones."""
    model = MODELS[name]
    cases = (case_of(model, seed=seed, gain=1.4 * gain_of(model), n_steps=100, size=3, n_runs=1, n_input=4) for seed in range(5))
    assert any(case.reference.rasters["layer_1"].any() for case in cases)


def _statements(case, before, after):
    """The same network with other statements of a spike."""
    layer = case.spec.layers[0]
    assert before in layer.model.on_pre
    other = replace(layer.model, on_pre=layer.model.on_pre.replace(before, after))
    return replace(case, spec=replace(case.spec, layers=[replace(layer, model=other)]))


def _begins(case, **initial):
    layer = case.spec.layers[0]
    model = replace(layer.model, initial=initial, parameters={n: p for n, p in layer.model.parameters.items() if n != "x_0"})
    spec = replace(case.spec, layers=[replace(layer, model=model)])
    return replace(case, spec=spec, values={key: value for key, value in case.values.items() if key in spec.slots})


def _off(case, name):
    key = next(key for key in case.values if key.endswith(f".{name}"))
    return replace(case, values=case.values | {key: case.values[key] * (1 + 1e-6)})


#: What is almost right -> the model, and the change.
NEAR_MISSES = {
    "a spike takes before it facilitates": (
        "plastic, onto v",
        lambda case: _statements(case, case.spec.layers[0].model.on_pre, "v_post += w*u*x; x -= u*x; u += U*(1 - u)"),
    ),
    "a spike uses what is left after it": (
        "plastic, onto v",
        lambda case: _statements(case, case.spec.layers[0].model.on_pre, "u += U*(1 - u); x -= u*x; v_post += w*u*x"),
    ),
    "u is set from what it was": ("plastic, other statements", lambda case: _statements(case, "u = U + u*(1 - U)", "u = U")),
    "a synapse begins full": ("plastic, other statements", lambda case: _begins(case, x="1", u="U")),
    "a synapse begins at 0": ("plastic, onto v", lambda case: _begins(case, x="1", u="U*dt/tau_facil")),
    "U off by a millionth": ("plastic, onto v", lambda case: _off(case, "U")),
    "tau_rec off by a millionth": ("plastic, everything of a synapse", lambda case: _off(case, "tau_rec")),
    "tau_rise off by a millionth": ("double exponential, soft reset", lambda case: _off(case, "tau_rise")),
    "a rate of opening off by a millionth": ("saturating", lambda case: _off(case, "a")),
}


def _as_another(case, spec, values, inputs):
    return simulate_reference(case.spec, case.values, inputs)


@pytest.mark.parametrize("fault", NEAR_MISSES)
def test_a_near_miss_is_caught(fault):
    name, change = NEAR_MISSES[fault]
    model = MODELS[name]
    with off_the_record():
        for seed in range(30):
            case = case_of(model, seed=seed, gain=1.5 * gain_of(model), n_steps=150)
            faulty = Simulator(partial(_as_another, change(case)))
            try:
                hold(case, faulty)
            except AssertionError:
                return
    pytest.fail(f"nobody notices: {fault}")


def _traces(model, values, inputs, dt=1e-3):
    spec = NetworkSpec(dt, inputs.shape[2], [Layer(model, 2)])
    return simulate_reference(spec, spec.initial_values(3) | values, inputs)


def test_a_rise_of_no_time_is_hetsyn():
    """I of the double exponential goes to w exp(-t/tau_syn) as tau_rise goes to 0, from the step after the spike on."""
    inputs = np.random.default_rng(0).random((80, 2, 3)) < 0.2
    w = np.full((2, 3), 0.01)  # no spikes, which would come a step later
    spec = NetworkSpec(1e-3, 3, [Layer(HetSynRiseLIF, 2)])
    given = {"layer_1.feedforward.w": w, "layer_1.feedforward.tau_syn": spec.initial_values(3)["layer_1.feedforward.tau_syn"]}
    short = _traces(HetSynRiseLIF, given | {"layer_1.feedforward.tau_rise": np.full((2, 3), 1e-6)}, inputs)
    none = _traces(HetSynLIF, given, inputs)
    assert not none.rasters["layer_1"].any()
    risen = none.traces["layer_1.v"] - inputs.astype(float) @ w.T
    # of the rise nothing is left but the factor tau_syn/(tau_syn - tau_rise)
    np.testing.assert_allclose(short.traces["layer_1.v"], risen, rtol=1e-3, atol=1e-12)


def test_without_depression_and_facilitation_a_synapse_is_static():
    """U is what every spike releases if x recovers, and u decays, within a step."""
    inputs = np.random.default_rng(1).random((100, 1, 3)) < 0.3
    quick = {f"layer_1.feedforward.{name}": np.array(1e-6) for name in ("tau_rec", "tau_facil")}
    u = np.array(0.37)
    found = _traces(TsodyksMarkramLIF, quick | {"layer_1.feedforward.U": u}, inputs)
    static = replace(TsodyksMarkramLIF, synapse="dI/dt = -I/tau_syn : 1", on_pre="I += w*U", initial={}, parameters={
        name: p for name, p in TsodyksMarkramLIF.parameters.items() if name not in ("tau_rec", "tau_facil")
    })  # fmt: skip
    expected = _traces(static, {"layer_1.feedforward.U": u, **_weights_of(TsodyksMarkramLIF)}, inputs)
    assert expected.rasters["layer_1"].any()
    np.testing.assert_array_equal(found.rasters["layer_1"], expected.rasters["layer_1"])
    np.testing.assert_allclose(found.traces["layer_1.v"], expected.traces["layer_1.v"], rtol=1e-12, atol=1e-14)


def _weights_of(model):
    values = NetworkSpec(1e-3, 3, [Layer(model, 2)]).initial_values(3)
    return {key: value for key, value in values.items() if key.rsplit(".", 1)[1] in ("w", "tau_syn")}
