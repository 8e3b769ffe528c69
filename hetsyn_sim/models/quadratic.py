"""The quadratic integrate-and-fire neuron: the normal form of a neuron that begins to fire at rate 0."""

from brian2 import Mohm, ms, mV, nA, pA

from ..spec import RESET_FIRST, UNBOUNDED, FanInNormal, NeuronModel, Parameter, Uniform

# the parabola is 0 at rest, E_L, and at V_c, and has slope -1 at rest: tau_mem is the time constant of small deflections from there
QIF = NeuronModel(
    name="QIF",
    on_pre="I_s_post += w",
    neuron="""
        dv/dt = ((v - E_L)*(v - V_c)/(V_c - E_L) + R_m*(I_s + I_0))/tau_mem : volt
        dI_s/dt = -I_s/tau_syn : amp
        """,
    threshold="v > V_peak",
    reset="v = V_r",
    initial={"v": "E_L"},
    scheme="rk4",
    parameters={
        "w": Parameter(axes="post pre", unit=pA, initial=FanInNormal(1 * nA), bounds=UNBOUNDED, trainable=True),
        "tau_mem": Parameter(axes="post", unit=ms, initial=Uniform(8 * ms, 12 * ms), bounds=(1 * ms, 200 * ms), trainable=True),
        "tau_syn": Parameter(axes="post", unit=ms, initial=5 * ms, bounds=(0.5 * ms, 200 * ms), trainable=True),
        "I_0": Parameter(axes="post", unit=pA, initial=0 * pA, bounds=UNBOUNDED, trainable=True),
        "R_m": Parameter(axes="layer", unit=Mohm, initial=100 * Mohm),
        "E_L": Parameter(axes="layer", unit=mV, initial=-65 * mV),
        "V_c": Parameter(axes="layer", unit=mV, initial=-50 * mV),
        "V_peak": Parameter(axes="layer", unit=mV, initial=30 * mV),
        "V_r": Parameter(axes="layer", unit=mV, initial=-70 * mV),
    },
    reference="Latham et al. 2000 (J. Neurophysiol.), eq. 1; Ermentrout 1996 (Neural Comput.); Gerstner et al. 2014 (Neuronal Dynamics), "
    "section 5.3, eq. 5.16",
    step_order=RESET_FIRST,
)
