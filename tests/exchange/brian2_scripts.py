"""Three networks as people write them in Brian2, with their numbers in Python variables, and how to run them as a spec is stepped."""

from __future__ import annotations

from types import SimpleNamespace

import brian2 as b2
import numpy as np
from brian2 import Hz, cm, mS, ms, msiemens, mV, nA, nS, pA, pF, uF, um  # noqa: F401 - the scripts' own words

from hetsyn_sim.brian import use_step_order
from hetsyn_sim.exchange import from_brian2

__all__ = ["SCRIPTS", "adex", "hodgkin_huxley", "leaky", "made", "run", "values_of"]


def leaky(seed=0):
    """Currents that decay, summed over synapses; every synapse has its own time constant; recurrent synapses; not all-to-all."""
    rng = np.random.default_rng(seed)
    b2.seed(seed)
    source = b2.SpikeGeneratorGroup(6, [], [] * ms, dt=1 * ms)
    group = b2.NeuronGroup(
        5,
        """dv/dt = (v_rest - v + R_m*I)/tau_m : volt (unless refractory)
           tau_m : second (constant)
           I : amp""",
        threshold="v > -50*mV",
        reset="v = v_rest - 5*mV",
        refractory=2 * ms,
        method="exact",
        dt=1 * ms,
        namespace={"v_rest": -65 * mV, "R_m": 100e6 * b2.ohm},
    )
    group.v = -65 * mV
    group.tau_m = rng.uniform(10, 20, 5) * ms
    inputs = b2.Synapses(
        source,
        group,
        """dg/dt = -g/tau_s : amp (clock-driven)
           w : amp
           tau_s : second
           I_post = g : amp (summed)""",
        on_pre="g += w",
        method="exact",
        dt=1 * ms,
    )
    inputs.connect(p=0.7)
    inputs.w = rng.uniform(0, 150, len(inputs)) * pA
    inputs.tau_s = rng.uniform(3, 20, len(inputs)) * ms
    recurrent = b2.Synapses(group, group, "w : volt", on_pre="v += w", dt=1 * ms)
    recurrent.connect(condition="i != j")
    recurrent.w = rng.uniform(-2, 2, len(recurrent)) * mV
    return SimpleNamespace(sources=[source], group=group, synapses=[inputs, recurrent], namespace=None, dt=1 * ms)


def adex(seed=0):
    """Conductances of two kinds from two sources, one weighted where it is summed, constants in Python variables."""
    rng = np.random.default_rng(seed)
    b2.seed(seed)
    C, g_L, E_L, V_T, D_T = 281 * pF, 30 * nS, -70.6 * mV, -50.4 * mV, 2 * mV
    tau_w, a, b, V_r, tau_e, E_i = 144 * ms, 4 * nS, 80.5 * pA, -70.6 * mV, 5 * ms, -80 * mV
    namespace = {name: value for name, value in locals().items() if name not in ("rng", "seed")}
    excitation = b2.SpikeGeneratorGroup(8, [], [] * ms, dt=0.1 * ms)
    inhibition = b2.SpikeGeneratorGroup(3, [], [] * ms, dt=0.1 * ms)
    group = b2.NeuronGroup(
        4,
        """dv/dt = (g_L*(E_L - v) + g_L*D_T*exp((v - V_T)/D_T) - w + I_syn)/C : volt
           dw/dt = (a*(v - E_L) - w)/tau_w : amp
           dg_e/dt = -g_e/tau_e : siemens
           I_syn = -g_e*v + g_i*(E_i - v) : amp
           g_i : siemens""",
        threshold="v > V_T + 5*D_T",
        reset="""v = V_r
                 w += b""",
        method="rk2",
        dt=0.1 * ms,
    )
    group.v = "E_L"
    group.namespace.update(namespace)
    first = b2.Synapses(excitation, group, "w_e : 1", on_pre="g_e += w_e*nS", dt=0.1 * ms)
    first.connect()
    first.w_e = rng.uniform(0, 20, len(first))
    second = b2.Synapses(
        inhibition,
        group,
        """ds/dt = -s/(8*ms) : 1 (clock-driven)
           w_i : siemens (constant)
           g_i_post = w_i*s : siemens (summed)""",
        on_pre="s += 1",
        method="exact",
        dt=0.1 * ms,
    )
    second.connect(p=0.8)
    second.w_i = rng.uniform(0, 5, len(second)) * nS
    return SimpleNamespace(sources=[excitation, inhibition], group=group, synapses=[first, second], namespace=None, dt=0.1 * ms)


