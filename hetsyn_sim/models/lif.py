"""The homogeneous and the neuron-wise heterogeneous neurons, in their own textbook form: a membrane with a leak.

They are not written as HetSynLIF with tied time constants. That the two are the same neuron is for `pytest equivalence/` to show.
"""

from brian2 import ms

from ..spec import UNBOUNDED, FanInNormal, NeuronModel, Parameter, Uniform

_WEIGHT = Parameter(axes="post pre", initial=FanInNormal(1.0), bounds=UNBOUNDED, trainable=True)
_THRESHOLD = Parameter(axes="layer", initial=1.0)

HomNeuLIF = NeuronModel(
    name="HomNeuLIF",
    on_pre="v_post += w",
    neuron="dv/dt = -v/tau_mem : 1",
    threshold="v > theta",
    reset="v -= theta",
    parameters={"w": _WEIGHT, "tau_mem": Parameter(axes="layer", unit=ms, initial=80 * ms), "theta": _THRESHOLD},
    reference="Deng et al. 2025 (HetSyn, NeurIPS), eq. 1-4; one fixed time constant for the layer",
)

HetNeuLIF = NeuronModel(
    name="HetNeuLIF",
    on_pre="v_post += w",
    neuron="dv/dt = -v/tau_mem : 1",
    threshold="v > theta",
    reset="v -= theta",
    parameters={
        "w": _WEIGHT,
        "tau_mem": Parameter(axes="post", unit=ms, initial=Uniform(20 * ms, 80 * ms), bounds=(1 * ms, 1000 * ms), trainable=True),
        "theta": _THRESHOLD,
    },
    reference="Deng et al. 2025 (HetSyn, NeurIPS), eq. 1-4 with one learned time constant per neuron; Perez-Nieves et al. 2021",
)

_ALIF_PARAMETERS = {
    "w": _WEIGHT,
    "tau_mem": Parameter(axes="layer", unit=ms, initial=80 * ms),
    "tau_adapt": Parameter(axes="layer", unit=ms, initial=400 * ms),
    "a": Parameter(axes="layer", initial=0.05),
    "theta": _THRESHOLD,
}

# u is the membrane without adaptation; v > theta is the same condition as u > theta + J_a, the moving threshold
_ALIF_NEURON = """
    du/dt = -u/tau_mem : 1
    dJ_a/dt = -J_a/tau_adapt : 1
    v = u - J_a : 1
    """

HomNeuALIF = NeuronModel(
    name="HomNeuALIF",
    on_pre="u_post += w",
    neuron=_ALIF_NEURON,
    threshold="v > theta",
    reset="u -= theta; J_a += a",
    parameters=_ALIF_PARAMETERS,
    reference="Deng et al. 2025 (HetSyn, NeurIPS), Proposition 2, with the un-normalised adaptation current of Rao et al. 2022",
)

HomNeuALIFNormalised = NeuronModel(
    name="HomNeuALIFNormalised",
    on_pre="u_post += w",
    neuron=_ALIF_NEURON,
    threshold="v > theta",
    reset="u -= theta; J_a += a*(1 - exp(-dt/tau_adapt))",
    parameters=_ALIF_PARAMETERS,
    reference="Deng et al. 2025 (HetSyn, NeurIPS), Proposition 2, with the normalised adaptation variable of Bellec et al. 2018 (LSNN)",
)
