"""The step of general models, held against loops and closed forms that are written out here."""

from dataclasses import replace

import numpy as np
import pytest

from hetsyn_sim.discrete import is_filter, simulate_reference, stepped, synaptic_steps
from hetsyn_sim.errors import SpecError
from hetsyn_sim.models import MODELS, MTC, AdEx, GradedReadout, HetSynAdLIF, HodgkinHuxley, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec, NeuronModel, Parameter, StepOrder

from ..brian.neurons import value_readout
from ..refusal import refused

#: Oscillates below its threshold: complex eigenvalues.
RESONATOR = replace(HetSynAdLIF, name="Resonator", scheme="exact", step_order=None)


def one_neuron(model, dt=1e-3, order=None, recurrent=False):
    return NetworkSpec(dt, 1, [Layer(model, 1, recurrent)], step_order=order or StepOrder())


def refractory_counter(**changes):
    """Integrates its input without leak, and is refractory for 3 ms."""
    facts = {
        "name": "Counter",
        "on_pre": "v_post += w",
        "neuron": "dv/dt = leak*v : 1 (unless refractory)\ndn/dt = k : 1",
        "threshold": "v > theta",
        "reset": "v = v_r",
        "refractory": "t_ref",
        "initial": {"v": "v_r"},
        "parameters": {
            "w": Parameter("post pre", initial=1.0),
            "leak": Parameter("layer", "Hz", "0 Hz"),
            "k": Parameter("layer", "Hz", "1000 Hz"),
            "theta": Parameter("layer", initial=2.5),
            "v_r": Parameter("layer", initial=0.25),
            "t_ref": Parameter("layer", "ms", "3 ms"),
        },
    }
    return NeuronModel(**(facts | changes))


def run(spec, inputs, record=("v",)):
    return simulate_reference(spec, spec.initial_values(0), inputs, record)


def only(recording, name):
    """What was recorded of a single neuron in a single run."""
    return {**recording.rasters, **recording.traces}[f"layer_1{name}"][:, 0, 0]


def test_refractoriness_by_hand():
    """v begins at 0.25 and takes 1 per step: it spikes in step 2, is deaf in the two that are left of its three steps, and so on."""
    found = run(one_neuron(refractory_counter()), np.ones((12, 1, 1)), ("v", "n"))
    # spike at 2 (v = 3.25); ready again at 2 + 3 = 5. The reset is in step 3, the jumps of steps 3 and 4 are not taken.
    np.testing.assert_array_equal(only(found, ".v"), [1.25, 2.25, 3.25, 0.25, 0.25, 1.25, 2.25, 3.25, 0.25, 0.25, 1.25, 2.25])
    np.testing.assert_array_equal(np.flatnonzero(found.rasters["layer_1"]), [2, 7])
    # what is not frozen goes on, and begins with 0: what a step has done shows one step later
    np.testing.assert_allclose(only(found, ".n"), np.arange(12), rtol=1e-15)


def test_a_period_of_one_step_changes_nothing_and_is_rounded_as_brian2_does():
    two = one_neuron(refractory_counter().with_parameters(t_ref={"initial": "1.9999999 ms"}))
    assert np.flatnonzero(run(two, np.ones((8, 1, 1))).rasters["layer_1"])[1] == 6  # as 2 ms: deaf in one step


def test_a_crossing_is_one_spike_however_long_it_lasts():
    crossing = refractory_counter(
        neuron="dv/dt = -v/tau : 1", threshold="v > theta", refractory="v > theta", reset="", initial={}, parameters={
            "w": Parameter("post pre", initial=1.0), "tau": Parameter("layer", "ms", "2 ms"), "theta": Parameter("layer", initial=1.1)
        },
    )  # fmt: skip
    inputs = np.zeros((14, 1, 1))
    inputs[[0, 1, 2, 3, 9, 10]] = 1
    found = run(one_neuron(crossing), inputs)
    above = only(found, ".v") > 1.1
    crossed = above & ~np.concatenate([[False], above[:-1]])
    np.testing.assert_array_equal(only(found, ""), crossed)
    assert crossed.sum() == 2
    assert above.sum() > 3


