"""What a spec can't hold of Brian2 objects is refused by name, with what to do instead."""

import re

import brian2 as b2
import numpy as np
import pytest
from brian2 import Hz, ms, mV, volt

from hetsyn_sim.errors import SpecError, UnknownNameError
from hetsyn_sim.spec import NeuronModel

from ..refusal import refused
from .brian2_scripts import made


@pytest.fixture(autouse=True)
def numpy_target(monkeypatch):
    monkeypatch.setitem(b2.prefs, "codegen.target", "numpy")


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


def two_methods():
    """The second is not the same step as the first."""
    group, synapses = made(model="dg/dt = -g/tau : 1 (clock-driven)", on_pre="g += 1")
    synapses.state_updater.method_choice = "exact"
    model = "dh/dt = -h/tau : 1 (clock-driven)"
    other = b2.Synapses(b2.PoissonGroup(2, 1 * Hz), group, model, on_pre="h += 1", method="rk4", namespace={"tau": 10 * ms})
    other.connect()
    return group, [synapses, other]


def saturating(more, method):
    equations = "ds/dt = -s/tau + x*(1 - s)/tau : 1 (clock-driven)\ndx/dt = -x/tau : 1 (clock-driven)"
    group, synapses = made(model=f"{equations}\n{more}", on_pre="x += 1")
    synapses.state_updater.method_choice = method
    return group, synapses


def poisson_input(part=2, target="v", weight="1*mV"):
    group, _ = made(group="I : volt")
    return group, b2.PoissonInput(group[:part], target, 10, 5 * Hz, weight=weight)


def nine_times():
    group, synapses = made()
    synapses.connect(n=8)
    return group, synapses


def silent():
    return b2.NeuronGroup(1, "dv/dt = -v/(10*ms) : 1", method="exact")


def other_sizes():
    return [b2.NeuronGroup(n, "dv/dt = (1 - v/N)/(9*ms) : 1", threshold="v > 5", reset="v = 0", method="exact") for n in (1, 2)], None


