"""HetSynLIF: every synapse has its own time constant. The same with a rise time, and with the reset of the adaptive neuron."""

from dataclasses import replace

from brian2 import ms

from ..spec import UNBOUNDED, FanInNormal, NeuronModel, Parameter, Uniform

HetSynLIF = NeuronModel(
    name="HetSynLIF",
    synapse="dI/dt = -I/tau_syn : 1",
    on_pre="I += w",
    neuron="""
        dR/dt = -R/tau_reset : 1
        v = I_syn - R : 1
        """,
    threshold="v > theta",
    reset="R += theta",
    parameters={
        "w": Parameter(axes="post pre", initial=FanInNormal(1.0), bounds=UNBOUNDED, trainable=True),
        "tau_syn": Parameter(axes="post pre", unit=ms, initial=Uniform(20 * ms, 80 * ms), bounds=(1 * ms, 1000 * ms), trainable=True),
        "tau_reset": Parameter(axes="layer", unit=ms, initial=80 * ms),
        "theta": Parameter(axes="layer", initial=1.0),
    },
    reference="Deng et al. 2025 (HetSyn, NeurIPS), eq. 5-9; Uniform(5, 20) steps of 4 ms at the start, as in its SHD experiment",
)

#: HetSynLIF whose currents take time to rise: a double exponential at every synapse, of area w*tau_syn whatever the rise time is.
HetSynRiseLIF = replace(
    HetSynLIF,
    name="HetSynRiseLIF",
    synapse="""
        dI/dt = h/tau_rise - I/tau_syn : 1
        dh/dt = -h/tau_rise : 1
        """,
    on_pre="h += w",
    parameters={
        **HetSynLIF.parameters,
        "tau_rise": Parameter(axes="post pre", unit=ms, initial=Uniform(2 * ms, 10 * ms), bounds=(0.5 * ms, 200 * ms), trainable=True),
    },
    reference="HetSynLIF (Deng et al. 2025) with the double exponential of Roth and van Rossum 2009, Modeling synapses, eq. 6.4: ours",
)

#: HetSynLIF whose reset current is split in two: the spike's own and a slower one that adapts the neuron (Proposition 2).
SplitResetHetSyn = NeuronModel(
    name="SplitResetHetSyn",
    synapse="dI/dt = -I/tau_syn : 1",
    on_pre="I += w",
    neuron="""
        dJ_theta/dt = -J_theta/tau_reset : 1
        dJ_a/dt = -J_a/tau_adapt : 1
        v = I_syn - J_theta - J_a : 1
        """,
    threshold="v > theta",
    reset="J_theta += theta; J_a += a",
    parameters={
        **HetSynLIF.parameters,
        "tau_adapt": Parameter(axes="layer", unit=ms, initial=400 * ms),
        "a": Parameter(axes="layer", initial=0.05),
    },
    reference="Deng et al. 2025 (HetSyn, NeurIPS), eq. 10-11",
)

#: The same with the other reading of the adaptation, in which a is the current that a neuron spiking in every step approaches.
SplitResetHetSynNormalised = replace(
    SplitResetHetSyn, name="SplitResetHetSynNormalised", reset="J_theta += theta; J_a += a*(1 - exp(-dt/tau_adapt))"
)
