"""NIR's neurons as models, from its published equations: hard reset, one membrane or a current and a membrane.

What NIR writes as ``tau dv/dt = (v_leak - v) + R I`` with weights before it is written here with the jump of a spike as the weight.
``v_0`` is where v begins: ``v_leak``, and what a constant bias has added in the first step. ``at_once`` is what a spike adds to the
membrane of a CubaLIF in the step it comes in: nothing by the equations, ``R h / tau_mem`` where a library steps the current first and
then the membrane by the new current.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from brian2 import Hz, ms

from ..models import HetSynLIF
from ..spec import UNBOUNDED, FanInNormal, NeuronModel, Parameter

_PAPER = "Pedersen et al. 2024 (Nat. Commun. 15:8122), NIR"
_FREE = Parameter(axes="post", initial=0.0, bounds=UNBOUNDED, trainable=False)
_TAU = Parameter(axes="post", unit=ms, initial=20 * ms, bounds=(1 * ms, 1000 * ms), trainable=True)

_LEAKY = {
    "w": Parameter(axes="post pre", initial=FanInNormal(1.0), bounds=UNBOUNDED, trainable=True),
    "tau_mem": _TAU,
    "v_leak": _FREE,
    "v_0": _FREE,
}
_FIRING = {"theta": Parameter(axes="post", initial=1.0), "v_reset": _FREE}
_CURRENT = {"tau_syn": _TAU, "k": Parameter(axes="post", unit=Hz, initial=50 * Hz), "at_once": _FREE}

_LIF = NeuronModel(
    name="NIR_LIF",
    on_pre="v_post += w",
    neuron="dv/dt = (v_leak - v)/tau_mem : 1",
    threshold="v > theta",
    reset="v = v_reset",
    initial={"v": "v_0"},
    parameters={**_LEAKY, **_FIRING},
    reference=f"{_PAPER}: LIF; IF where tau_mem is infinite",
)
_CUBA_LIF = replace(
    _LIF,
    name="NIR_CubaLIF",
    on_pre="I_post += w; v_post += at_once_post*w",
    neuron="""
        dI/dt = -I/tau_syn : 1
        dv/dt = (v_leak - v)/tau_mem + k*I : 1
        """,
    parameters={**_LEAKY, **_FIRING, **_CURRENT},
    reference=f"{_PAPER}: CubaLIF; k is R/tau_mem",
)

#: NIR's node -> the model of the same equations.
NIR_MODELS: Mapping[str, NeuronModel] = MappingProxyType(
    {
        "LIF": _LIF,
        "LI": replace(_LIF, name="NIR_LI", threshold="", reset="", parameters=_LEAKY, reference=f"{_PAPER}: LI"),
        "CubaLIF": _CUBA_LIF,
        "CubaLI": replace(
            _CUBA_LIF,
            name="NIR_CubaLI",
            threshold="",
            reset="",
            parameters={**_LEAKY, **_CURRENT},
            reference=f"{_PAPER}: CubaLI; k is R/tau_mem",
        ),
    }
)

#: LI nodes that meet at a Threshold: HetSynLIF, in which a spike takes away whatever the loop back takes away, neuron by neuron.
FILTERS_AT_A_THRESHOLD = replace(
    HetSynLIF,
    name="NIR_Threshold",
    reset="R += jump",
    parameters={
        **HetSynLIF.parameters,
        "tau_reset": Parameter(axes="post", unit=ms, initial=80 * ms),
        "theta": Parameter(axes="post", initial=1.0),
        "jump": Parameter(axes="post", initial=1.0),
    },
    reference=f"{_PAPER}: LI and Threshold",
)
