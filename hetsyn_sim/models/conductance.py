"""MTC: a neuron whose excitability is made of conductances that act on several timescales; it hands on graded spikes and has no reset.

The publications have no units: time is counted in membrane time constants. Here one of these time units is 1 ms, so ``tau_mem`` is 1 ms,
and a step of 0.2 or 0.5 time units, as published, is 0.2 ms or 0.5 ms. Voltages and currents have no unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from brian2 import ms

from ..spec import UNBOUNDED, FanInNormal, NeuronModel, Parameter, Uniform

# The conductances share the names of a gain ``g_`` and an offset ``d_``. ``slow`` and ``ultra`` bring the membrane back, ``fast`` and
# ``negative``, which is as slow as ``slow``, drive it away.
_MEMBRANE = """
    dv/dt = (I_0 + I_syn - v + g_fast*tanh({fast} - d_fast) + pulled_up - pulled_down)/tau_mem : 1
    dv_s/dt = (v - v_s)/tau_slow : 1
    dv_us/dt = (v - v_us)/tau_ultra : 1
    pulled_up = g_negative*tanh(v_s - d_negative) : 1
    pulled_down = g_slow*tanh(v_s - d_slow) + g_ultra*tanh(v_us - d_ultra) : 1
    s = clip((v - v_th)/(v_sat - v_th), 0, 1) : 1
    """

_WEIGHT = Parameter(axes="post pre", initial=FanInNormal(1.0), bounds=UNBOUNDED, trainable=True)


def _gain(initial: float) -> Parameter:
    return Parameter(axes="post", initial=initial, bounds=(0.0, 4.0), trainable=True)


def _offset(initial: float) -> Parameter:
    return Parameter(axes="post", initial=initial, bounds=(-2.0, 2.0), trainable=True)


MTC = NeuronModel(
    name="MTC",
    synapse="I = w*x_pre : 1",
    on_pre="",
    neuron=_MEMBRANE.format(fast="v"),
    threshold="v > v_th",
    refractory="v > v_th",
    output="s",
    scheme="euler",
    initial={"v": "v_0", "v_s": "filter_0", "v_us": "filter_0"},
    parameters={
        "w": _WEIGHT,
        "I_0": Parameter(axes="post", initial=-2.0, bounds=(-3.0, 3.0), trainable=True),
        "g_fast": _gain(2.0),
        "g_slow": _gain(2.0),
        "g_negative": _gain(1.5),
        "g_ultra": _gain(1.5),
        "d_fast": _offset(0.0),
        "d_slow": _offset(0.0),
        "d_negative": _offset(-1.5),
        "d_ultra": _offset(-1.5),
        "tau_mem": Parameter(axes="layer", unit=ms, initial=1 * ms),
        "tau_slow": Parameter(axes="layer", unit=ms, initial=50 * ms),
        "tau_ultra": Parameter(axes="layer", unit=ms, initial=2500 * ms),
        "v_th": Parameter(axes="layer", initial=0.0),
        "v_sat": Parameter(axes="layer", initial=2.0),
        "v_0": Parameter(axes="post", initial=-1.9),
        "filter_0": Parameter(axes="post", initial=-1.8),
    },
    reference="Fulleda-Garcia et al. 2026, arXiv 2605.11835, whose U_rest and bias are I_0; numbers of Ribar and Sepulchre 2019, "
    "IEEE Trans. Control Syst. Technol.: gains and offsets of bursting, bounds of their sliders",
)

#: The same with a membrane filter before the fast conductance too, instead of one that follows v at once.
MTCFastFilter = replace(
    MTC,
    name="MTCFastFilter",
    neuron=_MEMBRANE.format(fast="v_f") + "dv_f/dt = (v - v_f)/tau_fast : 1",
    initial={**MTC.initial, "v_f": "v_0"},
    parameters={**MTC.parameters, "tau_fast": Parameter(axes="layer", unit=ms, initial=1 * ms)},
)

#: The same with synapses that filter what they receive, each with a time constant of its own.
HetSynMTC = replace(
    MTC,
    name="HetSynMTC",
    synapse="dI/dt = (w*x_pre - I)/tau_syn : 1",
    parameters={
        **MTC.parameters,
        "tau_syn": Parameter(axes="post pre", unit=ms, initial=Uniform(1 * ms, 50 * ms), bounds=(0.5 * ms, 1000 * ms), trainable=True),
    },
)

#: The same behind synapses that spikes drive, and so in any network: it still hands on graded spikes to whoever reads values.
SpikeDrivenMTC = replace(
    HetSynMTC,
    name="SpikeDrivenMTC",
    synapse="dI/dt = -I/tau_syn : 1",
    on_pre="I += w",
    parameters={**HetSynMTC.parameters, "w": Parameter(axes="post pre", initial=FanInNormal(3.0), bounds=UNBOUNDED, trainable=True)},
)

#: What reads graded spikes: a weighted sum through four equal low-pass filters in a row, and an offset.
GradedReadout = NeuronModel(
    name="GradedReadout",
    synapse="I = w*x_pre : 1",
    on_pre="",
    neuron="""
        du_1/dt = (I_syn - u_1)/tau_out : 1
        du_2/dt = (u_1 - u_2)/tau_out : 1
        du_3/dt = (u_2 - u_3)/tau_out : 1
        du_4/dt = (u_3 - u_4)/tau_out : 1
        v = u_4 + bias : 1
        """,
    parameters={
        "w": _WEIGHT,
        "tau_out": Parameter(axes="post", unit=ms, initial=5 * ms, bounds=(0.5 * ms, 100 * ms), trainable=True),
        "bias": Parameter(axes="post", initial=0.0, bounds=UNBOUNDED, trainable=True),
    },
    reference="Fulleda-Garcia et al. 2026, arXiv 2605.11835: a linear readout and a low-pass filter of fourth order",
)


def _regime(current: float, before: float | None = None, **others: float) -> Mapping[str, float]:
    """Parameters of a regime: at rest under the current ``before``, where v and its filters equal it, or else as published."""
    begin = {} if before is None else {"v_0": before, "filter_0": before}
    return MappingProxyType({"I_0": current, **begin, **others})


_TWO: Final[Mapping[str, Any]] = {"g_negative": 0.0, "g_ultra": 0.0}

#: What the neuron does, and the parameters that make it: those that differ from the model's own, which are a bursting neuron's.
REGIMES: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "tonic spiking": _regime(0.0, before=-2.0, **_TWO),
        "phasic spiking": _regime(-1.0, before=-2.0, **_TWO),
        "tonic bursting": _regime(-2.0),
        "phasic bursting": _regime(-2.25, before=-2.6),
        "silent": _regime(-2.2),
    }
)
