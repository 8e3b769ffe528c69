"""AdLIF behind HetSynLIF's synapses: every synapse has its own time constant, and the neuron adapts and resonates."""

from dataclasses import replace

from brian2 import ms

from ..spec import UNBOUNDED, FanInNormal, Parameter, Uniform
from .adlif import SymplecticAdLIF

# u sees the synaptic currents as they are at the end of the step before, as every differential equation does
HetSynAdLIF = replace(
    SymplecticAdLIF,
    name="HetSynAdLIF",
    synapse="dI/dt = -I/tau_syn : 1",
    on_pre="I += w",
    neuron="""
        dw_a/dt = (q*a*u - w_a)/tau_w : 1
        du/dt = (bias + I_syn - u - w_a)/tau_u : 1
        v = u : 1
        """,
    initial={},
    parameters={
        **SymplecticAdLIF.parameters,
        "w": Parameter(axes="post pre", initial=FanInNormal(3.0), bounds=UNBOUNDED, trainable=True),
        "tau_syn": Parameter(axes="post pre", unit=ms, initial=Uniform(2 * ms, 20 * ms), bounds=(1 * ms, 500 * ms), trainable=True),
    },
    reference="SE-adLIF (Baronig et al. 2025) behind synapses of HetSynLIF (Deng et al. 2025, eq. 6)",
)
