"""What drives neurons beside spikes: currents in a TimedArray, and noise."""

import brian2 as b2
import numpy as np
from brian2 import Hz, ms, mV, nA, pA, second  # noqa: F401 - the scripts' own words

from .neurons import spikes_of


def injected_current():
    """The same current for all, sampled more coarsely than the neurons step."""
    stimulus = b2.TimedArray(np.hstack([[c, c, c, 0, 0] for c in (0.1, 0.2, 0.4, 0.8)]) * nA, dt=5 * ms)
    tau, R, source = 10 * ms, 40 * b2.Mohm, spikes_of(3)
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
    from brian2 import Mohm  # noqa: F401

    return [source], G, S, locals(), None


STIMULI = {made.__name__: made for made in (injected_current, current_of_each)}
