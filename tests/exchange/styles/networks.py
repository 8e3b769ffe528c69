"""Networks as scripts have them: excitation and inhibition, sparse and recurrent, parts of groups, currents and conductances."""

import brian2 as b2
from brian2 import Mohm, ms, mV, nS, pA, pF  # noqa: F401 - the scripts' own words

from .neurons import spikes_of


def cuba():
    """A quarter of the neurons inhibits; the voltage has another name; populations are parts of one group."""
    taum, taue, taui, Vt, Vr, El, we, wi = 20 * ms, 5 * ms, 10 * ms, -50 * mV, -60 * mV, -49 * mV, 1.62 * mV, -9 * mV
    source = spikes_of(10)
    P = b2.NeuronGroup(
        20,
        """dvm/dt = (ge + gi - (vm - El))/taum : volt (unless refractory)
           dge/dt = -ge/taue : volt
           dgi/dt = -gi/taui : volt""",
        threshold="vm > Vt", reset="vm = Vr", refractory=5 * ms, method="exact",
    )  # fmt: skip
    P.vm = "Vr + rand()*(Vt - Vr)"
    Ce = b2.Synapses(P[:15], P, on_pre="ge += we")
    Ci = b2.Synapses(P[15:], P, on_pre="gi += wi")
    drive = b2.Synapses(source, P[:10], on_pre="ge += 2*we")
    Ce.connect(p=0.3)
    Ci.connect(p=0.3)
    drive.connect(p=0.5)
    return [source], P, [Ce, Ci, drive], locals(), ("we", "wi")


def coba():
    C, gL, El, Ee, Ei, we, wi = 200 * pF, 10 * nS, -60 * mV, 0 * mV, -80 * mV, 6 * nS, 20 * nS
    taue, taui, source, other = 5 * ms, 10 * ms, spikes_of(8), spikes_of(4)
    G = b2.NeuronGroup(
        6,
        """dV/dt = (gL*(El - V) + ge*(Ee - V) + gi*(Ei - V))/C : volt (unless refractory)
           dge/dt = -ge/taue : siemens
           dgi/dt = -gi/taui : siemens""",
        threshold="V > -50*mV", reset="V = El", refractory="5*ms", method="exponential_euler",
    )  # fmt: skip
    G.V = "El + 8*mV*rand()"
    excitatory = b2.Synapses(source, G, on_pre="ge += we")
    inhibitory = b2.Synapses(other, G, on_pre="gi += wi")
    excitatory.connect(p=0.7)
    inhibitory.connect(p=0.4)
    return [source, other], G, [excitatory, inhibitory], locals(), ("we", "wi", "taue")


def summed_conductances():
    """Two kinds of synapses with a state each, summed into the neuron; the weight of one is applied where it is summed."""
    E_L, E_e, E_i, tau_m, source, other = -65 * mV, 0 * mV, -75 * mV, 15 * ms, spikes_of(8), spikes_of(4)
    G = b2.NeuronGroup(
        5,
        """dv/dt = (E_L - v + g_e*(E_e - v) + g_i*(E_i - v))/tau_m : volt (unless refractory)
           g_e : 1
           g_i : 1""",
        threshold="v > -50*mV", reset="v = E_L", refractory=2 * ms, method="exponential_euler",
    )  # fmt: skip
    G.v = E_L
    ampa = b2.Synapses(
        source, G, "ds/dt = -s/(3*ms) : 1 (clock-driven)\nw : 1\ng_e_post = w*s : 1 (summed)", on_pre="s += 1", method="exact"
    )
    gaba = b2.Synapses(
        other, G, "dq/dt = -q/tau_q : 1 (clock-driven)\ntau_q : second\ng_i_post = q : 1 (summed)", on_pre="q += 0.5", method="exact"
    )
    ampa.connect(p=0.8)
    gaba.connect(p=0.5)
    ampa.w = "0.2 + 0.6*rand()"
    gaba.tau_q = "5*ms + 10*ms*rand()"
    return [source, other], G, [ampa, gaba], locals(), None


def alpha_currents():
    """A volley through pools of one group, as in a synfire chain: alpha-shaped currents of the neuron."""
    Vr, Vt, taum, taupsp, weight, source = -70 * mV, -55 * mV, 10 * ms, 0.325 * ms, 60 * mV, spikes_of(6)
    P = b2.NeuronGroup(
        12,
        """dV/dt = (-(V - Vr) + x)*(1.0/taum) : volt
           dx/dt = (-x + y)*(1.0/taupsp) : volt
           dy/dt = -y*(1.0/taupsp) + 10*mV/ms : volt""",
        threshold="V > Vt", reset="V = Vr", refractory=1 * ms, method="euler",
    )  # fmt: skip
    P.V = Vr
    chain = b2.Synapses(P, P, on_pre="y += weight")
    chain.connect(j="k for k in range((int(i/4) + 1)*4, (int(i/4) + 2)*4) if i < N_pre - 4")
    first = b2.Synapses(source, P[:4], on_pre="y += 4*weight")
    first.connect()
    return [source], P, [chain, first], locals(), ("weight",)


def lateral_inhibition():
    """One group onto itself by a distance between neurons; weights of the script are an expression of their numbers."""
    tau, source = 20 * ms, spikes_of(9)
    G = b2.NeuronGroup(9, "dv/dt = (0.9 - v)/tau : 1", threshold="v > 1", reset="v = 0", method="exact")
    forward = b2.Synapses(source, G, "w : 1", on_pre="v_post += w")
    forward.connect(condition="abs(i - j) < 2")
    forward.w = "0.3*exp(-(i - j)**2/2.0)"
    lateral = b2.Synapses(G, G, "w : 1", on_pre="v_post -= w")
    lateral.connect(condition="i != j")
    lateral.w = "0.1/(1 + abs(i - j))"
    return [source], G, [forward, lateral], locals(), None


def two_populations():
    """Excitatory and inhibitory neurons in groups of their own, of the same equations and with other parameters."""
    Vr, Vt, taue, taui, source = -60 * mV, -50 * mV, 5 * ms, 10 * ms, spikes_of(8)
    equations = """dv/dt = (El - v + ge + gi)/taum : volt (unless refractory)
                   dge/dt = -ge/taue : volt
                   dgi/dt = -gi/taui : volt
                   taum : second (constant, shared)
                   El : volt (constant)"""
    E, I = (b2.NeuronGroup(n, equations, threshold="v > Vt", reset="v = Vr", refractory=2 * ms, method="exact") for n in (12, 4))
    E.taum, I.taum, E.El, I.El = 20 * ms, 12 * ms, "-58*mV + i*0.2*mV", -60 * mV
    E.v, I.v = "Vr + rand()*(Vt - Vr)", -60 * mV
    EE = b2.Synapses(E, E, "w : volt", on_pre="ge += w")
    EI = b2.Synapses(E, I, on_pre="ge += 3*mV")
    IE = b2.Synapses(I, E, "w : volt", on_pre="gi -= w")
    drive = b2.Synapses(source, E[:6], on_pre="v_post += 4*mV")
    EE.connect(condition="i != j", p=0.4)
    EI.connect(p=0.6)
    IE.connect()
    drive.connect()
    EE.w, IE.w = "1*mV*rand()", "4*mV*rand()"
    return [source], [E, I], [EE, EI, IE, drive], locals(), ("w", "w_3", "El")


NETWORKS = {made.__name__: made for made in (cuba, coba, summed_conductances, alpha_currents, lateral_inhibition, two_populations)}
