"""Rung 3: a membrane that takes time. It is a text, which Brian2 solves."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from brian2 import ms
from numpy.typing import NDArray

from ..spec import NeuronModel, Parameter
from .rung import Setting, refuse

_CURRENTS = "a current I at every synapse with its tau_syn, and v = I_syn, less what a reset adds up (HetSynLIF, LeakyReadout)"
_V = re.compile(r"^v = (R_m\*)?(I_syn|\(I_syn - M\))((?: - \w+)*) : \w+$", re.M)
_FILTERED = "I += w/(1 - tau_mem_post/tau_syn); M_post += w/(1 - tau_mem_post/tau_syn)"
#: Closer to the membrane's time constant than this, relative to it, a synapse's is moved up: two exponentials have a pole there.
_APART = 1e-3


@dataclass(frozen=True)
class Membrane:
    """What the equation of v says: ``v = R_m*(I_syn - M) - R``, in which R_m is missing if v is a number, and M without a capacitance.

    Attributes
    ----------
    has_units, has_capacitance
        Whether R_m and M are there.
    resets
        The states that are subtracted, each of which the reset adds to.
    """

    has_units: bool
    has_capacitance: bool
    resets: tuple[str, ...]

    @classmethod
    def of(cls, model: NeuronModel, rung: str) -> Membrane:
        """The membrane of a model.

        Raises
        ------
        TransferError
            If its equations are others, naming the ``rung`` that can't be applied.
        """
        found = _V.search(model.neuron)
        if not (found and re.fullmatch(r"dI/dt = -I/tau_syn : \w+", model.synapse) and model.on_pre in ("I += w", _FILTERED)):
            raise refuse(rung, model, _CURRENTS)
        return cls(bool(found[1]), found[2] != "I_syn", tuple(re.findall(r"\w+", found[3])))


def with_capacitance(setting: Setting, tau_mem_ms: float, rng: np.random.Generator) -> Setting:
    """The membrane follows its synaptic current with ``tau_mem_ms`` milliseconds, where it did so at once; the reset stays the voltage's.

    ``tau_mem dV/dt = -V + I`` is solved by V = sum over synapses of w g (exp(-t/tau_syn) - exp(-t/tau_mem)), g = 1/(1 - tau_mem/tau_syn).
    The first part is a state of the synapse as before, the second one of the neuron: linear states that decay each on its own, which
    PyTorch trains as well. A spike moves V from the next step on; as tau_mem goes to 0, that is all the difference there is.
    """
    tau = float(tau_mem_ms * ms)

    def change(model: NeuronModel) -> NeuronModel:
        if Membrane.of(model, "membrane capacitance").has_capacitance:
            raise refuse("membrane capacitance", model, "a membrane that has none yet")
        unit = model.synapse.rsplit(" ", 1)[1]
        neuron = f"dM/dt = -M/tau_mem : {unit}\n" + re.sub(r"\bI_syn\b", "(I_syn - M)", model.neuron)
        facts = {**model.parameters, "tau_mem": Parameter(axes="layer", unit=ms, initial=1 * ms)}
        return replace(model, name=f"{model.name}WithCapacitance", neuron=neuron, on_pre=_FILTERED, parameters=facts)

    def value(key: str, before: NDArray[np.float64] | None) -> Any:
        if before is None:
            return tau
        if key.endswith(".tau_syn"):
            near = np.abs(before - tau) < _APART * tau
            return np.where(near, (1.0 + _APART) * tau, before)
        return before

    return setting.rewritten(change, value)
