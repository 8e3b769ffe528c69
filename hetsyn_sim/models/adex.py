"""The adaptive exponential integrate-and-fire neuron, and its variant in which every synapse has its own time constant."""

from dataclasses import replace

from brian2 import ms, mV, nA, nS, pA, pF

from ..spec import RESET_FIRST, UNBOUNDED, FanInNormal, NeuronModel, Parameter, Uniform

_MEMBRANE = "(g_L*(E_L - v) + g_L*D_T*exp((v - V_T)/D_T) - w_a + {input} + I_0)/C"
_ADAPTATION = "(a*(v - E_L) - w_a)/tau_w"

# rk2: the upswing is steep, and the inner stages of rk4 overshoot it by volts before the step in which v passes V_cut is over
AdEx = NeuronModel(
    name="AdEx",
    on_pre="I_s_post += w",
    neuron=f"""
        dv/dt = {_MEMBRANE.format(input="I_s")} : volt (unless refractory)
        dw_a/dt = {_ADAPTATION} : amp
        dI_s/dt = -I_s/tau_syn : amp
        """,
    threshold="v > V_cut",
    reset="v = V_r; w_a += b",
    refractory="t_ref",
    initial={"v": "E_L"},
    scheme="rk2",
    parameters={
        "w": Parameter(axes="post pre", unit=pA, initial=FanInNormal(4 * nA), bounds=UNBOUNDED, trainable=True),
        "tau_syn": Parameter(axes="post", unit=ms, initial=5 * ms, bounds=(0.5 * ms, 200 * ms), trainable=True),
        "I_0": Parameter(axes="post", unit=pA, initial=0 * pA, bounds=UNBOUNDED, trainable=True),
        "a": Parameter(axes="post", unit=nS, initial=4 * nS, bounds=(-20 * nS, 100 * nS), trainable=True),
        "b": Parameter(axes="post", unit=pA, initial=80.5 * pA, bounds=(0 * pA, 1000 * pA), trainable=True),
        "tau_w": Parameter(axes="post", unit=ms, initial=144 * ms, bounds=(10 * ms, 1000 * ms), trainable=True),
        "C": Parameter(axes="layer", unit=pF, initial=281 * pF),
        "g_L": Parameter(axes="layer", unit=nS, initial=30 * nS),
        "E_L": Parameter(axes="layer", unit=mV, initial=-70.6 * mV),
        "V_T": Parameter(axes="layer", unit=mV, initial=-50.4 * mV),
        "D_T": Parameter(axes="layer", unit=mV, initial=2 * mV),
        # 5 D_T above V_T nothing can stop the upswing; the publication lets it go on to 20 mV, which takes less than 0.1 ms
        "V_cut": Parameter(axes="layer", unit=mV, initial=-40.4 * mV),
        "V_r": Parameter(axes="layer", unit=mV, initial=-70.6 * mV),
        "t_ref": Parameter(axes="layer", unit=ms, initial=1 * ms),
    },
    reference="Brette and Gerstner 2005 (J. Neurophysiol.), with its values; Gerstner et al. 2014 (Neuronal Dynamics), section 6.1. "
    "Currents through synapses and a refractory period are added",
    step_order=RESET_FIRST,
)

HetSynAdEx = replace(
    AdEx,
    name="HetSynAdEx",
    synapse="dI/dt = -I/tau_syn : amp",
    on_pre="I += w",
    neuron=f"""
        dv/dt = {_MEMBRANE.format(input="I_syn")} : volt (unless refractory)
        dw_a/dt = {_ADAPTATION} : amp
        """,
    parameters={
        **AdEx.parameters,
        "w": Parameter(axes="post pre", unit=pA, initial=FanInNormal(2 * nA), bounds=UNBOUNDED, trainable=True),
        "tau_syn": Parameter(axes="post pre", unit=ms, initial=Uniform(2 * ms, 20 * ms), bounds=(0.5 * ms, 500 * ms), trainable=True),
    },
    reference="AdEx (Brette and Gerstner 2005) behind synapses of HetSynLIF (Deng et al. 2025, eq. 6)",
)
