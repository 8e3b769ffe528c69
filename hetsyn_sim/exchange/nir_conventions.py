"""What a NIR graph means, step by step: the ways in which its differential equations and its spikes are read.

NIR publishes equations, ``tau dv/dt = (v_leak - v) + R I``, and leaves two things open on which the numbers depend: what a spike is in
them, and how they are solved. Two kinds of answer are in use.

``impulse``
    The equations as they stand. A spike is an impulse of area 1, so ``v`` jumps by ``R w / tau``; between spikes they are solved exactly,
    and ``exp(-dt/tau)`` of ``v`` is left after a step. Time goes on in a loop only where the loop has a ``Delay``.
``euler``
    What the libraries do. A spike is the value 1 for one step ``h``, the equations are stepped by forward Euler: ``v`` keeps ``1 -
    h/tau`` and takes in ``R w h / tau``. A loop takes one step.

Both make a decay and a gain of ``tau`` and ``R``, so that either can be turned round: ``tau`` and ``R`` can be chosen for which the
reader's step is exactly ours. Which way a graph was written for is part of it (``hetsyn_sim.data.reading`` in its metadata).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import ConfigError, UnknownNameError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Reading:
    """One way of reading a graph.

    Attributes
    ----------
    name, text
        How it is called, and whom it is for.
    kind
        ``"impulse"`` or ``"euler"``, as above.
    step
        The reader's step in seconds where that is built into the reader; None: the network's dt.
    folded
        Whether the reader leaves ``R`` of an LIF aside, so that gains have to be in the weights.
    nested
        Whether a recurrent LIF has to be a subgraph with its weights.
    """

    name: str
    text: str
    kind: Literal["impulse", "euler"]
    step: float | None = None
    folded: bool = False
    nested: bool = False

    @property
    def delays(self) -> bool:
        """Whether a loop needs a ``Delay`` for a spike to come back one step later."""
        return self.kind == "impulse"

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
            if np.any(tau < h):
                raise ConfigError(
                    "a time constant is shorter than a forward Euler step",
                    where=f"reading {self.name!r}",
                    got=f"tau = {float(np.min(tau)):g} s, a step of {h:g} s",
                    expected="steps that are not longer than any time constant: beyond, v would change its sign in every step",
                    remedy="give the step that the graph was written for (--dt), or read it as its equations stand (--reading ode)",
                )
            return 1.0 - h / tau, r * h / tau

    def node_of(self, tau: Array, gain: Array, dt: float) -> tuple[Array, Array]:
        """``tau`` and ``R`` of the LI whose step, read so, keeps ``exp(-dt/tau)`` of v and adds ``gain`` for a spike of weight 1."""
        if self.kind == "impulse":
            return tau.copy(), gain * tau
        with np.errstate(divide="ignore", invalid="ignore"):  # tau = 0 keeps nothing; an infinite tau loses nothing, and has no such node
            lost = -np.expm1(-dt / tau)
            return self.h(dt) / lost, gain / lost


def coupling(tau_syn: Array, tau_mem: Array, dt: float) -> Array:
    """How much of a current of 1 is in v after a step of ``dv/dt = -v/tau_mem + I, dI/dt = -I/tau_syn``, in seconds."""
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = 1.0 / tau_mem - 1.0 / tau_syn
        mean: Array = np.where(difference == 0.0, dt, -np.expm1(-dt * difference) / difference)
        return np.where(tau_syn == 0.0, 0.0, np.exp(-dt / tau_syn) * mean)


#: The readings by name.
READINGS: Mapping[str, Reading] = MappingProxyType(
    {
        reading.name: reading
        for reading in (
            Reading("ode", "NIR's equations as they stand, spikes as impulses", "impulse"),
            Reading("euler", "forward Euler at the network's dt, a spike is 1 for one step", "euler"),
            # import_from_nir has dt = 1e-4 written into it, and takes R = tau/dt for granted. Of a loop that is no subgraph yet, snnTorch
            # 1.0 makes one whose input goes through the recurrent weights
            Reading("snntorch", "snnTorch's import, which steps by forward Euler at 0.1 ms", "euler", step=1e-4, nested=True),
            # from_nir leaves R of an LIF aside
            Reading("norse", "Norse's import with dt = the network's dt", "euler", folded=True),
        )
    }
)


def reading_called(name: str) -> Reading:
    """The reading of this name.

    Raises
    ------
    UnknownNameError
        If there is none.
    """
    if name not in READINGS:
        raise UnknownNameError("unknown reading", where="NIR", got=repr(name), expected=", ".join(READINGS), remedy="use one of these")
    return READINGS[name]
