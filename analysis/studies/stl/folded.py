"""A trained network as plain arrays, in which batch norm has become part of the weights and a constant drive. NumPy only.

This is all that Brian2 gets: synapse by synapse, neuron by neuron.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.errors import SpecError

from .architecture import Architecture, Pool, Stage
from .connections import Synapses

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FoldedStage:
    """One stage with numbers.

    Attributes
    ----------
    stage, synapses
        What it is, and which unit reaches which.
    w
        One weight for each synapse; empty for pooling.
    drive
        What is added to v in every step, (neuron,): what batch norm leaves when its scale is part of the weights. Empty for pooling.
    values
        Parameters of the neurons, (neuron,) or ().

    Raises
    ------
    SpecError
        If these do not belong together, or a number is not finite.
    """

    stage: Stage
    synapses: Synapses
    w: Array = field(default_factory=lambda: np.zeros(0))
    drive: Array = field(default_factory=lambda: np.zeros(0))
    values: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))
        neurons = not isinstance(self.stage.part, Pool)
        wanted = (self.synapses.pre.size, self.stage.n_post) if neurons else (0, 0)
        shapes = {value.shape for value in self.values.values()}
        fits = (self.w.size, self.drive.size) == wanted and shapes <= {(), (self.stage.n_post,)} and neurons == bool(self.values)
        if not fits or not all(np.all(np.isfinite(x)) for x in (self.w, self.drive, *self.values.values())):
            raise SpecError(
                "these numbers do not fit the stage",
                where=self.stage.name,
                got=f"{self.w.size} weights, a drive of {self.drive.size}, {', '.join(f'{k} {v.shape}' for k, v in self.values.items())}",
                expected=f"{wanted[0]} finite weights, a drive of {wanted[1]}" + (", parameters per neuron or single" if neurons else ""),
                remedy="make it with analysis.studies.stl.folding.fold",
            )


@dataclass(frozen=True)
class FoldedNetwork:
    """All stages in order; their names are the keys of what a simulation gives."""

    architecture: Architecture
    stages: tuple[FoldedStage, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "stages", tuple(self.stages))
        if tuple(folded.stage for folded in self.stages) != self.architecture.stages:
            raise SpecError(
                "these are not the stages of the architecture",
                where="FoldedNetwork",
                got=", ".join(folded.stage.name for folded in self.stages) or "nothing",
                expected=", ".join(stage.name for stage in self.architecture.stages),
                remedy="make it with analysis.studies.stl.folding.fold",
            )

    def class_rates(self, output: NDArray[Any]) -> Array:
        """Rates, (image, class), of the spikes of the output stage, (time, image, neuron)."""
        votes = output.mean(axis=0, dtype=np.float64)  # (image, neuron)
        return np.asarray(votes.reshape(len(votes), self.architecture.n_classes, self.architecture.voters).mean(axis=-1))
