"""NIR's neurons as our models, and the ways in which its equations are stepped: what reading and writing a graph have in common.

NIR publishes equations, ``tau dv/dt = (v_leak - v) + R I``, and leaves two things open on which the numbers depend: what a spike is in
them, and how they are solved. Three kinds of answer are in use.

``impulse``
    The equations as they stand. A spike is an impulse of area 1, so ``v`` jumps by ``R w / tau``; between spikes they are solved exactly,
    and ``exp(-dt/tau)`` of ``v`` is left after a step. Time goes on in a loop only where the loop has a ``Delay``.
``euler``
    What the libraries do. A spike is the value 1 for one step ``h``, the equations are stepped by forward Euler: ``v`` keeps ``1 -
    h/tau`` and takes in ``R w h / tau``. A loop takes one step.
``held``
    A spike is the value 1, held for one step, and the equations are solved exactly for it (a zero-order hold): ``v`` keeps
    ``exp(-h/tau)`` and takes in ``R w (1 - exp(-h/tau))``. A loop takes one step.

Each makes a decay and a gain of ``tau`` and ``R``, so that each can be inverted: ``tau`` and ``R`` can be chosen for which the reader's
step is exactly ours. Which way a graph was written for stands in its metadata.

In the models the jump of a spike is the weight. ``v_0`` is where v begins: ``v_leak``, and what a constant bias has added in the first
step. ``at_once`` is what a spike adds to the membrane of a CubaLIF in the step it comes in: nothing by the equations, the membrane's
gain (``R h / tau_mem`` in forward Euler) where a library steps the current first and then the membrane by the new current.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from brian2 import Hz, ms
from numpy.typing import NDArray

from ...errors import ConfigError
from ...models import HetSynLIF, LeakyReadout
from ...spec import UNBOUNDED, FanInNormal, NeuronModel, Parameter

Array = NDArray[np.float64]

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
_SILENT: Any = {"threshold": "", "reset": ""}

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
_LI = replace(_LIF, name="NIR_LI", parameters=_LEAKY, reference=f"{_PAPER}: LI", **_SILENT)
_CUBA_LI = replace(
    _CUBA_LIF, name="NIR_CubaLI", parameters={**_LEAKY, **_CURRENT}, reference=f"{_PAPER}: CubaLI; k is R/tau_mem", **_SILENT
)
# LI nodes that meet at a Threshold: HetSynLIF, in which a spike takes away whatever the loop back takes away, neuron by neuron.
_THRESHOLD = replace(
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

#: NIR's node -> the model of the same equations; ``filters`` are several LI that are summed for the Output.
NIR_MODELS: Mapping[str, NeuronModel] = MappingProxyType(
    {"LIF": _LIF, "IF": _LIF, "CubaLIF": _CUBA_LIF, "LI": _LI, "CubaLI": _CUBA_LI, "Threshold": _THRESHOLD, "filters": LeakyReadout}
)
#: Nodes that are a neuron, with a hard reset where they spike.
NEURONS = ("LIF", "IF", "CubaLIF", "LI", "CubaLI")
HARD_RESET = ("LIF", "IF", "CubaLIF")
SPIKING = (*HARD_RESET, "Threshold")
WEIGHTS = ("Linear", "Affine")
#: Parameters of our models -> arrays of a node with a hard reset.
FIRING = MappingProxyType({"theta": "v_threshold", "v_reset": "v_reset"})
#: A Delay is one step if it differs by less, in steps: far above the rounding of float32, far below any other delay.
SAME_DELAY = 1e-5

_EQUATIONS = ("synapse", "on_pre", "neuron", "threshold", "reset", "scheme", "refractory", "output", "initial")


def node_of_model(model: NeuronModel) -> str | None:
    """The kind of node whose equations a model has, whatever it is called; None if there is none."""
    return next((kind for kind in NEURONS if all(getattr(model, text) == getattr(NIR_MODELS[kind], text) for text in _EQUATIONS)), None)


def kind_of(node: object) -> str:
    """The name of a node's type."""
    return type(node).__name__


