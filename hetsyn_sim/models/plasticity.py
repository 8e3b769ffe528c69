"""Short-term plasticity: synapses that tire, recover and grow stronger with use, onto a leaky integrate-and-fire neuron."""

from brian2 import ms

from ..spec import UNBOUNDED, FanInNormal, NeuronModel, Parameter, Uniform

_UP_TO_SECONDS = (1 * ms, 10_000 * ms)

# u is the part of what is left, x, that a spike releases. The spike raises u first, then takes u*x; Brian2 does statements in this order.
TsodyksMarkramLIF = NeuronModel(
    name="TsodyksMarkramLIF",
    synapse="""
        du/dt = -u/tau_facil : 1
        dx/dt = (1 - x)/tau_rec : 1
        dI/dt = -I/tau_syn : 1
        """,
    on_pre="u += U*(1 - u); I += w*u*x; x -= u*x",
    neuron="dv/dt = (I_syn - v)/tau_mem : 1",
    threshold="v > theta",
    reset="v = 0",
    initial={"x": "1"},
    parameters={
        "w": Parameter(axes="post pre", initial=FanInNormal(20.0), bounds=UNBOUNDED, trainable=True),
        "U": Parameter(axes="layer", initial=0.3, bounds=(0.01, 0.99), trainable=True),
        "tau_rec": Parameter(axes="layer", unit=ms, initial=200 * ms, bounds=_UP_TO_SECONDS, trainable=True),
        "tau_facil": Parameter(axes="layer", unit=ms, initial=50 * ms, bounds=_UP_TO_SECONDS, trainable=True),
        "tau_syn": Parameter(axes="post", unit=ms, initial=Uniform(2 * ms, 10 * ms), bounds=(0.5 * ms, 500 * ms), trainable=True),
        "tau_mem": Parameter(axes="layer", unit=ms, initial=20 * ms),
        "theta": Parameter(axes="layer", initial=1.0),
    },
    reference="Tsodyks, Pawelzik and Markram 1998, Neural Computation 10, eq. 2-4, and Mongillo et al. 2008, Science 319; "
    "without facilitation (tau_facil short) Tsodyks and Markram 1997, PNAS 94",
)
