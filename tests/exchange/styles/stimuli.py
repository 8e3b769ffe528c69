"""What drives neurons beside spikes: currents in a TimedArray, and noise."""

import brian2 as b2
import numpy as np
from brian2 import Mohm, ms, mV, nA

from .neurons import spikes_of


def injected_current():
    """The same current for all, sampled more coarsely than the neurons step."""
    stimulus = b2.TimedArray(np.hstack([[c, c, c, 0, 0] for c in (0.1, 0.2, 0.4, 0.8)]) * nA, dt=5 * ms)
    tau, R, source = 10 * ms, 40 * Mohm, spikes_of(3)
    G = b2.NeuronGroup(4, "dv/dt = (-v + R*stimulus(t))/tau : volt", threshold="v > 10*mV", reset="v = 0*mV", method="euler")
    S = b2.Synapses(source, G, "w : volt", on_pre="v += w")
    S.connect()
    S.w = "2*mV*rand()"
    return [source], G, S, locals(), None


def current_of_each():
    """A column for each neuron."""
    t = np.arange(200)[:, None]
    waves = b2.TimedArray((0.2 + 0.6 * np.sin(2 * np.pi * t / (40 + 20 * np.arange(3)))) * nA, dt=1 * ms)
    source = spikes_of(3)
    G = b2.NeuronGroup(
        3,
        """dv/dt = (-v + (50*Mohm)*I)/(10*ms) : volt (unless refractory)
           I = waves(t, i) : amp""",
        threshold="v > 12*mV", reset="v = 0*mV", refractory=2 * ms, method="exponential_euler",
    )  # fmt: skip
    S = b2.Synapses(source, G, "w : volt", on_pre="v += w")
    S.connect()
    S.w = "2*mV*rand()"
    return [source], G, S, locals(), None


def noisy_neurons():
    """White noise of a size that is the neuron's own; the method is Brian2's choice for it."""
    tau, source = 10 * ms, spikes_of(3)
    G = b2.NeuronGroup(
        5,
        """dv/dt = -v/tau + sigma*sqrt(2/tau)*xi : 1
           sigma : 1""",
        threshold="v > 1", reset="v = 0", method="euler",
    )  # fmt: skip
    G.sigma = "0.3 + 0.1*i"
    S = b2.Synapses(source, G, "w : 1", on_pre="v += w")
    S.connect()
    S.w = "0.4*rand()"
    return [source], G, S, locals(), ("w", "sigma")


def sparse_inhibition():
    """Brunel and Hakim's network: noise, delays and a refractory period."""
    Vr, theta, tau, delta, taurefr, J, muext, sigmaext = 10 * mV, 20 * mV, 20 * ms, 2 * ms, 2 * ms, 0.5 * mV, 25 * mV, 1 * mV
    group = b2.NeuronGroup(
        20,
        "dV/dt = (-V + muext + sigmaext*sqrt(tau)*xi)/tau : volt",
        threshold="V > theta",
        reset="V = Vr",
        refractory=taurefr,
        method="euler",
    )
    group.V = Vr
    conn = b2.Synapses(group, group, on_pre="V += -J", delay=delta)
    conn.connect("rand() < 0.3")
    return [], group, conn, locals(), ("J", "sigmaext")


STIMULI = {made.__name__: made for made in (injected_current, current_of_each)}
NOISE = {made.__name__: made for made in (noisy_neurons, sparse_inhibition)}
