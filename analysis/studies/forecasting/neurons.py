"""The neurons that forecast, with synapses that take values, and the readouts behind them. Facts: equations, starts, bounds.

One time unit of the equation is 1 ms. Every neuron has a weight for its input and a constant current of its own, and every time constant is
trained within the same bounds, so that none has more memory than another by its settings. Where input arrives through several synapses
with time constants of their own, it is the same input on each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from brian2 import ms

from hetsyn_sim.kernels import SurrogateDerivative
from hetsyn_sim.models.conductance import MTC, GradedReadout, HetSynMTC
from hetsyn_sim.spec import UNBOUNDED, FanInNormal, Layer, NetworkSpec, NeuronModel, Parameter, Uniform
from hetsyn_sim.training.surrogates import ArcTan, MultiGaussian, Slayer

_BOUNDS: Final = (0.5 * ms, 1000 * ms)
_THETA: Final = Parameter(axes="layer", initial=1.0)
_ONE_SYNAPSE, _FOUR_SYNAPSES = 1, 4


def _tau(low: float, high: float, axes: str = "post") -> Parameter:
    return Parameter(axes=axes, unit=ms, initial=Uniform(low * ms, high * ms), bounds=_BOUNDS, trainable=True)


def _weight(gain: float) -> Parameter:
    return Parameter(axes="post pre", initial=FanInNormal(gain), bounds=UNBOUNDED, trainable=True)


def _current(low: float, high: float) -> Parameter:
    return Parameter(axes="post", initial=Uniform(low, high), bounds=UNBOUNDED, trainable=True)


AnalogueLIF = NeuronModel(
    name="AnalogueLIF",
    synapse="I = w*x_pre : 1",
    on_pre="",
    neuron="dv/dt = (I_syn + bias - v)/tau_mem : 1",
    threshold="v > theta",
    reset="v -= theta",
    parameters={"w": _weight(2.0), "bias": _current(-1.0, 2.0), "tau_mem": _tau(2, 30), "theta": _THETA},
    reference="Leaky integrate-and-fire with a time constant per neuron, subtractive reset",
)

AnalogueAdLIF = NeuronModel(
    name="AnalogueAdLIF",
    synapse="I = w*x_pre : 1",
    on_pre="",
    neuron="""
        du/dt = (I_syn + bias - u - w_a)/tau_u : 1
        dw_a/dt = (a*u - w_a)/tau_w : 1
        v = u : 1
        """,
    threshold="v > theta",
    reset="u = 0; w_a += b",
    parameters={
        "w": _weight(5.0),
        "bias": _current(-1.0, 2.0),
        "tau_u": _tau(2, 30),
        "tau_w": _tau(30, 300),
        "a": Parameter(axes="post", initial=Uniform(0.0, 20.0), bounds=(0.0, 120.0), trainable=True),
        "b": Parameter(axes="post", initial=Uniform(0.0, 2.0), bounds=(0.0, 10.0), trainable=True),
        "theta": _THETA,
    },
    reference="Baronig et al. 2025 (Nat. Commun. 16:5776), the continuous equations; a and b are their q a and their q b over tau_w",
)

AnalogueHetSynLIF = NeuronModel(
    name="AnalogueHetSynLIF",
    synapse="dI/dt = (w*x_pre - I)/tau_syn : 1",
    on_pre="",
    neuron="""
        dR/dt = -R/tau_reset : 1
        v = I_syn + bias - R : 1
        """,
    threshold="v > theta",
    reset="R += theta",
    parameters={
        "w": _weight(4.0),
        "bias": _current(-1.0, 2.0),
        "tau_syn": _tau(2, 50, axes="post pre"),
        "tau_reset": _tau(2, 30),
        "theta": _THETA,
    },
    reference="Deng et al. 2025 (HetSyn, NeurIPS), eq. 5-9, with synapses that filter values instead of spikes",
)

#: Conductances at random around those of bursting, and filters as fast as the other neurons' memories.
_STARTS: Final[Mapping[str, Any]] = {
    "w": {"initial": FanInNormal(1.0)},
    "I_0": {"initial": Uniform(-2.0, 1.0)},
    "g_fast": {"initial": Uniform(1.0, 2.5)},
    "g_slow": {"initial": Uniform(1.0, 2.5)},
    "g_negative": {"initial": Uniform(0.0, 1.5)},
    "g_ultra": {"initial": Uniform(0.0, 1.5)},
    "d_fast": {"initial": Uniform(-0.5, 0.5)},
    "d_slow": {"initial": Uniform(-0.5, 0.5)},
    "d_negative": {"initial": Uniform(-1.5, 0.0)},
    "d_ultra": {"initial": Uniform(-1.5, 0.0)},
    "tau_slow": {"axes": "post", "initial": Uniform(5 * ms, 50 * ms), "bounds": _BOUNDS, "trainable": True},
    "tau_ultra": {"axes": "post", "initial": Uniform(50 * ms, 300 * ms), "bounds": _BOUNDS, "trainable": True},
    "v_0": {"initial": -1.0},
    "filter_0": {"initial": -1.0},
}
#: The regime of tonic spiking, with some spread: currents in the middle of the range in which it spikes, no slower conductances yet.
_SPIKING_STARTS: Final[Mapping[str, Any]] = {
    "I_0": {"initial": Uniform(-0.7, 0.7)},
    "g_fast": {"initial": Uniform(1.75, 2.5)},
    "g_slow": {"initial": Uniform(1.75, 2.5)},
    "g_negative": {"initial": 0.0},
    "g_ultra": {"initial": 0.0},
    "d_fast": {"initial": 0.0},
    "d_slow": {"initial": 0.0},
}
_MTC = MTC.with_parameters(**_STARTS)
_HETSYN_MTC = HetSynMTC.with_parameters(
    **{**_STARTS, "w": {"initial": FanInNormal(2.0)}, "tau_syn": {"initial": Uniform(2 * ms, 50 * ms), "bounds": _BOUNDS}}
)

_GRADED_READOUT = GradedReadout.with_parameters(tau_out={"initial": 2 * ms})
#: The same low-pass filter behind spikes.
_SPIKE_READOUT = replace(
    _GRADED_READOUT,
    name="SpikeLowPassReadout",
    synapse="",
    on_pre="u_1_post += w",
    neuron=_GRADED_READOUT.neuron.replace("I_syn - u_1", "-u_1"),
)


@dataclass(frozen=True)
class Forecaster:
    """A neuron of the study, ``n_synapses`` of its input, its readout, and what replaces a spike's derivative (None: nothing)."""

    model: NeuronModel
    n_synapses: int
    readout: NeuronModel
    surrogate: SurrogateDerivative | None