@dataclass(frozen=True)
class Reading:
    """One way of reading a graph.

    Attributes
    ----------
    name, text
        How it is called, and whom it is for.
    kind
        ``"impulse"``, ``"euler"`` or ``"held"``, as above.
    step
        The reader's step in seconds where that is built into the reader; None: the network's dt.
    folded
        Whether the reader leaves ``R`` of an LIF aside, so that gains have to be in the weights.
    nested
        Whether a recurrent LIF has to be a subgraph with its weights.
    """

    name: str
    text: str
    kind: Literal["impulse", "euler", "held"]
    step: float | None = None
    folded: bool = False
    nested: bool = False

    @property
    def delays(self) -> bool:
        """Whether a loop needs a ``Delay`` for a spike to come back one step later."""
        return self.kind == "impulse"

    @property
    def keeps_tau(self) -> bool:
        """Whether a node's ``tau`` is the time constant itself, and not one whose forward Euler step decays as much."""
        return self.kind != "euler"

    def h(self, dt: float) -> float:
        """The reader's step, in seconds, for a network of step ``dt``."""
        return dt if self.step is None else self.step

    def step_of(self, tau: Array, r: Array, dt: float) -> tuple[Array, Array]:
        """What one step keeps of ``v``, and what a spike of weight 1 adds, for an LI or LIF with these parameters.

        Raises
        ------
        ConfigError
            If a forward Euler step of this length is longer than a time constant.
        """
        h = self.h(dt)
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.kind == "impulse":
                return np.exp(-h / tau), r / tau
            if self.kind == "held":
                return np.exp(-h / tau), -r * np.expm1(-h / tau)
            if np.any(tau < h):
                raise ConfigError(
                    "a time constant is shorter than a forward Euler step",
                    where=f"reading {self.name!r}",
                    got=f"tau = {float(np.min(tau)):g} s, a step of {h:g} s",
                    expected="steps that are not longer than any time constant: beyond, v would change its sign in every step",
                    remedy="give the step that the graph was written for (--dt), or read it as its equations stand (--reading ode)",
                )
            return 1.0 - h / tau, r * h / tau

    def tau_of(self, decay: Array, tau: Array, dt: float) -> Array:
        """Our time constant for a node's ``tau``, of which this reading's step keeps ``decay``."""
        if self.keeps_tau:
            return tau
        with np.errstate(divide="ignore"):
            return np.where(decay > 0.0, -dt / np.log(decay), 0.0)

    def node_of(self, tau: Array, gain: Array, dt: float) -> tuple[Array, Array]:
        """``tau`` and ``R`` of the LI whose step, read so, keeps ``exp(-dt/tau)`` of v and adds ``gain`` for a spike of weight 1."""
        if self.kind == "impulse":
            return tau.copy(), gain * tau
        with np.errstate(divide="ignore", invalid="ignore"):  # tau = 0 keeps nothing; an infinite tau loses nothing, and has no such node
            lost = -np.expm1(-dt / tau)
            return (tau.copy() if self.keeps_tau else self.h(dt) / lost), gain / lost


def coupling(tau_syn: Array, tau_mem: Array, dt: float) -> Array:
    """How much of a current of 1 is in v after a step of ``dv/dt = -v/tau_mem + I, dI/dt = -I/tau_syn``, in seconds."""
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = 1.0 / tau_mem - 1.0 / tau_syn
        mean: Array = np.where(difference == 0.0, dt, -np.expm1(-dt * difference) / difference)
        return np.where(tau_syn == 0.0, 0.0, np.exp(-dt / tau_syn) * mean)


_READINGS = (
    Reading("ode", "NIR's equations as they stand, spikes as impulses", "impulse"),
    Reading("euler", "forward Euler at the network's dt, a spike is 1 for one step", "euler"),
    # sparx writes graphs for this by default, jaxpike always
    Reading("held", "solved exactly for a spike that is 1, held over the network's dt (zero-order hold)", "held"),
    # import_from_nir has dt = 1e-4 written into it, and takes R = tau/dt for granted. Of a loop that is no subgraph yet, snnTorch
    # 1.0 makes one whose input goes through the recurrent weights
    Reading("snntorch", "snnTorch's import, which steps by forward Euler at 0.1 ms", "euler", step=1e-4, nested=True),
    # from_nir leaves R of an LIF aside
    Reading("norse", "Norse's import with dt = the network's dt", "euler", folded=True),
)
#: The readings by name.
READINGS: Mapping[str, Reading] = MappingProxyType({reading.name: reading for reading in _READINGS})
#: Writers that say in a graph's metadata how time was discretised: exporter -> its word -> the reading.
STATED: Mapping[str, Mapping[str, str]] = MappingProxyType({"sparx": MappingProxyType({"exact": "held", "euler": "euler"})})
