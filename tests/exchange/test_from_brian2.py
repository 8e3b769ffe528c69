"""Brian2 objects become specs that are stepped as Brian2 steps the objects, spike for spike, or are refused by name."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import Hz, Mohm, ms, nS, pA, volt

from hetsyn_sim.brian import simulate
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import SpecError
from hetsyn_sim.models import RESET_FIRST
from hetsyn_sim.spec import Layer, NetworkSpec, NeuronModel, Uniform
from hetsyn_sim.spec.quantities import format_quantity, parse_unit, to_si, unit_name, unit_of_dimensions

from ..refusal import refused
from .brian2_scripts import SCRIPTS, leaky, made, run, values_of


@pytest.fixture(autouse=True)
def numpy_target(monkeypatch):
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")


def network_of(script, **facts):
    """The spec of a script, and the values that its objects hold."""
    model = NeuronModel.from_brian2(script.group, script.synapses, namespace=script.namespace, **facts)
    values = values_of(script.group, script.synapses, namespace=script.namespace)
    n_input = sum(len(source) for source in script.sources)
    layer = Layer(model, len(script.group), recurrent=any("recurrent" in key for key in values))
    return NetworkSpec(dt=script.dt, n_input=n_input, layers=[layer], step_order=RESET_FIRST), values


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize(("name", "rate", "n_steps"), [("leaky", 0.1, 400), ("adex", 0.02, 2000), ("hodgkin_huxley", 0.01, 2000)])
def test_the_spec_spikes_as_the_script(name, rate, n_steps, seed):
    """Brian2 runs the script's own objects; nothing but the order inside a step is set (see the page on bringing a model)."""
    script = SCRIPTS[name](seed)
    spec, values = network_of(script)
    assert {key: value.shape for key, value in values.items()} == {key: slot.shape for key, slot in spec.slots.items()}
    inputs = np.random.default_rng(seed + 1).random((n_steps, spec.n_input)) < rate
    here = simulate_reference(spec, values, inputs[:, None]).rasters["layer_1"][:, 0]
    there = run(script, inputs)
    assert there.sum() > 40
    np.testing.assert_array_equal(here, there)


def test_the_spec_goes_back_to_brian2():
    spec, values = network_of(leaky())
    inputs = np.random.default_rng(1).random((300, 1, spec.n_input)) < 0.1
    here, there = simulate_reference(spec, values, inputs), simulate(spec, values, inputs)
    assert here.rasters["layer_1"].sum() > 40
    np.testing.assert_array_equal(here.rasters["layer_1"], there.rasters["layer_1"])


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_model_is_text_like_any_other(name):
    script = SCRIPTS[name]()
    model = NeuronModel.from_brian2(script.group, script.synapses, name="mine", namespace=script.namespace)
    assert model.name == "mine"
    assert NeuronModel.from_text(model.to_text()) == model
    assert NeuronModel.from_brian2(script.group, script.synapses, namespace=script.namespace).name == script.group.name


def test_numbers_become_parameters_with_their_units():
    model = network_of(leaky(), trainable=("w", "tau_m"))[0].layers[0].model
    assert model.synapse == "dg/dt = -g / tau_s : amp"
    assert model.on_pre == "g += connected_1*(w)\nv_post += w_2"  # two parameters are called w, and training makes no synapses
    assert model.threshold == "v > mV_minus_50"
    assert (model.scheme, model.refractory, model.initial["v"]) == ("exact", "t_ref", "v_0")
    axes = {name: p.axes for name, p in model.parameters.items()}
    assert axes == {"tau_m": "post"} | dict.fromkeys(("w", "w_2", "tau_s", "connected_1"), "post pre") | dict.fromkeys(
        ("v_rest", "R_m", "mV_minus_50", "mV_5", "t_ref", "v_0"), "layer"
    )
    assert model.parameters["mV_minus_50"].distribution.value == -0.05
    assert model.parameters["R_m"].unit == "Mohm"
    assert isinstance(model.parameters["tau_m"].distribution, Uniform)
    assert {name for name, p in model.parameters.items() if p.trainable} == {"w", "tau_m"}
    low, high = model.parameters["tau_m"].si_bounds
    assert low > 0
    assert high < 0.3


def test_weights_are_0_where_there_is_no_synapse():
    script = leaky()
    values = network_of(script)[1]
    inputs = script.synapses[0]
    w = values["layer_1.feedforward.w"]
    assert w.shape == (5, 6)
    assert np.count_nonzero(w) == len(inputs) < 30
    np.testing.assert_array_equal(w[inputs.j[:], inputs.i[:]], np.asarray(inputs.w))
    assert np.all(values["layer_1.feedforward.tau_s"] > 0)
    np.testing.assert_array_equal(np.diag(values["layer_1.recurrent.w_2"]), 0)
    assert not values["layer_1.recurrent.w"].any()
    assert not values["layer_1.feedforward.w_2"].any()
    np.testing.assert_array_equal(values["layer_1.neuron.tau_m"], np.asarray(script.group.tau_m))


