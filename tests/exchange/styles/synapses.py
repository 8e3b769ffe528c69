"""Synapses that are more than a weight: short-term plasticity, currents that rise, channels that saturate."""

import brian2 as b2
from brian2 import Hz, Mohm, ms, mV, nS, pA, pF, second  # noqa: F401 - the scripts' own words

from .neurons import spikes_of


def short_term_plasticity():
    """Tsodyks and Markram's synapse, event-driven: facilitation and depression, statement after statement."""
    tau, Rm, source = 15 * ms, 100 * Mohm, spikes_of(6)
    G = b2.NeuronGroup(
        4,
        """dv/dt = (-v + Rm*I)/tau : volt
           dI/dt = -I/(3*ms) : amp""",
        threshold="v > 15*mV", reset="v = 0*mV", method="exact",
    )  # fmt: skip
    S = b2.Synapses(
        source,
        G,
        """dx/dt = (1 - x)/tau_rec : 1 (event-driven)
           du/dt = -u/tau_facil : 1 (event-driven)
           A : amp
           U : 1
           tau_rec : second
           tau_facil : second""",
        on_pre="""u += U*(1 - u)
                  I_post += A*u*x
                  x -= u*x""",
    )
    S.connect()
    S.x, S.A, S.U = 1, "2*nA + 2*nA*rand()", "0.2 + 0.4*rand()"
    S.tau_rec, S.tau_facil = "50*ms + 200*ms*rand()", "20*ms + 100*ms*rand()"
    return [source], G, S, locals(), ("A", "U", "tau_rec", "tau_facil")


def depressing_network():
    """A recurrent network whose synapses depress: rates as constants, and a variable of the statements alone."""
    E_l, E_e, V_th, g_l, C_m, tau_e, w_e = -60 * mV, 0 * mV, -50 * mV, 9.99 * nS, 198 * pF, 5 * ms, 3 * nS
    U_0, Omega_d, Omega_f, source = 0.6, 2.0 / second, 3.33 / second, spikes_of(6)
    neurons = b2.NeuronGroup(
        10,
        """dv/dt = (g_l*(E_l - v) + g_e*(E_e - v) + 90*pA)/C_m : volt (unless refractory)
           dg_e/dt = -g_e/tau_e : siemens""",
        threshold="v > V_th", reset="v = E_l", refractory="5*ms", method="exponential_euler",
    )  # fmt: skip
    neurons.v = "E_l + rand()*(V_th - E_l)"
    statements = """u_S += U_0*(1 - u_S)
                    r_S = u_S*x_S
                    x_S -= r_S
                    g_e_post += w_e*r_S"""
    states = """du_S/dt = -Omega_f*u_S : 1 (event-driven)
                dx_S/dt = Omega_d*(1 - x_S) : 1 (event-driven)"""
    recurrent, drive = (b2.Synapses(before, neurons, states, on_pre=statements) for before in (neurons, source))
    recurrent.connect(condition="i != j", p=0.4)
    drive.connect(p=0.7)
    recurrent.x_S, drive.x_S = 1, 1
    return [source], neurons, [recurrent, drive], locals(), ("w_e", "U_0", "Omega_d")


def alpha_synapses():
    """A current that rises and falls, of every synapse its own: two states that are coupled."""
    source = spikes_of(8)
    G = b2.NeuronGroup(
        4,
        """dv/dt = (I - v)/(12*ms) : volt
           I : volt""",
        threshold="v > 8*mV", reset="v = 0*mV", method="exact",
    )  # fmt: skip
    S = b2.Synapses(
        source,
        G,
        """dg/dt = (h - g)/tau_s : volt (clock-driven)
           dh/dt = -h/tau_s : volt (clock-driven)
           tau_s : second
           w : volt
           I_post = g : volt (summed)""",
        on_pre="h += w",
        method="exact",
    )
    S.connect(p=0.8)
    S.tau_s, S.w = "4*ms + 4*ms*rand()", "6*mV + 9*mV*rand()"
    return [source], G, S, locals(), ("tau_s", "w")


def saturating_nmda():
    """Channels that can't open twice, and open after the transmitter's own course."""
    a, b, c, source = 1 / (20 * ms), 1 / (5 * ms), 1 / (4 * ms), spikes_of(6)
    neurons = b2.NeuronGroup(
        3,
        """dv/dt = (3*g - v)/(10*ms) : 1
           g : 1""",
        threshold="v > 1", reset="v = 0", method="exact",
    )  # fmt: skip
    S = b2.Synapses(
        source,
        neurons,
        """dg_syn/dt = -a*g_syn + b*x*(1 - g_syn) : 1 (clock-driven)
           dx/dt = -c*x : 1 (clock-driven)
           w : 1
           g_post = g_syn : 1 (summed)""",
        on_pre="x += w",
        method="rk2",
    )
    S.connect()
    S.w = "0.3 + 0.5*rand()"
    return [source], neurons, S, locals(), None


SYNAPSES = {made.__name__: made for made in (short_term_plasticity, depressing_network, alpha_synapses, saturating_nmda)}
