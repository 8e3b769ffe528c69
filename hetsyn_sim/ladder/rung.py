"""A rung of the ladder: a change of a network, with its strengths; and the setting that it changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..brian.additions import NOTHING, Additions
from ..data.recording import Raster
from ..errors import TransferError
from ..spec import Layer, NetworkSpec, NeuronModel

Values = Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Setting:
    """A network as Brian2 is to run it.

    Attributes
    ----------
    spec, values
        The network, and its values in SI units by slot key.
    raster
        Input spikes, shape (time, recording, channel), on the network's grid.
    additions
        What the equations do not say: delays, refractoriness, noise.
    factor
        Steps of this network per step of the trained one.
    unit_of_v
        What the trained network's v of 1 is here, in SI units.
    """

    spec: NetworkSpec
    values: Values
    raster: Raster
    additions: Additions = NOTHING
    factor: int = 1
    unit_of_v: float = 1.0

    def rewritten(
        self, change: Callable[[NeuronModel], NeuronModel], value: Callable[[str, NDArray[np.float64] | None], Any], *, readout: bool = True
    ) -> Setting:
        """The network with every model changed by ``change``, that of the ``readout`` only if asked for.

        ``value(key, before)`` gives a slot's value; ``before`` is that of the slot of the same key in the network before, or None.
        """
        layers = [replace(layer, model=change(layer.model)) for layer in self.spec.layers]
        last: Layer | None = self.spec.readout
        if last is not None and readout:
            last = replace(last, model=change(last.model))
        spec = replace(self.spec, layers=layers, readout=last)
        values = {}
        for key, slot in spec.slots.items():
            new = value(key, self.values.get(key)) if readout or not key.startswith("readout.") else self.values[key]
            values[key] = np.array(np.broadcast_to(np.asarray(new, dtype=np.float64), slot.shape))
        return replace(self, spec=spec, values=values)

    def theta(self, population: str) -> NDArray[np.float64]:
        """The thresholds of a population's neurons, shape (neuron,)."""
        size = self.spec.population(population).size
        return np.broadcast_to(self.values[f"{population}.neuron.theta"], (size,))

    def mean_theta(self) -> float:
        """Mean threshold, over populations."""
        return float(np.mean([self.theta(p.name).mean() for p in self.spec.populations if p.model.spiking]))


@dataclass(frozen=True)
class Rung:
    """One step towards biology.

    Attributes
    ----------
    number, name, about
        Its place on the ladder, and what it changes.
    quantity, unit, strengths
        What its strength is, and those that are run, from weak to strong.
    apply
        ``apply(setting, strength, rng) -> Setting``.
    is_random
        Whether it draws from ``rng``: then it is run with several seeds.
    refined
        Whether it is applied to the network at a time step near 1 ms, below which the time scales of biology do not show.
    """

    number: int
    name: str
    about: str
    quantity: str
    unit: str
    strengths: Sequence[float]
    apply: Callable[[Setting, float, np.random.Generator], Setting] = field(repr=False)
    is_random: bool = False
    refined: bool = True


def in_float64(values: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float64]]:
    """Values as Brian2 computes with them."""
    return {key: np.asarray(value, dtype=np.float64) for key, value in values.items()}


def refuse(rung: str, model: NeuronModel, expected: str) -> TransferError:
    """The error for a model that a rung has no meaning for."""
    return TransferError(
        f"the rung {rung!r} can't be applied to this model",
        where=model.name,
        got=f"neuron: {'; '.join(model.neuron.splitlines())}",
        expected=expected,
        remedy="leave this rung out (--rungs), or write one for the model: see the page on the ladder",
    )
