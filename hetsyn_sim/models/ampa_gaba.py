"""Leaky neurons with two kinds of synapses, AMPA and GABA: once as currents, once as conductances with reversal potentials.

Every synapse has a weight of each kind, none below 0. A network in which training keeps both is Dale's law given up; setting one of the two
to 0 keeps it.
"""

from brian2 import Mohm, ms, mV, nS, pA, pF

from ..spec import NeuronModel, Parameter, Uniform

_SHARED = {
    "tau_ampa": Parameter(axes="post", unit=ms, initial=5 * ms, bounds=(0.5 * ms, 50 * ms), trainable=True),
    "tau_gaba": Parameter(axes="post", unit=ms, initial=10 * ms, bounds=(0.5 * ms, 100 * ms), trainable=True),
    "I_0": Parameter(axes="post", unit=pA, initial=0 * pA),
    "E_L": Parameter(axes="layer", unit=mV, initial=-60 * mV),
    "V_th": Parameter(axes="layer", unit=mV, initial=-50 * mV),
    "V_r": Parameter(axes="layer", unit=mV, initial=-60 * mV),
    "t_ref": Parameter(axes="layer", unit=ms, initial=5 * ms),
}

CubaLIF = NeuronModel(
    name="CubaLIF",
    on_pre="I_ampa_post += w_ampa; I_gaba_post += w_gaba",
    neuron="""
        dv/dt = (E_L - v + R_m*(I_ampa - I_gaba + I_0))/tau_mem : volt (unless refractory)
        dI_ampa/dt = -I_ampa/tau_ampa : amp
        dI_gaba/dt = -I_gaba/tau_gaba : amp
        """,
    threshold="v > V_th",
    reset="v = V_r",
    refractory="t_ref",
    initial={"v": "E_L"},
    parameters={
        "w_ampa": Parameter(axes="post pre", unit=pA, initial=Uniform(0 * pA, 200 * pA), bounds=(0 * pA, 1000 * pA), trainable=True),
        "w_gaba": Parameter(axes="post pre", unit=pA, initial=Uniform(0 * pA, 50 * pA), bounds=(0 * pA, 1000 * pA), trainable=True),
        "tau_mem": Parameter(axes="post", unit=ms, initial=20 * ms, bounds=(1 * ms, 200 * ms), trainable=True),
        "R_m": Parameter(axes="layer", unit=Mohm, initial=100 * Mohm),
        **_SHARED,
    },
    reference="Vogels and Abbott 2005 (J. Neurosci.); Brette et al. 2007 (J. Comput. Neurosci.), benchmark 2 (CUBA), with currents in pA",
)

# exponential Euler: with the conductances held over the step, v has an exact step
CobaLIF = NeuronModel(
    name="CobaLIF",
    on_pre="g_ampa_post += w_ampa; g_gaba_post += w_gaba",
    neuron="""
        dv/dt = (g_L*(E_L - v) + g_ampa*(E_ampa - v) + g_gaba*(E_gaba - v) + I_0)/C : volt (unless refractory)
        dg_ampa/dt = -g_ampa/tau_ampa : siemens
        dg_gaba/dt = -g_gaba/tau_gaba : siemens
        """,
    threshold="v > V_th",
    reset="v = V_r",
    refractory="t_ref",
    initial={"v": "E_L"},
    scheme="exponential_euler",
    parameters={
        "w_ampa": Parameter(axes="post pre", unit=nS, initial=Uniform(0 * nS, 6 * nS), bounds=(0 * nS, 100 * nS), trainable=True),
        "w_gaba": Parameter(axes="post pre", unit=nS, initial=Uniform(0 * nS, 6 * nS), bounds=(0 * nS, 500 * nS), trainable=True),
        "C": Parameter(axes="layer", unit=pF, initial=200 * pF),
        "g_L": Parameter(axes="post", unit=nS, initial=10 * nS, bounds=(1 * nS, 100 * nS), trainable=True),
        "E_ampa": Parameter(axes="layer", unit=mV, initial=0 * mV),
        "E_gaba": Parameter(axes="layer", unit=mV, initial=-80 * mV),
        **_SHARED,
    },
    reference="Vogels and Abbott 2005 (J. Neurosci.); Brette et al. 2007 (J. Comput. Neurosci.), benchmark 1 (COBA), with its values",
)