def test_a_neuron_that_begins_above_its_threshold_spikes_at_once():
    model = refractory_counter(initial={"v": "theta + 1"})
    assert only(run(one_neuron(model), np.zeros((2, 1, 1))), "").tolist() == [True, False]


@pytest.mark.parametrize("name", ["active", "is_active", "next_v", "k0_v", "read_v", "distance_to_threshold", "exact0_phi_v_v"])
@pytest.mark.parametrize("scheme", ["exact", "euler"])
def test_a_parameter_is_called_as_anybody_likes(name, scheme):
    """No name of ours is one that a model may have: it would stand for what it means to us."""

    def counter(rate):
        given = {n: p for n, p in refractory_counter().parameters.items() if n not in ("k", "theta")}
        more = {rate: Parameter("layer", "Hz", "1000 Hz"), "duration": Parameter("layer", "ms", "2.5 ms")}
        equations = f"dv/dt = leak*v : 1 (unless refractory)\ndn/dt = {rate} : 1"
        return refractory_counter(neuron=equations, threshold=f"v > {rate}*duration", parameters=given | more, scheme=scheme)

    expected, found = (run(one_neuron(counter(rate)), np.ones((12, 1, 1)), ("v", "n")) for rate in ("k", name))
    for trace in ("v", "n"):
        np.testing.assert_array_equal(found.traces[f"layer_1.{trace}"], expected.traces[f"layer_1.{trace}"])
    assert expected.rasters["layer_1"].sum() == 2


def test_statements_of_a_reset_see_those_before_them():
    model = refractory_counter(reset="v = v_r; v *= 2; n = v")
    found = run(one_neuron(model), np.ones((4, 1, 1)), ("v", "n"))
    assert only(found, ".v")[3] == only(found, ".n")[3] == 0.5


