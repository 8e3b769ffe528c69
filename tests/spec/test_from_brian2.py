"""Brian2 objects become specs that are stepped as Brian2 steps the objects, spike for spike, or are refused by name."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import Hz, Mohm, ms, mV, nS, pA, volt

from hetsyn_sim.brian import simulate
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import SpecError, UnknownNameError
from hetsyn_sim.models.orders import RESET_FIRST
from hetsyn_sim.spec import Layer, NetworkSpec, NeuronModel, Uniform
from hetsyn_sim.spec.from_brian2 import values_from_brian2
from hetsyn_sim.spec.quantities import format_quantity, parse_unit, to_si, unit_name, unit_of_dimensions

from .brian2_scripts import SCRIPTS, leaky, run


@pytest.fixture(autouse=True)
def numpy_target(monkeypatch):
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")


def network_of(script, **facts):
    """The spec of a script, and the values that its objects hold."""
    model = NeuronModel.from_brian2(script.group, script.synapses, namespace=script.namespace, **facts)
    values = values_from_brian2(script.group, script.synapses, namespace=script.namespace)
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
    assert model.on_pre == "g += w\nv_post += w_2"  # two parameters of the script are called w
    assert model.threshold == "v > mV_minus_50"
    assert (model.scheme, model.refractory, model.initial["v"]) == ("exact", "t_ref", "v_0")
    axes = {name: p.axes for name, p in model.parameters.items()}
    assert axes == {"w": "post pre", "w_2": "post pre", "tau_s": "post pre", "tau_m": "post"} | dict.fromkeys(
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
    np.testing.assert_array_equal(values_from_brian2(*made(connect="i != j"))["layer_1.feedforward.connected_1"], 1 - np.eye(2, 3))


def test_a_number_of_both_sides_is_the_neurons():
    model = NeuronModel.from_brian2(
        *made(
            model="dg/dt = -g/tau : volt (clock-driven)\nI_post = g : volt (summed)",
            on_pre="g += 1*mV",
            group="I : volt",
            rate="(I - v)/tau",
        )
    )
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


def made(
    group="", rate="-v/tau", threshold="v > 10*mV", method="exact", events=None, refractory=False,
    model="", on_pre="v_post += 1*mV", on_post=None, delay=None, connect=True, namespace=None,
):  # fmt: skip
    """A small network, in which one thing is changed."""
    source = b2.SpikeGeneratorGroup(3, [], [] * ms)
    names = {"tau": 10 * ms} if namespace is None else namespace
    neurons = b2.NeuronGroup(
        2,
        f"dv/dt = {rate} : volt\n{group}",
        threshold=threshold,
        reset="v = 0*mV",
        method=method,
        refractory=refractory,
        events=events,
        namespace=names,
    )
    synapses = b2.Synapses(source, neurons, model, on_pre=on_pre, on_post=on_post, delay=delay, namespace=names)
    synapses.connect(**({"condition": connect} if isinstance(connect, str) else {}))
    return neurons, synapses


def regularly():
    group, synapses = made()
    group.run_regularly("v = 0*mV", dt=1 * ms)
    return group, synapses


def linked():
    group, synapses = made(group="u : volt (linked)", rate="(u - v)/tau")
    group.u = b2.linked_var(made()[0], "v")
    return group, synapses


def subgroup():
    group, synapses = made()
    return group[:1], synapses


def onto_a_part():
    group, _ = made()
    synapses = b2.Synapses(b2.PoissonGroup(1, 1 * Hz), group[:1], on_pre="v_post += 1*mV")
    synapses.connect()
    return group, synapses


def from_a_part():
    group, _ = made()
    synapses = b2.Synapses(group[:1], group, on_pre="v_post += 1*mV")
    synapses.connect()
    return group, synapses


def twice():
    group, synapses = made()
    synapses.connect()
    return group, synapses


def begun():
    group, synapses = made(model="dg/dt = -g/tau : 1 (clock-driven)", on_pre="g += 1")
    synapses.g = 1
    return group, synapses


def later():
    group, synapses = made()
    synapses.delay = [0, 1, 2, 0, 0, 0] * ms
    return group, synapses


STIMULUS = {"tau": 10 * ms, "stimulus": b2.TimedArray([0, 1] * mV, dt=1 * ms)}
G = "dg/dt = -g/tau : volt (clock-driven)\n"
REFUSED = {
    "no group": (lambda: (b2.PoissonGroup(2, 1 * Hz), None), "not a neuron group", "inputs are not models"),
    "part of a group": (subgroup, "not a neuron group", "whole group"),
    "no synapses": (lambda: (made()[0], None), "nothing says what an input spike does", "Synapses(source, group"),
    "something else": (lambda: (made()[0], 5), "these are not synapses", "list"),
    "other neurons' synapses": (lambda: (made()[0], made()[1]), "synapses onto other neurons", "onto neurongroup"),
    "synapses onto a part": (onto_a_part, "synapses onto other neurons", "all of it"),
    "synapses from a part": (from_a_part, "from a part of a group", "whole group"),
    "custom events": (lambda: made(events={"high": "v > 5*mV"}), "custom events", "as equations"),
    "run_regularly": (regularly, "operations that run regularly", "equations, or give it as input"),
    "linked variables": (linked, "linked variables", "parameter of its own"),
    "plasticity": (lambda: made(model="w : volt", on_post="w += 1*mV"), "on_post", "plasticity"),
    "a delay": (lambda: made(delay=2 * ms), "delays", "Surroundings"),
    "delays of their own": (later, "delays", "Surroundings"),
    "several pathways, one late": (
        lambda: made(on_pre={"now": "v_post += 1*mV", "then": "v_post -= 1*mV"}, delay={"then": 1 * ms}), "delays", "Surroundings"
    ),
    "event-driven": (lambda: made(model="dg/dt = -g/tau : 1 (event-driven)", on_pre="g += 1"), "event-driven", "clock-driven"),
    "gap junctions": (lambda: gap("I_post = w*(v_pre - v_post) : volt (summed)"), "reads the state of its source", "gap junctions"),
    "a sum into the source": (lambda: gap("I_pre = v_post : volt (summed)"), "sums over what a neuron sends to", "X_post"),
    "a sum of currents through v": (
        lambda: made(model=G + "I_post = g*(1 - v_post/volt) : volt (summed)", group="I : volt", rate="(I - v)/tau", on_pre="g += 1*mV"),
        "something that the neuron changes", "multiply in the neuron",
    ),
    "a sum of squares": (
        lambda: made(model=G + "I_post = g**2/volt : volt (summed)", group="I : volt", rate="(I - v)/tau", on_pre="g += 1*mV"),
        "not a sum of their states", "sum a state",
    ),
    "two weights": (
        lambda: made(
            model=G + "w : 1\nu : 1\nI_post = w*g : volt (summed)\nJ_post = u*g : volt (summed)",
            group="I : volt\nJ : volt", rate="(I + J - v)/tau", on_pre="g += 1*mV",
        ),
        "two different weights", "one state for each",
    ),
    "a weight on what does not decay": (
        lambda: made(
            model="dg/dt = (1*volt - g)/tau : volt (clock-driven)\nw : 1\nI_post = w*g : volt (summed)",
            group="I : volt", rate="(I - v)/tau", on_pre="g += 1*mV",
        ),
        "does not simply decay", "what a spike adds",
    ),
    "synapses that have begun": (begun, "does not begin at 0", "set it to 0"),
    "the same synapse twice": (twice, "several synapses between", "for each of them"),
    "noise": (lambda: made(rate="-v/tau + 1*mV*xi*tau**-0.5", method="euler"), "noise has no place", "Surroundings"),
    "a TimedArray": (lambda: made(rate="(stimulus(t) - v)/tau", namespace=STIMULUS), "TimedArray|know the time", "input"),
    "its own time": (lambda: made(rate="sin(t/tau)*volt/second", method="euler"), "do not know the time", "input"),
    "a function": (lambda: made(rate="-f(v)/tau", namespace={"tau": 10 * ms, "f": FUNCTION}), "function of your own", "formula"),
    "an array": (lambda: made(namespace={"tau": np.array([1, 2]) * ms}), "not one number", "one value per neuron"),
    "a missing name": (lambda: made(namespace={}), "a name without a value", "namespace={...}"),
    "constant over dt": (lambda: made(group="u = v : volt (constant over dt)"), "flags have no place", "remove the flag"),
    "two conditions": (lambda: made(threshold="v > 10*mV and v < 20*mV"), "one strict inequality", "left > right"),
    "a jump that multiplies": (lambda: made(on_pre="v_post *= 2"), "is not a sum", "let them add"),
    "no v": (lambda: no_v(), "no v", "membrane potential v"),
    "not linear, no method": (lambda: made(rate="-v**2/tau/volt", method=("exact", "euler")), "not linear", "scheme="),
    "a method without a scheme": (lambda: made(method="heun"), "unknown scheme", "one of the rest"),
    "a refractory condition": (lambda: made(refractory="v > 5*mV"), "as long as a condition holds", "the threshold itself"),
}  # fmt: skip

FUNCTION = b2.Function(lambda v: v, arg_units=[volt], return_unit=volt)


def gap(summed):
    group, _ = made(group="I : volt", rate="(I - v)/tau")
    synapses = b2.Synapses(group, group, f"w : 1\n{summed}", on_pre="v_post += 1*mV")
    synapses.connect()
    return group, synapses


def no_v():
    group = b2.NeuronGroup(1, "du/dt = -u/(10*ms) : 1", threshold="u > 1", reset="u = 0", method="exact")
    synapses = b2.Synapses(b2.PoissonGroup(1, 1 * Hz), group, on_pre="u_post += 1")
    synapses.connect()
    return group, synapses


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_spec_cant_hold_is_refused_by_name(name):
    make, what, remedy = REFUSED[name]
    objects = make()
    with pytest.raises(SpecError, match=what) as excinfo:
        NeuronModel.from_brian2(*objects)
    error = excinfo.value
    assert error.where
    assert error.got is not None
    assert error.expected
    assert remedy in str(error)
    assert error.remedy


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_synapses_with_a_method_of_their_own(method):
    group, synapses = made(model="dg/dt = -g/tau : 1 (clock-driven)", on_pre="g += 1", method="exact")
    synapses.state_updater.method_choice = method
    with pytest.raises(SpecError, match="synapses with a method of their own") as excinfo:
        NeuronModel.from_brian2(group, synapses)
    assert method in str(excinfo.value.got)
    assert "exact" in excinfo.value.remedy


def test_an_unknown_parameter_cant_be_trained():
    with pytest.raises(UnknownNameError, match="unknown parameter") as excinfo:
        NeuronModel.from_brian2(*made(), trainable=("w", "tau"))
    assert excinfo.value.got == "w"
    assert "tau" in excinfo.value.expected


def test_a_scheme_can_be_named():
    group, synapses = made(rate="-v**2/tau/volt", method=("exact", "euler"))
    assert NeuronModel.from_brian2(group, synapses, scheme="rk4").scheme == "rk4"
    assert NeuronModel.from_brian2(*made(method=("exact", "euler"))).scheme == "exact"


def test_the_variables_of_the_script_can_all_be_passed():
    group, synapses = made(namespace={}, rate="-v/tau_of_the_script*exp(0)", method="euler")
    model = NeuronModel.from_brian2(group, synapses, namespace={**vars(b2), "tau_of_the_script": 7 * ms, "pi": np.pi})
    assert model.parameters["tau_of_the_script"].distribution.value == 0.007
    assert {"mV_10", "mV_1"} <= set(model.parameters)


def test_a_neurons_own_parameter_is_read_by_the_synapse_where_it_is():
    group, synapses = made(group="R : ohm (shared)\ns : 1 (constant)", rate="-v*s/tau", model="w : amp", on_pre="v += w*R")
    group.R, group.s, synapses.w = 3 * Mohm, [1, 2], 2 * pA
    model = NeuronModel.from_brian2(group, synapses)
    assert model.on_pre == "v_post += w * R_post"
    assert (model.parameters["R"].axes, model.parameters["s"].axes, model.parameters["w"].axes) == ("layer", "post", "post pre")
    values = values_from_brian2(group, synapses)
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


@pytest.mark.parametrize("unit", [b2.msiemens / b2.cm**2, nS * ms, 1 / volt, volt / b2.second, b2.amp / volt**2, Hz, Mohm])
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
    with pytest.raises(SpecError, match="unknown unit") as excinfo:
        parse_unit(text, where="here")
    assert excinfo.value.where == "here"
    assert excinfo.value.expected
    assert excinfo.value.remedy
