"""The outcome of a comparison and of a verification: the verdict, its numbers, and where two runs first differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ..spec.summary import Summarised, percent

Precision = Literal["float64", "float32"]

#: Largest share of runs that near-ties may leave undecided, by the lower precision of the two sides; the same for all who judge.
#:
#: A limit has to lie above what rounding alone does, and so low that nearly all runs are compared to their end: a fault that hides behind
#: near-ties leaves more. Rounding in float64 decided none of 25,258 generated runs (at most 0.012 %, with 95 % confidence). In float32 it
#: decided none of 23,394 small generated runs and 1 of 300 recordings of a trained network of 128 neurons over 64 steps (at most 1.8 %).
#: The share grows with the number of voltages in a run: beyond some 100,000 of them, only float64 can tell.
MAX_UNDECIDED: Final[Mapping[Precision, float]] = MappingProxyType({"float64": 0.01, "float32": 0.05})


@dataclass(frozen=True)
class StateDifference:
    """The first state behind v (a synaptic sum such as ``I_syn``, or a neuron's own such as ``R``) that differs, in its SI unit."""

    population: str
    state: str
    step: int
    neuron: int
    reference: float
    other: float

    def __str__(self) -> str:
        return f"{self.state} of {self.population} neuron {self.neuron} in step {self.step}: {self.reference!r} and {self.other!r}"


@dataclass(frozen=True)
class Divergence:
    """Where two runs first differ in a spike.

    ``simulator`` is the one that is compared with the reference, ``first_state`` the state that differed first, if both recordings hold
    the states behind v. ``time_s`` is in seconds; voltages, ``theta`` and ``bound`` (of both sides together) are in the SI unit of v.
    """

    run: int
    step: int
    time_s: float
    population: str
    neuron: int
    v_reference: float
    v_other: float
    theta: float
    bound: float
    model: str = ""
    simulator: str = ""
    first_state: StateDifference | None = None

    @property
    def margin(self) -> float:
        """How far the farther of the two voltages is from the threshold."""
        return max(abs(self.v_reference - self.theta), abs(self.v_other - self.theta))

    @property
    def is_near_tie(self) -> bool:
        """Whether both voltages are so close to the threshold that rounding decides."""
        # Two voltages exactly at it are no matter of rounding: a strict threshold leaves both silent, and only ">=" makes one spike.
        if self.v_reference == self.v_other == self.theta:
            return False
        return self.margin <= self.bound

    def __str__(self) -> str:
        who = f" ({self.model} in {self.simulator})" if self.model else ""
        cause = f"; differed first: {self.first_state}" if self.first_state else ""
        where = f"{self.population} neuron {self.neuron}{who}"
        return (
            f"run {self.run}, step {self.step} (t = {self.time_s:.6g} s), {where}: "
            f"v = {self.v_reference!r} and {self.v_other!r}, theta = {self.theta!r}, margin {self.margin:.3g}, "
            f"bound {self.bound:.3g}{cause}"
        )


@dataclass(frozen=True, repr=False)
class Comparison(Summarised):
    """Two recordings compared. ``agrees`` is the verdict; everything else says how it came about.

    Attributes
    ----------
    reference, other
        The simulators, as their recordings name them.
    n_runs, n_steps, n_spikes
        Recordings, steps of each, and spikes of all populations in the reference.
    spike_mismatches
        Cells (step, run, neuron) in which one side spikes and the other does not, outside of undecided runs.
    max_abs_dv, smallest_margin
        Largest difference of v, and smallest distance of any v from its threshold, in the SI unit of v (a pure number for HetSynLIF).
    max_dv_over_bound
        Largest difference of v as a share of what rounding may do; above 1 the networks do not agree.
    undecided, diverged
        Runs whose first difference is a near-tie, and runs that differ for another reason, each with its first difference.
    precision
        The lower one of the two sides.
    """

    reference: str
    other: str
    n_runs: int
    n_steps: int
    n_spikes: int
    spike_mismatches: int
    max_abs_dv: float
    max_dv_over_bound: float
    smallest_margin: float
    undecided: tuple[Divergence, ...]
    diverged: tuple[Divergence, ...]
    precision: Precision = "float64"

    @property
    def undecided_fraction(self) -> float:
        """Share of runs that near-ties left undecided."""
        return len(self.undecided) / self.n_runs

    @property
    def few_undecided(self) -> bool:
        """Whether the undecided runs are no more than :data:`MAX_UNDECIDED`. In float32 one run always may be: it is no share yet."""
        allowed = MAX_UNDECIDED[self.precision] * self.n_runs
        return len(self.undecided) <= (max(1.0, allowed) if self.precision == "float32" else allowed)

    @property
    def agrees(self) -> bool:
        """Whether no spike differs outside of undecided runs, and every voltage before a difference is within the bound."""
        return self.spike_mismatches == 0 and self.max_dv_over_bound <= 1.0

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"undecided_fraction": self.undecided_fraction, "agrees": self.agrees}

    def summary(self) -> Mapping[str, str]:
        """What it is: label -> text."""
        facts = {
            "verdict": "the same network" if self.agrees else "NOT the same network",
            "compared": f"{self.reference} with {self.other}",
            "runs": f"{self.n_runs:,} of {self.n_steps:,} steps, {self.n_spikes:,} spikes",
            "spike mismatches": f"{self.spike_mismatches:,}",
            "largest |dv|": f"{self.max_abs_dv:.3g} ({self.max_dv_over_bound:.2g} of the rounding bound)",
            "undecided runs": f"{len(self.undecided):,} ({percent(self.undecided_fraction)})",
        }
        return facts | ({"first divergence": str(self.diverged[0])} if self.diverged else {})

    def __str__(self) -> str:
        lines = [
            f"{self.reference} against {self.other}: {'the same network' if self.agrees else 'NOT the same network'}",
            f"  runs                  {self.n_runs} of {self.n_steps} steps, {self.n_spikes} spikes",
            f"  spike mismatches      {self.spike_mismatches}",
            f"  largest |dv|          {self.max_abs_dv:.3g} ({self.max_dv_over_bound:.2g} of the rounding bound)",
            f"  closest |v - theta|   {self.smallest_margin:.3g}",
            f"  undecided runs        {len(self.undecided)} ({100 * self.undecided_fraction:.2f} %)",
        ]
        lines += [f"  first divergence      {d}" for d in self.diverged[:3]]
        return "\n".join(lines)


