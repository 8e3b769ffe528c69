"""Single neurons as scripts have them: what differs is in the group, and synapses only drive it."""

import brian2 as b2
from brian2 import Hz, cm, mS, ms, mV, nS, pA, pF, siemens, uA, uF  # noqa: F401 - the scripts' own words


def spikes_of(n):
    return b2.SpikeGeneratorGroup(n, [], [] * ms)


def alone():
    """A group without synapses: the first neuron of Brian2's tutorial, with a drive of each neuron's own."""
    tau = 10 * ms
    G = b2.NeuronGroup(
        6,
        """dv/dt = (I - v)/tau : 1 (unless refractory)
           I : 1""",
        threshold="v > 0.8", reset="v = 0", refractory=5 * ms, method="exact",
    )  # fmt: skip
    G.I = "1 + 0.2*i"
    return [], G, [], locals(), None


def phase():
    """An oscillator, whose equation has a constant of nature; the threshold says what Brian2 adds by itself."""
    kick, source = 0.2, spikes_of(3)
    G = b2.NeuronGroup(
        3,
        "dtheta/dt = 2*pi*80*Hz : 1",
        threshold="theta > 2*pi and not_refractory",
        reset="theta -= 2*pi",
        refractory=1 * ms,
        method="euler",
    )
    S = b2.Synapses(source, G, on_pre="theta += kick")
    S.connect()
    return [source], G, S, locals(), ("kick",)


def adaptive_threshold():
    tau, source = 20 * ms, spikes_of(10)
    G = b2.NeuronGroup(
        4,
        """dv/dt = -v/(10*ms) : volt
           dvt/dt = (10*mV - vt)/(15*ms) : volt""",
        threshold="v > vt",
        reset="""v = 0*mV
                 vt += 3*mV""",
        method="exact",
    )
    G.vt = 10 * mV
    S = b2.Synapses(source, G, "w : volt", on_pre="v += w")
    S.connect()
    S.w = "1*mV + 3*mV*rand()"
    return [source], G, S, locals(), None


def its_own_drive():
    """Every neuron has a drive of its own, by its number; Heun's method, without noise."""
    tau, v0_max, n_neurons, source = 10 * ms, 30 * mV, 1.0, spikes_of(4)
    G = b2.NeuronGroup(5, "dv/dt = (v0_max*i/(N - n_neurons) - v)/tau : volt", threshold="v > 15*mV", reset="v = 0*mV", method="heun")
    S = b2.Synapses(source, G, on_pre="v += 2*mV")
    S.connect(condition="i != j")
    return [source], G, S, locals(), ("tau", "v0_max")


def izhikevich():
    a, b, c, d, source = 0.02 / ms, 0.2 / ms, -65 * mV, 8 * mV / ms, spikes_of(10)
    G = b2.NeuronGroup(
        4,
        """dv/dt = (0.04/ms/mV)*v**2 + (5/ms)*v + 140*mV/ms - u + I : volt
           du/dt = a*(b*v - u) : volt/second
           dI/dt = -I/(5*ms) : volt/second""",
        threshold="v >= 30*mV", reset="v = c; u += d", method="euler",
    )  # fmt: skip
    G.v, G.u = c, b * c
    S = b2.Synapses(source, G, "w : volt/second", on_pre="I += w")
    S.connect()
    S.w = "10*rand()*mV/ms"
    return [source], G, S, locals(), ("w", "d")


def adaptation():
    """A current that every spike makes larger and that pulls the neuron down; a constant inside the group's own namespace."""
    source = spikes_of(6)
    G = b2.NeuronGroup(
        4,
        """dv/dt = (El - v + R*(I - g))/tau : volt (unless refractory)
           dg/dt = -g/tau_g : amp
           I : amp (constant)""",
        threshold="v > -55*mV",
        reset="v = El; g += 40*pA",
        refractory="2*ms",
        method="exponential_euler",
        namespace={"El": -70 * mV, "R": 100 * b2.Mohm, "tau": 12 * ms, "tau_g": 80 * ms},
    )
    G.v = -70 * mV
    G.I = "(180 + 60*i)*pA"
    S = b2.Synapses(source, G, on_pre="v_post += 1.5*mV")
    S.connect(j="k for k in range(N_post) if (i + k) % 2 == 0")
    return [source], G, S, locals(), ("I", "tau_g")


