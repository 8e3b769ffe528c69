"""What a comparison says: the verdict, and where two runs first differ."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class StateDifference:
    """The first state behind v (a synaptic sum such as ``I_syn``, or a neuron's own such as ``R``) in which two runs differ.

    In step ``step`` it is ``reference`` in one and ``other`` in the other, in its SI unit.
    """

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

    It is in step ``step`` of recording ``run``, where v is ``v_reference`` and ``v_other``. ``model`` is the neuron's, ``simulator`` the
    one that is held against the reference, ``first_state`` the state that differed first, if both recordings hold the states behind v.
    ``time_s`` is in seconds; voltages, ``theta`` and ``bound`` are in the SI unit of v.
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
        """How far the farther of the two voltages is from the threshold. Both sides of a near-tie are within the bound."""
        return max(abs(self.v_reference - self.theta), abs(self.v_other - self.theta))

    @property
    def is_near_tie(self) -> bool:
        """Whether both voltages are so close to the threshold that rounding decides.

        Two voltages exactly at the threshold are no matter of rounding: a strict threshold leaves both silent, and only another rule
        (``>=``) makes one of them spike.
        """
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


@dataclass(frozen=True)
class Comparison:
    """The outcome. ``agrees`` is the verdict; everything else says how it came about.

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
        Runs that rounding decided, and runs that differ for another reason, each with its first difference.
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
