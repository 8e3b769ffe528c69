"""A leaky neuron whose threshold moves: each spike lifts it, and it sinks back slowly. The threshold's lift is a state of the neuron."""

from brian2 import ms

from ..spec import UNBOUNDED, FanInNormal, NeuronModel, Parameter

# The same neuron as HomNeuALIF, whose adaptation is subtracted from v, but for the refractory period: there the text has no state in
# its threshold. v goes on while the neuron is refractory, so no state is frozen.
ALIF = NeuronModel(
    name="ALIF",
    on_pre="v_post += w",
    neuron="""
        dv/dt = -v/tau_mem : 1
        da/dt = -a/tau_adapt : 1
        """,
    threshold="v > theta + a",
    reset="v -= theta; a += beta",
    refractory="t_ref",
    parameters={
        "w": Parameter(axes="post pre", initial=FanInNormal(1.0), bounds=UNBOUNDED, trainable=True),
        "tau_mem": Parameter(axes="post", unit=ms, initial=20 * ms, bounds=(1 * ms, 1000 * ms), trainable=True),
        "tau_adapt": Parameter(axes="post", unit=ms, initial=200 * ms, bounds=(10 * ms, 10000 * ms), trainable=True),
        "beta": Parameter(axes="post", initial=0.174, bounds=(0.0, 2.0), trainable=True),
        "theta": Parameter(axes="layer", initial=0.6),
        "t_ref": Parameter(axes="layer", unit=ms, initial=5 * ms),
    },
    reference="Bellec et al. 2018 (LSNN, NeurIPS), section 2, with the adaptation of Bellec et al. 2020 (e-prop, Nat. Commun.), not "
    "normalised, and its theta and t_ref",
)
