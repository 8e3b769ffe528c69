"""HetSynLIF: every synapse has its own time constant."""

from brian2 import ms

from ..spec import UNBOUNDED, FanInNormal, NeuronModel, Parameter, Uniform

__all__ = ["HetSynLIF"]

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
