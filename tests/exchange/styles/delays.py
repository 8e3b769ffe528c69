"""Axonal delays as scripts have them: one for all synapses, one for each, between neurons of one group."""

import brian2 as b2
from brian2 import ms, mV, nS, pF  # noqa: F401 - the scripts' own words

from .neurons import spikes_of


def delay_line():
    """Coincidences, found by delays that grow with the neuron's number."""
    tau, source = 1 * ms, spikes_of(6)
    neurons = b2.NeuronGroup(8, "dv/dt = -v/tau : 1", threshold="v > 1", reset="v = 0", method="exact")
    S = b2.Synapses(source, neurons, "w : 1", on_pre="v += w")
    S.connect()
    S.w = "0.4 + 0.3*rand()"
    S.delay = "(i + 1)*j*0.1*ms"
    return [source], neurons, S, locals(), None


def random_delays():
    """A sparse network onto itself, as Brunel's: delays at random, weights that are constants of the script."""
    tau, mu, w_e, w_i, source = 20 * ms, 21 * mV, 1 * mV, -4 * mV, spikes_of(5)
    N = b2.NeuronGroup(
        20, "dv/dt = (mu - v)/tau : volt (unless refractory)", threshold="v > 20*mV", reset="v = 10*mV", refractory=2 * ms, method="exact"
    )
    N.v = "10*mV + 10*mV*rand()"
    excitatory = b2.Synapses(N[:15], N, on_pre="v += w_e")
    inhibitory = b2.Synapses(N[15:], N, on_pre="v += w_i", delay=1.5 * ms)
    outside = b2.Synapses(source, N, on_pre="v += 2*w_e")
    for s in (excitatory, inhibitory, outside):
        s.connect(p=0.3)
    excitatory.delay = "0.5*ms + 2*ms*rand()"
    return [source], N, [excitatory, inhibitory, outside], locals(), ("w_e", "w_i")


DELAYS = {made.__name__: made for made in (delay_line, random_delays)}
