"""What :func:`~hetsyn_sim.agreement.verify` found, as numbers, as plain data and as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .outcome import Comparison

Precision = Literal["float64", "float32"]

#: Largest share of runs that a near-tie may leave undecided. Rounding alone stays far below it (none in float64, below 1 % in float32); a
#: fault that hides behind near-ties does not.
MAX_UNDECIDED = 0.05


@dataclass(frozen=True)
class Verification:
    """The outcome over all recordings. ``comparison`` says whether it is the same network, the rest what it is good for.

    Attributes
    ----------
    comparison
        Spikes and voltages of every population; its runs are the recordings in their order.
    device
        Brian2's device.
    precision
        The precision of torch. Brian2 always works in float64.
    dt_s, n_steps
        Time step in seconds, and the number of steps of every recording.
    labels, predictions_torch, predictions_brian2
        Class of every recording, as given and as each side's readout says, shape (recording,).
    time_torch_s, time_brian2_s
        Wall time in seconds, for building the network and running it.
    versions
        Package -> version.
    """

    comparison: Comparison
    device: str
    precision: Precision
    dt_s: float
    n_steps: int
    labels: NDArray[np.integer]
    predictions_torch: NDArray[np.integer]
    predictions_brian2: NDArray[np.integer]
    time_torch_s: float
    time_brian2_s: float
    versions: Mapping[str, str]

    @property
    def n_recordings(self) -> int:
        """How many recordings were run."""
        return len(self.labels)

    @property
    def agrees(self) -> bool:
        """Whether it is the same network: spikes and voltages agree, predictions are equal, and few runs are left undecided.

        See :attr:`Comparison.agrees <hetsyn_sim.agreement.Comparison.agrees>` and :data:`MAX_UNDECIDED`.
        """
        return self.comparison.agrees and self.predictions_equal and self.comparison.undecided_fraction <= MAX_UNDECIDED

    @property
    def predictions_equal(self) -> bool:
        """Whether both sides predict the same class for every recording."""
        return bool(np.array_equal(self.predictions_torch, self.predictions_brian2))

    @property
    def accuracy_torch(self) -> float:
        """Share of recordings that torch gets right."""
        return float(np.mean(self.predictions_torch == self.labels))

    @property
    def accuracy_brian2(self) -> float:
        """Share of recordings that Brian2 gets right."""
        return float(np.mean(self.predictions_brian2 == self.labels))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for machines. Times in seconds."""
        c = self.comparison
        return {
            "agrees": self.agrees,
            "spike_mismatches": c.spike_mismatches,
            "max_abs_dv": _plain(c.max_abs_dv),
            "max_dv_over_bound": _plain(c.max_dv_over_bound),
            "undecided_fraction": c.undecided_fraction,
            "undecided_runs": [d.run for d in c.undecided],
            "diverged_runs": [d.run for d in c.diverged],
            "smallest_margin": _plain(c.smallest_margin),
            "accuracy_torch": self.accuracy_torch,
            "accuracy_brian2": self.accuracy_brian2,
            "predictions_equal": self.predictions_equal,
            "device": self.device,
            "precision": self.precision,
            "n_recordings": self.n_recordings,
            "n_steps": self.n_steps,
            "n_spikes": c.n_spikes,
            "dt_s": self.dt_s,
            "time_torch_s": self.time_torch_s,
            "time_brian2_s": self.time_brian2_s,
            "versions": dict(self.versions),
        }

    def __str__(self) -> str:
        return "\n".join(
            [
                str(self.comparison),
                f"  accuracy              {100 * self.accuracy_torch:.2f} % in torch, {100 * self.accuracy_brian2:.2f} % in Brian2",
                f"  predictions           {'equal' if self.predictions_equal else 'DIFFERENT'}",
                f"  time                  {self.time_torch_s:.1f} s in torch, {self.time_brian2_s:.1f} s in Brian2",
            ]
        )


def _plain(value: float) -> float | str:
    """JSON has no infinity: it is written as the text ``"inf"``."""
    return value if np.isfinite(value) else str(value)
