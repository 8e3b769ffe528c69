"""The leaky integrate-and-fire neuron of the textbooks: exponential synaptic currents, hard reset, refractory period, in pA and mV."""

from brian2 import Mohm, ms, mV, nA, pA

from ..spec import UNBOUNDED, FanInNormal, NeuronModel, Parameter, Uniform

LIF = NeuronModel(
    name="LIF",
    on_pre="I_s_post += w",
    neuron="""
        dv/dt = (E_L - v + R_m*(I_s + I_0))/tau_mem : volt (unless refractory)
        dI_s/dt = -I_s/tau_syn : amp
        """,
    threshold="v > V_th",
    reset="v = V_r",
    refractory="t_ref",
    initial={"v": "E_L"},
    parameters={
        "w": Parameter(axes="post pre", unit=pA, initial=FanInNormal(2 * nA), bounds=UNBOUNDED, trainable=True),
        "tau_mem": Parameter(axes="post", unit=ms, initial=Uniform(15 * ms, 25 * ms), bounds=(1 * ms, 200 * ms), trainable=True),
        "tau_syn": Parameter(axes="post", unit=ms, initial=5 * ms, bounds=(0.5 * ms, 200 * ms), trainable=True),
        "I_0": Parameter(axes="post", unit=pA, initial=0 * pA, bounds=UNBOUNDED, trainable=True),
        "R_m": Parameter(axes="layer", unit=Mohm, initial=100 * Mohm),
        "E_L": Parameter(axes="layer", unit=mV, initial=-60 * mV),
        "V_th": Parameter(axes="layer", unit=mV, initial=-50 * mV),
        "V_r": Parameter(axes="layer", unit=mV, initial=-60 * mV),
        "t_ref": Parameter(axes="layer", unit=ms, initial=5 * ms),
    },
    reference="Gerstner et al. 2014 (Neuronal Dynamics), section 1.3, eq. 1.5-1.6; values of Vogels and Abbott 2005",
)
