"""What a comparison says: the verdict, and where two runs first differ."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Comparison", "Divergence"]


@dataclass(frozen=True)
class Divergence:
    """Where two runs first differ in a spike."""

    run: int
    step: int
    time_s: float
    population: str
    neuron: int
    v_reference: float
    v_other: float
    theta: float
    bound: float

    @property
    def is_near_tie(self) -> bool:
        """Whether both voltages are so close to the threshold that rounding decides.

        Two voltages exactly at the threshold are no matter of rounding: a strict threshold leaves both silent, and only another rule
        (``>=``) makes one of them spike.
        """
        if self.v_reference == self.v_other == self.theta:
            return False
        return max(abs(self.v_reference - self.theta), abs(self.v_other - self.theta)) <= self.bound

    def __str__(self) -> str:
        return (
            f"run {self.run}, step {self.step} (t = {self.time_s:.6g} s), {self.population} neuron {self.neuron}: "
            f"v = {self.v_reference!r} and {self.v_other!r}, theta = {self.theta!r}, bound {self.bound:.3g}"
        )


@dataclass(frozen=True)
class Comparison:
    """The outcome. ``agrees`` is the verdict; everything else says how it came about."""

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

    @property
    def undecided_fraction(self) -> float:
        """Share of runs that a near-tie left undecided."""
        return len(self.undecided) / self.n_runs

    @property
    def agrees(self) -> bool:
        """No spike differs outside of undecided runs, and every voltage before a divergence is within the bound."""
        return self.spike_mismatches == 0 and self.max_dv_over_bound <= 1.0

    def to_dict(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"undecided_fraction": self.undecided_fraction, "agrees": self.agrees}

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
