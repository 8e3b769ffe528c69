"""Izhikevich's simple model: two equations, four numbers, most firing patterns of cortex."""

from brian2 import ms, mV

from ..spec import RESET_FIRST, UNBOUNDED, FanInNormal, NeuronModel, Parameter

# The publication counts v in mV and time in ms without writing them; V_1 and t_1 are these units. So u and the input are in mV, too,
# and stand for currents. Regular spiking; fast spiking is a=0.1, d=2 mV; chattering c=-50 mV, d=2 mV.
Izhikevich = NeuronModel(
    name="Izhikevich",
    on_pre="I_s_post += w",
    neuron="""
        dv/dt = (0.04*v**2/V_1 + 5*v + 140*V_1 - u + I_s + I_0)/t_1 : volt
        du/dt = a*(b*v - u)/t_1 : volt
        dI_s/dt = -I_s/tau_syn : volt
        """,
    threshold="v > V_peak",
    reset="v = c; u += d",
    initial={"v": "-65*V_1", "u": "-65*V_1*b"},
    scheme="euler",
    parameters={
        "w": Parameter(axes="post pre", unit=mV, initial=FanInNormal(30 * mV), bounds=UNBOUNDED, trainable=True),
        "tau_syn": Parameter(axes="post", unit=ms, initial=5 * ms, bounds=(0.5 * ms, 200 * ms), trainable=True),
        "I_0": Parameter(axes="post", unit=mV, initial=0 * mV, bounds=UNBOUNDED, trainable=True),
        "a": Parameter(axes="post", initial=0.02, bounds=(0.001, 0.3), trainable=True),
        "b": Parameter(axes="post", initial=0.2, bounds=(0.01, 0.3), trainable=True),
        "c": Parameter(axes="post", unit=mV, initial=-65 * mV, bounds=(-80 * mV, -40 * mV), trainable=True),
        "d": Parameter(axes="post", unit=mV, initial=8 * mV, bounds=(0 * mV, 20 * mV), trainable=True),
        "V_peak": Parameter(axes="layer", unit=mV, initial=30 * mV),
        "V_1": Parameter(axes="layer", unit=mV, initial=1 * mV),
        "t_1": Parameter(axes="layer", unit=ms, initial=1 * ms),
    },
    reference="Izhikevich 2003 (IEEE Trans. Neural Netw.), eq. 1-3, with synaptic currents. Its program takes two half Euler steps of v "
    "and then one of u; here all states take one Euler step",
    step_order=RESET_FIRST,
)