def test_sums_drive_differential_equations_one_step_later():
    """u' = -u/tau + I/tau with I held: u[t] = e u[t-1] + (1 - e) I[t-1]."""
    spec = one_neuron(RESONATOR)
    values = spec.initial_values(0) | {"layer_1.neuron.a": np.zeros(1), "layer_1.neuron.theta": np.array(1e3)}
    inputs = (np.random.default_rng(0).random((40, 1, 1)) < 0.4).astype(float)
    found = simulate_reference(spec, values, inputs, ("u", "I_syn"))
    assert not simulate_reference(spec, values, 0 * inputs).traces["layer_1.v"].any()
    keep = np.exp(-1e-3 / values["layer_1.feedforward.tau_syn"][0, 0])
    e = np.exp(-1e-3 / values["layer_1.neuron.tau_u"][0])
    current = u = 0.0
    for t in range(40):
        u = e * u + (1 - e) * current if t else 0.0
        current = keep * current + values["layer_1.feedforward.w"][0, 0] * inputs[t, 0, 0]
        assert only(found, ".u")[t] == pytest.approx(u, rel=1e-12, abs=1e-15)
        assert only(found, ".I_syn")[t] == pytest.approx(current, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("order", [("decay", "reset", "recurrent"), ("reset", "decay", "recurrent"), ("recurrent", "reset", "decay")])
def test_the_order_of_a_step_is_kept(order):
    """Counter with leak and recurrence, against a loop over the phases."""
    parameters = {name: p for name, p in refractory_counter().parameters.items() if name != "t_ref"}
    parameters["leak"] = Parameter("layer", "Hz", "-1000 Hz")
    text = "dv/dt = leak*v : 1\ndn/dt = k : 1"
    model = refractory_counter(refractory="", neuron=text, initial={}, parameters=parameters)
    spec = NetworkSpec(1e-3, 1, [Layer(model, 1, True)], step_order=StepOrder((*order, "feedforward", "threshold")))
    found = run(spec, np.ones((30, 1, 1)))
    v = spiked = 0.0
    for t in range(30):
        for phase in order if t else ():
            if phase == "decay":
                v *= np.exp(-1.0)
            elif phase == "reset" and spiked:
                v = 0.25
            elif phase == "recurrent":
                v += spiked
        v += 1.0
        spiked = float(v > 2.5)
        assert only(found, ".v")[t] == pytest.approx(v, rel=1e-14)
        assert only(found, "")[t] == (spiked > 0)


def test_what_is_a_filter_and_what_is_stepped():
    assert all(is_filter(model) for model in MODELS.values())
    assert not any(is_filter(model) for model in (AdEx, RESONATOR, HodgkinHuxley, MTC, GradedReadout, refractory_counter()))


def test_a_filter_can_be_stepped_too_and_is_the_same():
    """LeakyReadout by its general step: another route to the numbers of the filter's."""
    spec = NetworkSpec(1e-3, 3, [Layer(MODELS["HetSynLIF"], 4)], Layer(LeakyReadout, 2))
    parameters = {**LeakyReadout.parameters, "k": Parameter("layer", "Hz", "1 Hz")}
    slow = replace(LeakyReadout, name="Slow", neuron="v = I_syn : 1\ndnothing/dt = 1*k : 1", parameters=parameters)
    other = NetworkSpec(1e-3, 3, [Layer(MODELS["HetSynLIF"], 4)], Layer(slow, 2))
    values = spec.initial_values(0)
    inputs = np.random.default_rng(0).random((50, 2, 3)) < 0.3
    one, two = simulate_reference(spec, values, inputs), simulate_reference(other, values | {"readout.neuron.k": np.array(1.0)}, inputs)
    assert not is_filter(slow)
    np.testing.assert_allclose(one.traces["readout.v"], two.traces["readout.v"], rtol=1e-12, atol=1e-14)


def test_graded_synapses_by_hand():
    spec = NetworkSpec(2e-4, 2, [Layer(MTC, 3)], Layer(value_readout(), 1))
    values = spec.initial_values(1)
    x = np.random.default_rng(1).normal(size=(200, 1, 2))
    found = simulate_reference(spec, values, x, ("v", "I_syn"))
    w = values["layer_1.feedforward.w"]
    np.testing.assert_allclose(found.traces["layer_1.I_syn"][:, 0], x[:, 0] @ w.T, rtol=1e-13, atol=1e-14)
    s = found.traces["layer_1.s"][:, 0]
    np.testing.assert_allclose(s, np.clip(found.traces["layer_1.v"][:, 0] / 2, 0, 1), rtol=1e-15)
    tau, w = values["readout.feedforward.tau_syn"][0], values["readout.feedforward.w"][0]
    carried = np.zeros(3)
    for t in range(1, 200):
        carried = carried * np.exp(-2e-4 / tau) - np.expm1(-2e-4 / tau) * w * s[t - 1]
        assert found.traces["readout.v"][t, 0, 0] == pytest.approx(carried.sum(), rel=1e-12, abs=1e-15)
    np.testing.assert_array_equal(found.traces["input.x"], x)


@pytest.mark.parametrize(
    ("synapse", "what", "got"),
    [
        ("dI/dt = (K - I)/tau_syn : 1\ndK/dt = -K/tau_syn : 1", "states of a synapse are coupled", "-I + K"),
        ("dI/dt = (1 - I)/tau_syn : 1", "active without its source", "1/tau_syn"),
    ],
)
def test_synapses_that_have_no_step_are_refused(synapse, what, got):
    model = NeuronModel(
        name="M",
        synapse=synapse,
        on_pre="I += w",
        neuron="v = I_syn : 1\ndu/dt = -u/tau : 1",
        parameters={"w": Parameter("post pre"), "tau_syn": Parameter("post", "ms", "5 ms"), "tau": Parameter("layer", "ms", "5 ms")},
        initial={"u": "1"},
    )
    with refused(SpecError, what, got=got):
        synaptic_steps(model)


def test_the_scale_of_a_surrogate_is_the_way_from_rest_or_reset_to_threshold():
    assert [str(distance) for distance in stepped(AdEx).distances] == ["-E_L + V_cut", "V_cut - V_r"]
    assert stepped(RESONATOR).distances == ()
    assert str(stepped(RESONATOR).theta) == "theta"
