"""What tutorials and students write: the time in an equation, shared values, switches, counters, names of mathematics, indegrees."""

import brian2 as b2
import numpy as np
from brian2 import Hz, ms

from .neurons import spikes_of


def driven_by_a_wave():
    """A current that is a formula of the time, as in the tutorial's driven neurons, and a window in which another one flows."""
    A, f, tau, source = 2.5, 20 * Hz, 5 * ms, spikes_of(3)
    G = b2.NeuronGroup(
        3,
        """dv/dt = (I - v)/tau : 1
           I = A*sin(2*pi*f*t) + step*int(t >= 20*ms)*int(t < 60*ms) : 1
           step : 1""",
        threshold="v > 1", reset="v = 0", method="euler",
    )  # fmt: skip
    G.step = "1.5*i"
    S = b2.Synapses(source, G, on_pre="v += 0.1")
    S.connect()
    return [source], G, S, locals(), ("step", "A", "tau")


def phase_locking():
    """Midpoints of steps see the time that lies between."""
    tau, a, b, source = 20 * ms, 0.3, 1.2, spikes_of(2)
    neurons = b2.NeuronGroup(
        4,
        """dv/dt = (-v + a*sin(2*pi*t/tau + shift) + b)/tau : 1
           shift : 1""",
        threshold="v > 1", reset="v = 0", method="rk2",
    )  # fmt: skip
    neurons.v, neurons.shift = "rand()", "0.5*i"
    S = b2.Synapses(source, neurons, "w : 1", on_pre="v += w")
    S.connect()
    S.w = "0.1*rand()"
    return [source], neurons, S, locals(), ("w", "shift", "a")


def shared_values():
    """A gain and an offset of all neurons, one of them made of the other; a switch for each neuron; whole parts of numbers."""
    tau, source = 10 * ms, spikes_of(5)
    G = b2.NeuronGroup(
        5,
        """dv/dt = (gain*(int(active)*1.1 + 0.2*int(2.7*u)) - v)/tau : 1
           du/dt = -u/(20*ms) : 1
           gain : 1 (shared)
           offset = gain/10 : 1 (shared)
           active : boolean""",
        threshold="v > 1 + offset", reset="v = 0", method="euler",
    )  # fmt: skip
    G.gain, G.active = 1.2, "i % 2 == 0"
    S = b2.Synapses(source, G, "w : 1", on_pre="u -= w; v += w")
    S.connect(j="i")
    S.w = "0.5 + rand()"
    return [source], G, S, locals(), ("gain", "w")


def names_of_mathematics():
    """States and constants that sympy has other ideas of, a constant that is as good as held."""
    beta, gamma, E, Q, zeta, source = 0.2, 2.0, 0.1, 1.2, 3 * ms, spikes_of(3)
    G = b2.NeuronGroup(
        4,
        """dv/dt = (-v + beta*S + gamma*I*E + Q*drive)/zeta : 1
           dS/dt = -S/(20*ms) : 1
           I : 1
           drive = exp(-I) : 1 (constant over dt)""",
        threshold="v > 1", reset="v = 0; S -= 0.5", method="euler",
    )  # fmt: skip
    G.I = "0.2*rand()"
    syn = b2.Synapses(source, G, "N0 : 1", on_pre="S_post += N0")
    syn.connect()
    syn.N0 = "rand()"
    return [source], G, syn, locals(), ("gamma", "N0", "I")


def counted_spikes():
    """A reset counts spikes, and makes the next one harder: parameters that only a reset moves."""
    source = spikes_of(3)
    G = b2.NeuronGroup(
        4,
        """dv/dt = (1.5 - v)/(10*ms) : 1 (unless refractory)
           count : 1
           theta : 1""",
        threshold="v > 1 + theta", reset="v = 0; count += 1; theta += 0.02", refractory=2 * ms, method="exact",
    )  # fmt: skip
    G.theta = "0.1*rand()"
    S = b2.Synapses(source, G, "w : 1", on_pre="v += w")
    S.connect()
    S.w = 0.1
    return [source], G, S, locals(), None


def fixed_indegree():
    """As many inputs for each neuron, drawn with replacement: some pairs have two synapses or three."""
    K, n, source, rng = 5, 5, spikes_of(6), np.random.default_rng(1)
    G = b2.NeuronGroup(
        n,
        """dv/dt = (-v + I)/(10*ms) : 1
           dI/dt = -I/(5*ms) : 1""",
        threshold="v > 1", reset="v = 0", method="exact",
    )  # fmt: skip
    S = b2.Synapses(source, G, "w : 1", on_pre="I += w", delay=1.5 * ms)
    S.connect(i=rng.integers(0, 6, K * n), j=np.repeat(np.arange(n), K))
    S.w = "0.5 + rand()"
    return [source], G, S, locals(), None


TUTORIALS = {
    made.__name__: made for made in (driven_by_a_wave, phase_locking, shared_values, names_of_mathematics, counted_spikes, fixed_indegree)
}
