"""A passive membrane with a threshold, which a current drives: what tests of fits have a name for each parameter of."""

from hetsyn_sim.spec import NeuronModel, Parameter

PASSIVE = NeuronModel(
    name="Membrane",
    on_pre="v_post += w",
    neuron="dv/dt = (E_L - v + R*I)/tau : volt",
    threshold="v > V_T",
    reset="v = E_L",
    initial={"v": "E_L"},
    parameters={
        "w": Parameter(axes="post pre", unit="mV", initial=0),
        "I": Parameter(axes="post", unit="pA", initial=0),
        "E_L": Parameter(axes="post", unit="mV", initial="-65 mV"),
        "R": Parameter(axes="post", unit="Mohm", initial="50 Mohm", bounds=("20 Mohm", "500 Mohm"), trainable=True),
        "tau": Parameter(axes="post", unit="ms", initial="20 ms"),
        "V_T": Parameter(axes="post", unit="mV", initial="-50 mV"),
    },
)