def test_a_connection_without_a_weight_gets_one():
    model = NeuronModel.from_brian2(*made(connect="i != j"))
    assert model.on_pre == "v_post += connected_1*(mV_1)"
    assert "connected" not in NeuronModel.from_brian2(*made()).on_pre
    np.testing.assert_array_equal(values_of(*made(connect="i != j"))["layer_1.feedforward.connected_1"], 1 - np.eye(2, 3))
    taken = made(group="connected_1 : 1", rate="-v*connected_1/tau", connect="i != j")
    assert NeuronModel.from_brian2(*taken).on_pre == "v_post += connected_10*(mV_1)"


def test_a_number_of_both_sides_is_the_neurons():
    synapse = "dg/dt = -g/tau : volt (clock-driven)\nI_post = g : volt (summed)"
    model = NeuronModel.from_brian2(*made(model=synapse, on_pre="g += 1*mV", group="I : volt", rate="(I - v)/tau"))
    assert model.synapse == "dg/dt = -g / tau_post : volt"
    assert model.parameters_of("neuron").keys() >= {"tau"}


def test_rates_with_products_of_units():
    """Izhikevich's neuron, as it is usually written."""
    group, synapses = made(rate="(0.04/ms/mV)*v**2 + (5/ms)*v + 140*mV/ms", method="euler", group="k : volt/second**2")
    model = NeuronModel.from_brian2(group, synapses)
    assert model.scheme == "euler"
    units = {p.unit for p in model.parameters.values()}
    assert units >= {"kHz", "volt/second"}
    assert any("kilogram" in unit for unit in units), "1/(ms*mV) has no shorter name"
    assert to_si(format_quantity(0.3, "nS/cm**2"), "siemens/metre**2", where="x") == 0.3
    assert NeuronModel.from_text(model.to_text()) == model


def test_a_scheme_can_be_named():
    group, synapses = made(rate="-v**2/tau/volt", method=("exact", "euler"))
    assert NeuronModel.from_brian2(group, synapses, scheme="rk4").scheme == "rk4"
    assert NeuronModel.from_brian2(*made(method=("exact", "euler"))).scheme == "exact"


def test_the_variables_of_the_script_can_all_be_passed():
    group, synapses = made(namespace={}, rate="-v/tau_of_the_script*exp(0)", method="euler")
    model = NeuronModel.from_brian2(group, synapses, namespace={**vars(b2), "tau_of_the_script": 7 * ms, "pi": np.pi})
    assert model.parameters["tau_of_the_script"].distribution.value == 0.007
    assert {"mV_10", "mV_1"} <= set(model.parameters)
    ends_in_an_underscore = made(namespace={"lambda_": 7 * ms}, rate="-v/lambda_", method="euler")
    assert NeuronModel.from_brian2(*ends_in_an_underscore).parameters["lambda_1"].distribution.value == 0.007


def test_a_neurons_own_parameter_is_read_by_the_synapse_where_it_is():
    group, synapses = made(group="R : ohm (shared)\ns : 1 (constant)", rate="-v*s/tau", model="w : amp", on_pre="v += w*R")
    group.R, group.s, synapses.w = 3 * Mohm, [1, 2], 2 * pA
    model = NeuronModel.from_brian2(group, synapses)
    assert model.on_pre == "v_post += w * R_post"
    assert (model.parameters["R"].axes, model.parameters["s"].axes, model.parameters["w"].axes) == ("layer", "post", "post pre")
    values = values_of(group, synapses)
    np.testing.assert_array_equal(values["layer_1.neuron.s"], [1, 2])
    assert values["layer_1.neuron.R"] == 3e6
    assert values["layer_1.feedforward.w"].shape == (2, 3)


def test_subexpressions_and_shared_parameters_of_synapses():
    group, synapses = made(
        model="""dg/dt = leak : siemens (clock-driven)
                 leak = -g/tau_g : siemens/second
                 tau_g : second (shared)
                 G_post = g : siemens (summed)""",
        group="G : siemens",
        rate="-v/tau - v*G/(100e-12*farad)",
        on_pre="g += 2*nS",
        method="exponential_euler",
    )
    synapses.tau_g = 4 * ms
    model = NeuronModel.from_brian2(group, synapses)
    assert model.synapse == "dg/dt = -g / tau_g : siemens"
    assert "g_syn" in model.neuron
    assert model.parameters["tau_g"].axes == "layer"
    assert model.parameters["nS_2"].distribution.value == float(2 * nS)


@pytest.mark.parametrize("unit", [b2.msiemens / b2.cm**2, nS * ms, 1 / volt, volt / b2.second, b2.amp / volt**2, Hz, Mohm, ms])
def test_products_of_units_have_names(unit):
    assert float(parse_unit(unit_name(unit), where="x")) == pytest.approx(float(unit), rel=1e-15)
    assert parse_unit(unit_name(unit), where="x").dim is unit.dim
    base = unit_of_dimensions(unit.dim)
    assert float(parse_unit(base, where="x")) == 1.0
    assert parse_unit(base, where="x").dim is unit.dim
    assert b2.Equations(f"x : {base}")["x"].dim is unit.dim
    assert to_si(format_quantity(0.1 + 0.2, unit_name(unit)), base, where="x") == 0.1 + 0.2


@pytest.mark.parametrize("text", ["ms**", "ms*", "ms*(ms)", "ms**9**9", "a*b", "ms**2.5", "ms**999", "/ms", "ms//ms", "(volt*second)**-1"])
def test_what_is_no_product_of_units_is_refused(text):
    with refused(SpecError, "unknown unit", "here"):
        parse_unit(text, where="here")