def hodgkin_huxley(seed=0):
    """The neuron of Brian2's own example COBAHH, whose numbers are written into the equations, with the namespace of the script."""
    b2.seed(seed)
    area = 20000 * um**2
    names = {
        "Cm": (1 * uF * cm**-2) * area,
        "gl": (5e-5 * b2.siemens * cm**-2) * area,
        "El": -60 * mV,
        "EK": -90 * mV,
        "ENa": 50 * mV,
        "g_na": (100 * msiemens * cm**-2) * area,
        "g_kd": (30 * msiemens * cm**-2) * area,
        "VT": -63 * mV,
        "taue": 5 * ms,
        "we": 6 * nS,
    }
    source = b2.SpikeGeneratorGroup(10, [], [] * ms, dt=0.05 * ms)
    group = b2.NeuronGroup(
        3,
        """dv/dt = (gl*(El-v)+ge*(-v)-
                 g_na*(m*m*m)*h*(v-ENa)-
                 g_kd*(n*n*n*n)*(v-EK))/Cm : volt
           dm/dt = alpha_m*(1-m)-beta_m*m : 1
           dn/dt = alpha_n*(1-n)-beta_n*n : 1
           dh/dt = alpha_h*(1-h)-beta_h*h : 1
           dge/dt = -ge*(1./taue) : siemens
           alpha_m = 0.32*(mV**-1)*4*mV/exprel((13*mV-v+VT)/(4*mV))/ms : Hz
           beta_m = 0.28*(mV**-1)*5*mV/exprel((v-VT-40*mV)/(5*mV))/ms : Hz
           alpha_h = 0.128*exp((17*mV-v+VT)/(18*mV))/ms : Hz
           beta_h = 4./(1+exp((40*mV-v+VT)/(5*mV)))/ms : Hz
           alpha_n = 0.032*(mV**-1)*5*mV/exprel((15*mV-v+VT)/(5*mV))/ms : Hz
           beta_n = .5*exp((10*mV-v+VT)/(40*mV))/ms : Hz""",
        threshold="v > -20*mV",
        refractory="v > -20*mV",
        method="exponential_euler",
        dt=0.05 * ms,
    )
    group.v = np.random.default_rng(seed).uniform(-65, -55, 3) * mV
    synapses = b2.Synapses(source, group, on_pre="ge += we", dt=0.05 * ms)
    synapses.connect(p=0.8)
    return SimpleNamespace(sources=[source], group=group, synapses=synapses, namespace=names, dt=0.05 * ms)


SCRIPTS = {"leaky": leaky, "adex": adex, "hodgkin_huxley": hodgkin_huxley}


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


def values_of(group, synapses=None, namespace=None):
    """The values that the objects hold, of a network of which nothing is trained."""
    return from_brian2(group, synapses, namespace=namespace or {}, trainable=()).values


def run(script, inputs):
    """The raster of a script, in which each step is done in the order of a spec whose resets come first."""
    synapses = script.synapses if isinstance(script.synapses, list) else [script.synapses]
    groups = script.group if isinstance(script.group, list) else [script.group]
    monitors = [b2.SpikeMonitor(group) for group in groups]
    network = b2.Network(*script.sources, *groups, *synapses, *monitors)
    use_step_order(network)
    begin = 0
    for source in script.sources:
        steps, channels = np.nonzero(inputs[:, begin : begin + len(source)])
        source.set_spikes(channels, steps * script.dt)
        begin += len(source)
    network.run(len(inputs) // 3 * script.dt, namespace=script.namespace or {})
    network.run((len(inputs) - len(inputs) // 3) * script.dt, namespace=script.namespace or {})
    rasters = []
    for group, monitor in zip(groups, monitors, strict=True):
        rasters.append(np.zeros((len(inputs), len(group)), dtype=bool))
        rasters[-1][np.round(np.asarray(monitor.t / script.dt)).astype(int), np.asarray(monitor.i)] = True
    return np.concatenate(rasters, axis=1)