#: What is compared, by the names of the table.
NEURONS: Final[Mapping[str, Forecaster]] = MappingProxyType(
    {
        "MTC": Forecaster(_MTC, _ONE_SYNAPSE, _GRADED_READOUT, None),
        "LIF": Forecaster(AnalogueLIF, _ONE_SYNAPSE, _SPIKE_READOUT, ArcTan()),
        "AdLIF": Forecaster(AnalogueAdLIF, _ONE_SYNAPSE, _SPIKE_READOUT, Slayer()),
        "HetSynLIF": Forecaster(AnalogueHetSynLIF, _FOUR_SYNAPSES, _SPIKE_READOUT, MultiGaussian()),
        "HetSynMTC": Forecaster(_HETSYN_MTC, _FOUR_SYNAPSES, _GRADED_READOUT, None),
    }
)


def network_of(name: str, n_neurons: int, dt: float, *, spiking: bool = False) -> NetworkSpec:
    """Input, one layer of independent neurons, a readout; ``dt`` in seconds. ``spiking``: MTC from a start at which it spikes."""
    neuron = NEURONS[name]
    model = neuron.model.with_parameters(**_SPIKING_STARTS) if spiking else neuron.model
    return NetworkSpec(dt=dt, n_input=neuron.n_synapses, layers=[Layer(model, n_neurons)], readout=Layer(neuron.readout, 1))