def adex():
    """Exponential integrate-and-fire with adaptation, by Runge and Kutta; a cut that is an expression."""
    C, gL, EL, VT, DeltaT = 281 * pF, 30 * nS, -70.6 * mV, -50.4 * mV, 2 * mV
    tauw, a, b, Vr, source = 144 * ms, 4 * nS, 80.5 * pA, -70.6 * mV, spikes_of(5)
    Vcut = VT + 5 * DeltaT
    G = b2.NeuronGroup(
        3,
        """dvm/dt = (gL*(EL - vm) + gL*DeltaT*exp((vm - VT)/DeltaT) + I - w)/C : volt
           dw/dt = (a*(vm - EL) - w)/tauw : amp
           I : amp""",
        threshold="vm > Vcut",
        reset="vm = Vr; w += b",
        method="rk4",
    )
    G.vm = EL
    G.I = [900, 1000, 1100] * pA
    S = b2.Synapses(source, G, on_pre="vm += 2*mV")
    S.connect()
    return [source], G, S, locals(), ("b", "I")


def fitzhugh_nagumo():
    """A spike is the moment in which the threshold is crossed: there is no reset."""
    w, source = 0.3, spikes_of(4)
    G = b2.NeuronGroup(
        3,
        """dv/dt = (v - v**3/3 - u + 0.5)/ms : 1
           du/dt = 0.08*(v + 0.7 - 0.8*u)/ms : 1""",
        threshold="v > 1",
        refractory="v > 1",
        method="rk4",
    )
    G.v, G.u = -1, -0.5
    S = b2.Synapses(source, G, on_pre="v += w")
    S.connect()
    return [source], G, S, locals(), ("w",)


def morris_lecar():
    Cm, gL, gCa, gK = 20 * uF / cm**2, 2 * mS / cm**2, 4.4 * mS / cm**2, 8 * mS / cm**2
    VL, VCa, VK, V1, V2, V3, V4, phi = -60 * mV, 120 * mV, -84 * mV, -1.2 * mV, 18 * mV, 2 * mV, 30 * mV, 0.04 / ms
    source = spikes_of(4)
    G = b2.NeuronGroup(
        12,
        """dV/dt = (-gL*(V - VL) - gCa*m_inf*(V - VCa) - gK*n*(V - VK) + I)/Cm : volt
           dn/dt = phi*cosh((V - V3)/(2*V4))*(n_inf - n) : 1
           m_inf = 0.5*(1 + tanh((V - V1)/V2)) : 1
           n_inf = 0.5*(1 + tanh((V - V3)/V4)) : 1
           I : amp/meter**2""",
        threshold="V > 0*mV",
        refractory="V > 0*mV",
        method="rk2",
    )
    G.V = -60 * mV
    G.I = "(95 + 5*i)*uA/cm**2"
    S = b2.Synapses(source, G, on_pre="V += 3*mV")
    S.connect()
    return [source], G, S, locals(), ("I", "phi")


def wang_buzsaki():
    """Sodium channels that follow at once, as a subexpression; rates by exprel."""
    Cm, gL, gNa, gK, source = 1 * uF / cm**2, 0.1 * mS / cm**2, 35 * mS / cm**2, 9 * mS / cm**2, spikes_of(5)
    EL, ENa, EK, phi = -65 * mV, 55 * mV, -90 * mV, 5.0
    G = b2.NeuronGroup(
        2,
        """dv/dt = (-gNa*m**3*h*(v - ENa) - gK*n**4*(v - EK) - gL*(v - EL) + I)/Cm : volt
           m = alpha_m/(alpha_m + beta_m) : 1
           alpha_m = 1/exprel(-(v + 35*mV)/(10*mV))/ms : Hz
           beta_m = 4*exp(-(v + 60*mV)/(18*mV))/ms : Hz
           dh/dt = phi*(0.07*exp(-(v + 58*mV)/(20*mV))/ms*(1 - h) - 1/(exp(-0.1/mV*(v + 28*mV)) + 1)/ms*h) : 1
           dn/dt = phi*(0.1/exprel(-(v + 34*mV)/(10*mV))/ms*(1 - n) - 0.125*exp(-(v + 44*mV)/(80*mV))/ms*n) : 1
           dI/dt = -I/(10*ms) : amp/meter**2""",
        threshold="v > -20*mV",
        refractory=3 * ms,
        method="exponential_euler",
    )
    G.v, G.h, G.n = -65 * mV, 0.8, 0.1
    S = b2.Synapses(source, G, "w : amp/meter**2", on_pre="I += w")
    S.connect()
    S.w = "(0.5 + rand())*uA/cm**2"
    return [source], G, S, locals(), None


NEURONS = {
    made.__name__: made
    for made in (
        alone, phase, adaptive_threshold, its_own_drive, izhikevich, adaptation, adex, fitzhugh_nagumo, morris_lecar, wang_buzsaki,
    )
}  # fmt: skip
