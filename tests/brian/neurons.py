"""Neurons that are no sums of filtered events, small and lively, and how Brian2's recording of them is held against the reference's."""

import itertools
import re
from dataclasses import replace

import numpy as np

from hetsyn_sim.brian import simulate
from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.models import MTC, HetNeuLIF, HetSynLIF, LeakyReadout
from hetsyn_sim.spec import FanInNormal, Layer, NetworkSpec, NeuronModel, Parameter, StepOrder

STEP_ORDERS = [StepOrder((*first, "feedforward", "threshold")) for first in itertools.permutations(("decay", "reset", "recurrent"))]


def layer(unit, value):
    return Parameter(axes="layer", unit=unit, initial=f"{value} {unit}" if unit != "1" else float(value))


def weights(unit, low, high):
    unit_text = "" if unit == "1" else f" {unit}"
    return Parameter(axes="post pre", unit=unit, initial=f"uniform({low}{unit_text}, {high}{unit_text})")


def izhikevich():
    """Izhikevich 2003; spikes act on the membrane itself and on a current of each synapse."""
    return NeuronModel(
        name="Izhikevich",
        scheme="euler",
        synapse="dI/dt = -I/tau_syn : 1",
        on_pre="I += w; v_post += jump_post",
        neuron="""dv/dt = (0.04*v**2 + 5*v + 140 - u + I_syn)/tau : 1
                  du/dt = a*(b*v - u)/tau : 1""",
        threshold="v > peak",
        reset="v = c; u += d",
        initial={"v": "c", "u": "b*c"},
        parameters={
            "w": weights("1", 0, 10),
            "tau_syn": layer("ms", 5),
            "jump": layer("1", 0.5),
            "tau": layer("ms", 1),
            "a": Parameter(axes="post", initial="uniform(0.02, 0.1)"),
            "b": layer("1", 0.2),
            "c": layer("1", -65),
            "d": Parameter(axes="post", initial="uniform(2, 8)"),
            "peak": layer("1", 30),
        },
    )


def adlif(scheme="exact", *, a=8.0, tau_w=30.0, frozen="", refractory="", reset="u -= theta; k += b", initial=None, more="", **changes):
    """A leaky membrane with an adaptation current that it drives: two coupled equations, which oscillate if ``a`` is large."""
    flags = {x: " (unless refractory)" if x in frozen else "" for x in "uk"}
    parameters = {
        "w": weights("1", -0.3, 1.5),
        "tau_syn": Parameter(axes="post pre", unit="ms", initial="uniform(2 ms, 20 ms)"),
        "tau_m": layer("ms", 20),
        "tau_w": layer("ms", tau_w),
        "a": layer("1", a),
        "b": layer("1", 0.2),
        "theta": layer("1", 0.8),
        "t_ref": layer("ms", 3),
    }
    told = f"{reset} {refractory} {initial} tau_syn tau_m tau_w theta a w"
    parameters = {name: p for name, p in parameters.items() if re.search(rf"\b{name}\b", told)}
    return NeuronModel(
        name="AdLIF",
        scheme=scheme,
        synapse="dI/dt = -I/tau_syn : 1",
        on_pre="I += w",
        neuron=f"""du/dt = (-u - k + I_syn)/tau_m : 1{flags["u"]}
                   dk/dt = (a*u - k)/tau_w : 1{flags["k"]}
                   v = u : 1
                   {more}""",
        threshold="v > theta",
        reset=reset,
        refractory=refractory,
        initial=initial or {},
        parameters=parameters,
        **changes,
    )


def graded():
    """Tanh currents at three timescales and a graded spike: values in, values out, events where v crosses. By another scheme than MTC's."""
    lively = {"w": {"initial": "uniform(-1, 3)"}, "I_0": {"initial": "uniform(-1.5, -0.5)"}}
    return replace(MTC, name="Graded", scheme="rk4").with_parameters(**lively)


def value_readout():
    """A readout of values: low-pass filtered at every synapse."""
    tau_syn = Parameter(axes="post pre", unit="ms", initial="uniform(2 ms, 20 ms)")
    return NeuronModel(
        name="ValueReadout",
        on_pre="",
        synapse="dI/dt = (w*x_pre - I)/tau_syn : 1",
        neuron="v = I_syn : 1",
        parameters={"w": weights("1", -1, 1), "tau_syn": tau_syn},
    )


def everything():
    """A network with every feature of spiking ones, and values that are exactly 0 and infinite.

    Frozen states with two sets of coefficients, jumps on the membrane, symplectic Euler, resets that set, recurrence with and without
    self-connections, synapses with and without states, and a readout.
    """
    lively = {"w": {"initial": FanInNormal(2.0)}}
    layers = [
        Layer(HetSynLIF.with_parameters(**lively), 6, recurrent=True, self_connections=False),
        Layer(adlif(frozen="u", refractory="t_ref", initial={"u": "theta/2", "k": "b"}), 5, recurrent=True),
        Layer(izhikevich(), 4),
        Layer(adlif("symplectic_euler", frozen="k", refractory="t_ref"), 4, recurrent=True),
        Layer(HetNeuLIF.with_parameters(**lively), 5),
    ]
    spec = NetworkSpec("0.5 ms", 8, layers, readout=Layer(LeakyReadout, 2))
    values = spec.initial_values(1)
    values["layer_1.feedforward.tau_syn"][:, :2] = [0.0, np.inf]
    values["layer_1.neuron.tau_reset"] = np.array(np.inf)
    values["layer_5.neuron.tau_mem"][:2] = [0.0, np.inf]
    return spec, values


def signal(shape, scale=1.0, seed=0):
    """Smooth enough values for a neuron to follow."""
    steps = np.random.default_rng(seed).normal(size=shape)
    return scale * np.cumsum(steps, axis=0) / np.sqrt(np.arange(1, shape[0] + 1))[:, None, None]


def assert_same(reference, recording, *, atol=1e-12, relative=0.0, least=None):
    """Equal rasters in every cell, with a spike in a hundred cells (or ``least``), and traces to ``atol`` and a part of the largest."""
    assert set(reference.rasters) == set(recording.rasters)
    for name, raster in reference.rasters.items():
        np.testing.assert_array_equal(recording.rasters[name], raster, err_msg=name)
        assert raster.sum() >= (0.01 * raster.size if least is None else least), f"{name} is too silent for this test: {raster.sum()}"
    for name, trace in reference.traces.items():
        assert np.all(np.isfinite(trace)), name
        np.testing.assert_allclose(recording.traces[name], trace, rtol=0, atol=atol + relative * np.abs(trace).max(), err_msg=name)


def agree(spec, inputs, *, values=None, record=(), bound=1e-11, least=20, simulation=None, **options):
    """Simulate with both; no spike differs, and no trace by more than ``bound`` times its largest value."""
    values = spec.initial_values(1) if values is None else values
    names = {"v", *record, *(x for p in spec.populations for x in p.model.neuron_equations.states)}
    names = names if simulation is None else {trace.variable for trace in simulation.traces}
    reference = simulate_reference(spec, values, inputs, record=names)
    recording = simulation.run(inputs) if simulation else simulate(spec, values, inputs, record=sorted(names), **options)
    assert_same(reference, recording, atol=0.0, relative=bound, least=least)
    assert set(reference.traces) == set(recording.traces)
    return recording
