"""FitzHugh and Nagumo's oscillator: what is left of Hodgkin and Huxley's equations in two dimensions."""

from brian2 import ms

from ..spec import UNBOUNDED, FanInNormal, NeuronModel, Parameter

# Dimensionless, as published, but for time, whose unit is t_1. A spike is the moment in which v crosses theta. It starts at rest, where
# v - v^3/3 = r and v + a = b r, with the numbers below and without input.
FitzHughNagumo = NeuronModel(
    name="FitzHughNagumo",
    on_pre="I_s_post += w",
    neuron="""
        dv/dt = (v - v**3/3 - r + I_s + I_0)/t_1 : 1
        dr/dt = epsilon*(v + a - b*r)/t_1 : 1
        dI_s/dt = -I_s/tau_syn : 1
        """,
    threshold="v > theta",
    refractory="v > theta",
    initial={"v": "-1.199408035244035", "r": "-0.6242600440550439"},
    scheme="rk4",
    parameters={
        "w": Parameter(axes="post pre", initial=FanInNormal(2.0), bounds=UNBOUNDED, trainable=True),
        "tau_syn": Parameter(axes="post", unit=ms, initial=5 * ms, bounds=(0.5 * ms, 200 * ms), trainable=True),
        "I_0": Parameter(axes="post", initial=0.0, bounds=UNBOUNDED, trainable=True),
        "a": Parameter(axes="post", initial=0.7, bounds=(0.0, 2.0), trainable=True),
        "b": Parameter(axes="post", initial=0.8, bounds=(0.0, 2.0), trainable=True),
        "epsilon": Parameter(axes="post", initial=0.08, bounds=(0.01, 1.0), trainable=True),
        "theta": Parameter(axes="layer", initial=1.0),
        "t_1": Parameter(axes="layer", unit=ms, initial=1 * ms),
    },
    reference="FitzHugh 1961 (Biophys. J.); Nagumo et al. 1962 (Proc. IRE); Gerstner et al. 2014 (Neuronal Dynamics), section 4.2",
)