STIMULUS = {"tau": 10 * ms, "stimulus": b2.TimedArray([0, 1] * mV, dt=1 * ms)}
G = "dg/dt = -g/tau : volt (clock-driven)\n"
REFUSED = {
    "no group": (lambda: (b2.PoissonGroup(2, 1 * Hz), None), "not a neuron group", "inputs are not models"),
    "part of a group": (subgroup, "not a neuron group", "whole group"),
    "no synapses, and v no state": (lambda: (no_v()[0], None), "nothing says what an input spike does", "Synapses(source, group"),
    "a PoissonInput of others": (lambda: (made()[0], poisson_input()[1]), "random input of other neurons", "pass the input of"),
    "a PoissonInput of some": (lambda: poisson_input(part=1), "random input of a part of the neurons", "weight='w_ext'"),
    "a PoissonInput to a parameter": (lambda: poisson_input(target="I"), "acts on what is no state", "goes back by itself"),
    "a PoissonInput by the voltage": (lambda: poisson_input(weight="-v"), "random input whose weight changes", "use a parameter"),
    "something else": (lambda: (made()[0], 5), "these are not synapses", "list"),
    "other neurons' synapses": (lambda: (made()[0], made()[1]), "synapses onto other neurons", "onto neurongroup"),
    "no threshold": (lambda: (silent(), None), "a group without a threshold", "a spike is a crossing"),
    "custom events": (lambda: made(events={"high": "v > 5*mV"}), "custom events", "as equations"),
    "run_regularly": (regularly, "operations that run regularly", "equations, or give it as input"),
    "linked variables": (linked, "linked variables", "parameter of its own"),
    "plasticity": (lambda: made(model="w : volt", on_post="w += 1*mV"), "on_post", "plasticity"),
    "several pathways, one late": (
        lambda: made(on_pre={"now": "v_post += 1*mV", "then": "v_post -= 1*mV"}, delay={"then": 1 * ms}),
        "pathways with delays of their own", "one Synapses object for each",
    ),
    "a weight that spikes change": (
        lambda: made(model="w : volt", on_pre="v_post += w; w -= 0.1*w"), "of a synapse that spikes change", "differential equation"
    ),
    "synapses that read their neuron": (
        lambda: made(model="dg/dt = -g/tau : 1 (event-driven)", on_pre="g += 1; v_post += g*v_post"),
        "depends on the neuron", "into its equations",
    ),
    "two methods of synapses": (two_methods, "synapses with different methods", "the same method"),
    "an event-driven state beside a method": (
        lambda: saturating("y : 1\ndz/dt = -z/tau : 1 (event-driven)", "rk4"), "event-driven equations beside others", "(clock-driven)"
    ),
    "saturation without a method": (lambda: saturating("", ("exact", "euler")), "not linear, and no method is named", "exponential_euler"),
    "gap junctions": (lambda: gap("I_post = w*(v_pre - v_post) : volt (summed)"), "reads the state of its source", "gap junctions"),
    "a sum into the source": (lambda: gap("I_pre = v_post : volt (summed)"), "sums over what a neuron sends to", "X_post"),
    "a sum of currents through v": (
        lambda: made(model=G + "I_post = g*(1 - v_post/volt) : volt (summed)", group="I : volt", rate="(I - v)/tau", on_pre="g += 1*mV"),
        "something that the neuron changes", "multiply in the neuron",
    ),
    "a sum of nothing that changes": (
        lambda: made(model=G + "I_post = 2*mV : volt (summed)", group="I : volt", rate="(I - v)/tau", on_pre="g += 1*mV"),
        "not a sum of their states", "sum a state",
    ),
    "two weights": (
        lambda: made(
            model=G + "w : 1\nu : 1\nI_post = w*g : volt (summed)\nJ_post = u*g : volt (summed)",
            group="I : volt\nJ : volt", rate="(I + J - v)/tau", on_pre="g += 1*mV",
        ),
        "two different weights", "one state for each",
    ),
    "the same synapse nine times": (nine_times, "many synapses between", "fewer times"),
    "numbers at random": (lambda: made(rate="(randn()*mV - v)/tau", method="euler"), "a number drawn at random", "write noise as xi"),
    "noise whose size depends on a state": (
        lambda: made(rate="-v/tau + v*xi*tau**-0.5", method="euler"), "size of the noise depends on a state", 'scheme="heun"'
    ),
    "noise with no step": (lambda: made(rate="-v/tau + 1*mV*xi*tau**-0.5", method="rk4"), "noise has no step", 'scheme="euler"'),
    "a TimedArray at another time": (
        lambda: made(rate="(stimulus(t - dt) - v)/tau", namespace=STIMULUS), "a call of something", "called with t"
    ),
    "a threshold in time": (lambda: made(threshold="v > 10*mV*t/second"), "do not know the time", "TimedArray"),
    "a threshold that looks at the time through others": (
        lambda: made(group="late = t/second : 1", threshold="v > late*mV"), "the time outside of differential equations", "let it act in"
    ),
    "a moment, by rk4": (lambda: made(rate="(int(t > 5*ms)*mV - v)/tau", method="rk4"), "a condition on the time", 'method="rk2"'),
    "the last spike": (lambda: made(threshold="v > 9*mV and timestep(t - lastspike, dt) > 9"), "looks at the last spike", "refractory="),
    "not refractory": (
        lambda: made(rate="-int(not_refractory)*v/tau", refractory=2 * ms), "Brian2 keeps for itself", "(unless refractory)"
    ),
    "not refractory, in synapses": (
        lambda: made(on_pre="v_post += 1*mV*int(not_refractory_post)", refractory=2 * ms), "Brian2 keeps for itself", "unless refractory"
    ),
    "a refractory period that changes": (
        lambda: made(group="dr/dt = -r/tau : second", refractory="r"), "a refractory period that changes", "for every neuron"
    ),
    "a function": (lambda: made(rate="-f(v)/tau", namespace={"tau": 10 * ms, "f": FUNCTION}), "function of your own", "formula"),
    "an array": (lambda: made(namespace={"tau": np.array([1, 2]) * ms}), "not one number", "one value per neuron"),
    "a missing name": (lambda: made(namespace={}), "a name without a value", "namespace={...}"),
    "constant over dt": (lambda: made(group="u = v : volt (constant over dt)"), "held over a step", "leave the flag out"),
    "two conditions": (lambda: made(threshold="v > 10*mV and v < 20*mV"), "one strict inequality", "left > right"),
    "a jump that multiplies": (lambda: made(on_pre="v_post *= 2"), "is not a sum", "let them add"),
    "no v": (lambda: no_v(), "no v", "membrane potential v"),
    "not linear, no method": (lambda: made(rate="-v**2/tau/volt", method=("exact", "euler")), "not linear", "scheme="),
    "a method without a scheme": (lambda: made(method="rk3"), "unknown scheme", "one of the rest"),
    "groups of two models": (
        lambda: ([made()[0], made(rate="-v/(2*tau)")[0]], None), "groups with other equations", "one value per neuron",
    ),
    "groups with one name for two values": (
        lambda: ([made()[0], made(namespace={"tau": 5 * ms})[0]], None), "groups with other values of one name", "one value per neuron",
    ),
    "sizes of groups": (other_sizes, "groups of other sizes, whose equations use N", "n : 1 (shared)"),
    "a refractory condition": (lambda: made(refractory="v > 5*mV"), "as long as a condition holds", "the threshold itself"),
}  # fmt: skip

FUNCTION = b2.Function(lambda v: v, arg_units=[volt], return_unit=volt)


def gap(summed):
    group, _ = made(group="I : volt", rate="(I - v)/tau")
    synapses = b2.Synapses(group, group, f"w : 1\n{summed}", on_pre="v_post += 1*mV")
    synapses.connect()
    return group, synapses


def no_v():
    group = b2.NeuronGroup(1, "du/dt = -u/(10*ms) : 1", threshold="2*u > 1", reset="u = 0", method="exact")
    synapses = b2.Synapses(b2.PoissonGroup(1, 1 * Hz), group, on_pre="u_post += 1")
    synapses.connect()
    return group, synapses


def test_what_each_group_shares_is_not_trained():
    groups = [made(group="tau : second (shared)", namespace={})[0] for _ in range(2)]
    for k, group in enumerate(groups, start=1):
        group.tau = k * 5 * ms
    with refused(SpecError, "a parameter that each of several groups shares", None, "tau", remedy="without (shared)"):
        NeuronModel.from_brian2(groups, trainable=("tau",))
    assert NeuronModel.from_brian2(groups).parameters["tau"].axes == "post"


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_spec_cant_hold_is_refused_by_name(name):
    make, what, remedy = REFUSED[name]
    objects = make()
    with refused(SpecError, f"(?s)({what}).*{re.escape(remedy)}"):
        NeuronModel.from_brian2(*objects)


def test_an_unknown_parameter_cant_be_trained():
    with refused(UnknownNameError, "unknown parameter", got="w", expected="tau"):
        NeuronModel.from_brian2(*made(), trainable=("w", "tau"))
