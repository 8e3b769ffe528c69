"""Neurons behind synapses that are more than filters: short-term plasticity, coupled states, equations that are not linear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from hetsyn_sim.models import HetSynRiseLIF, TsodyksMarkramLIF
from hetsyn_sim.spec import UNBOUNDED, NeuronModel, Parameter

_WEIGHT = Parameter(axes="post pre", initial="uniform(0.5, 2)", bounds=UNBOUNDED, trainable=True)


def _time(axes: str, low: float, high: float) -> Parameter:
    return Parameter(
        axes=axes, unit="ms", initial=f"uniform({low} ms, {high} ms)", bounds=(f"{low / 5} ms", f"{high * 5} ms"), trainable=True
    )


def _share(axes: str, low: float = 0.1, high: float = 0.6) -> Parameter:
    return Parameter(axes=axes, initial=f"uniform({low}, {high})", bounds=(0.001, 0.999), trainable=True)


def _leaky(name: str, drive: str = "I_syn", reset: str = "v = 0", **facts: Any) -> NeuronModel:
    """A leaky neuron with a hard reset."""
    parameters: Mapping[str, Parameter] = {
        "w": _WEIGHT,
        "tau_mem": _time("post", 8, 20),
        "theta": Parameter(axes="layer", initial=1.0),
    }
    given = {**parameters, **facts.pop("parameters")}
    return NeuronModel(name, f"dv/dt = ({drive} - v)/tau_mem : 1", threshold="v > theta", reset=reset, parameters=given, **facts)


_RELEASE = "du/dt = -u/tau_facil : 1\ndx/dt = (1 - x)/tau_rec : 1"
_PLASTIC: Mapping[str, Any] = {
    "synapse": _RELEASE,
    "on_pre": "u += U*(1 - u); v_post += w*u*x; x -= u*x",
    "initial": {"x": "1"},
}
_TIMES = {"U": _share("post pre"), "tau_facil": _time("post pre", 5, 100), "tau_rec": _time("post", 20, 200)}

#: By what they are.
MODELS: Mapping[str, NeuronModel] = MappingProxyType(
    {
        "plastic, onto v": _leaky("PlasticV", "0*v", **_PLASTIC, parameters=_TIMES),
        "plastic, everything of a synapse": TsodyksMarkramLIF.with_parameters(
            **{name: {"axes": "post pre"} for name in ("U", "tau_rec", "tau_facil", "tau_syn")}
        ),
        # what is set and scaled instead of added; a state that begins where each synapse says; two statements onto one filter
        "plastic, other statements": _leaky(
            "PlasticOther",
            **{
                **_PLASTIC,
                "synapse": _RELEASE + "\ndI/dt = -I/tau_syn : 1",
                "on_pre": "u = U + u*(1 - U); I += w*u*x; x *= 1 - u; I -= 0.1*w*x",
                "initial": {"x": "x_0", "u": "U"},
            },
            parameters={**_TIMES, "tau_syn": _time("layer", 2, 10), "x_0": _share("post pre", 0.3, 0.9)},
        ),
        "alpha": _leaky(
            "Alpha",
            synapse="dI/dt = (h - I)/tau_syn : 1\ndh/dt = -h/tau_syn : 1",
            on_pre="h += w",
            parameters={"tau_syn": _time("post pre", 2, 20)},
        ),
        "double exponential, soft reset": replace(HetSynRiseLIF, name="Rise"),
        "three in a row": _leaky(
            "Cascade",
            synapse="dI/dt = (g - I)/tau_1 : 1\ndg/dt = (h - g)/tau_2 : 1\ndh/dt = -h/tau_3 : 1",
            on_pre="h += w",
            parameters={"tau_1": _time("post pre", 10, 20), "tau_2": _time("post", 3, 5), "tau_3": _time("layer", 1, 2)},
        ),
        "an oscillation": _leaky(
            "Ringing",
            synapse="dI/dt = -I/tau_syn - h/tau_osc : 1\ndh/dt = I/tau_osc - h/tau_syn : 1",
            on_pre="I += w",
            parameters={"tau_syn": _time("post pre", 10, 20), "tau_osc": _time("post", 2, 4)},
        ),
        "saturating": _leaky(
            "Saturating",
            "g_syn",
            synapse="ds/dt = -s/tau_d + a*x*(1 - s) : 1\ndx/dt = -x/tau_r : 1\ng = w*s : 1",
            on_pre="x += 1",
            synapse_scheme="exponential_euler",
            parameters={
                "tau_d": _time("post pre", 20, 60),
                "tau_r": _time("layer", 1, 3),
                "a": Parameter(axes="post", unit="Hz", initial=500.0, bounds=(50.0, 5000.0), trainable=True),
            },
        ),
        "saturating, rk4": _leaky(
            "SaturatingRK4",
            "s_syn",
            synapse="ds/dt = -s/tau_d + x*(1 - s)/tau_r : 1\ndx/dt = -x/tau_r : 1",
            on_pre="x += w",
            synapse_scheme="rk4",
            parameters={"tau_d": _time("layer", 20, 60), "tau_r": _time("layer", 3, 5)},
        ),
    }
)