@dataclass(frozen=True, repr=False)
class Verification(Summarised):
    """A network compared in torch and Brian2 over all recordings.

    Attributes
    ----------
    comparison
        Spikes and voltages of every population; its runs are the recordings in their order.
    device
        Brian2's device.
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
    def precision(self) -> Precision:
        """The precision of torch; Brian2 always works in float64."""
        return self.comparison.precision

    @property
    def agrees(self) -> bool:
        """Whether it is the same network: spikes and voltages agree, few runs are undecided, and predictions are equal."""
        return self.comparison.agrees and self.comparison.few_undecided and self.predictions_equal

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
        own = ("accuracy_torch", "accuracy_brian2", "predictions_equal", "device", "precision", "n_recordings", "n_steps")
        return (
            {"agrees": self.agrees, "spike_mismatches": c.spike_mismatches, "max_abs_dv": _plain(c.max_abs_dv)}
            | {"max_dv_over_bound": _plain(c.max_dv_over_bound), "undecided_fraction": c.undecided_fraction}
            | {"undecided_runs": [d.run for d in c.undecided], "diverged_runs": [d.run for d in c.diverged]}
            | {"smallest_margin": _plain(c.smallest_margin)}
            | {name: getattr(self, name) for name in own}
            | {"n_spikes": c.n_spikes, "dt_s": self.dt_s, "time_torch_s": self.time_torch_s, "time_brian2_s": self.time_brian2_s}
            | {"versions": dict(self.versions)}
        )

    def summary(self) -> Mapping[str, str]:
        """What it is: label -> text."""
        accuracies = f"{percent(self.accuracy_torch)} in torch, {percent(self.accuracy_brian2)} in Brian2 ({self.device})"
        facts = {"accuracy": accuracies, "predictions": "equal" if self.predictions_equal else "DIFFERENT"}
        return {**self.comparison.summary(), "verdict": "the same network" if self.agrees else "NOT the same network", **facts}

    def __str__(self) -> str:
        lines = [
            str(self.comparison),
            f"  accuracy              {100 * self.accuracy_torch:.2f} % in torch, {100 * self.accuracy_brian2:.2f} % in Brian2",
            f"  predictions           {'equal' if self.predictions_equal else 'DIFFERENT'}",
            f"  time                  {self.time_torch_s:.1f} s in torch, {self.time_brian2_s:.1f} s in Brian2",
        ]
        return "\n".join(lines)


def _plain(value: float) -> float | str:
    """JSON has no infinity: it is written as the text ``"inf"``."""
    return value if np.isfinite(value) else str(value)
