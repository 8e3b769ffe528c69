"""Readouts: synapses and a membrane potential, no threshold. What they hand out is v."""

from brian2 import ms

from ..spec import UNBOUNDED, FanInNormal, NeuronModel, Parameter, Uniform

_WEIGHT = Parameter(axes="post pre", initial=FanInNormal(1.0), bounds=UNBOUNDED, trainable=True)

LeakyReadout = NeuronModel(
    name="LeakyReadout",
    synapse="dI/dt = -I/tau_syn : 1",
    on_pre="I += w",
    neuron="v = I_syn : 1",
    parameters={
        "w": _WEIGHT,
        "tau_syn": Parameter(axes="post pre", unit=ms, initial=Uniform(20 * ms, 80 * ms), bounds=(1 * ms, 1000 * ms), trainable=True),
    },
    reference="Deng et al. 2025 (HetSyn, NeurIPS), eq. 5 and 6 without the reset current: one time constant per synapse",
)

HomNeuReadout = NeuronModel(
    name="HomNeuReadout",
    on_pre="v_post += w",
    neuron="dv/dt = -v/tau_mem : 1",
    parameters={"w": _WEIGHT, "tau_mem": Parameter(axes="layer", unit=ms, initial=80 * ms)},
    reference="Leaky integrator with one fixed time constant",
)

HetNeuReadout = NeuronModel(
    name="HetNeuReadout",
    on_pre="v_post += w",
    neuron="dv/dt = -v/tau_mem : 1",
    parameters={
        "w": _WEIGHT,
        "tau_mem": Parameter(axes="post", unit=ms, initial=Uniform(20 * ms, 80 * ms), bounds=(1 * ms, 1000 * ms), trainable=True),
    },
    reference="Leaky integrator with one learned time constant per output neuron",
)
