"""What goes with a long time constant: the weight, the sign, the projection, and what it was before training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from hetsyn_sim.errors import DataError

from .distances import log_tau
from .table import TauTable
from .uncertainty import Estimate, bootstrap


@dataclass(frozen=True)
class Relation:
    """Rank correlation of |w| and tau in one group.

    Attributes
    ----------
    kind, sign
        Projection, and 1 (excitatory) or -1 (inhibitory).
    n
        Synapses.
    correlation
        Spearman's, censored time constants tied at the ends.
    """

    kind: str
    sign: int
    n: int
    correlation: Estimate


def weight_and_tau(table: TauTable, *, n_resamples: int = 200, seed: int = 0) -> list[Relation]:
    """Of every projection and sign with at least ten synapses; none for time constants of neurons, or where all weights or taus tie."""
    relations = []
    for kind in np.unique(table.column("kind")):
        for sign in (1, -1):
            here = (table.column("kind") == kind) & (table.column("sign") == sign)
            if here.sum() >= 10 and np.ptp(table.tau[here]) > 0:
                group = table.rows(here)
                relations.append(Relation(str(kind), sign, len(group), bootstrap(group, _spearman, n=n_resamples, seed=seed)))
    return relations


def _spearman(table: TauTable) -> float:
    w = np.abs(table.column("w"))
    if np.ptp(w) == 0.0 or np.ptp(table.tau) == 0.0:
        return 0.0
    return float(stats.spearmanr(w, table.tau).statistic)


def effect_of_sign(table: TauTable, *, n_resamples: int = 200, seed: int = 0) -> Estimate:
    """Median of the inhibitory time constants over that of the excitatory ones. In hippocampus and cortex it is above 1.

    Synapses, not Dale's neurons: a sign belongs to a weight here.

    Raises
    ------
    DataError
        If there are none of one sign.
    """
    signs = table.column("sign")
    if not ((signs == 1).any() and (signs == -1).any()):
        raise DataError(
            "there is only one sign of weights",
            where="effect_of_sign",
            got=f"{int((signs == 1).sum())} above and {int((signs == -1).sum())} below 0",
            expected="some of both",
            remedy="take more synapses, or a network with both signs",
        )

    def ratio(part: TauTable) -> float:
        sign = part.column("sign")
        if not ((sign == 1).any() and (sign == -1).any()):
            return 1.0
        return float(np.median(part.tau[sign == -1]) / np.median(part.tau[sign == 1]))

    return bootstrap(table, ratio, n=n_resamples, seed=seed)


def sign_purity(table: TauTable) -> float:
    """Mean over presynaptic neurons of the share of its synapses with the commoner sign: 1 is Dale's law, near 0.5 is chance."""
    neurons: dict[tuple[object, ...], list[int]] = {}
    for key in zip(*(table.column(name).tolist() for name in ("seed", "layer", "kind", "pre", "sign")), strict=True):
        if key[-1] != 0:
            neurons.setdefault(key[:-1], []).append(int(key[-1]))
    shares = [max(signs.count(1), signs.count(-1)) / len(signs) for signs in neurons.values()]
    return float(np.mean(shares)) if shares else 1.0


def tau_by_weight(table: TauTable) -> list[float] | None:
    """Median tau in seconds of the lightest, the middle and the heaviest third of synapses; None without weights."""
    w = np.abs(table.column("w"))
    if not np.isfinite(w).all() or len(table) < 3:
        return None
    return [float(np.median(table.tau[part])) for part in np.array_split(np.argsort(w, kind="stable"), 3)]


def spreads(table: TauTable) -> tuple[float, float, float] | None:
    """Standard deviations of log |w|, of log tau, and of the log of their product, what a spike brings in all; None without weights.

    Peak and duration can be traded for each other: if they are, the product varies less than both together would.
    """
    w, tau = np.abs(table.column("w")), table.tau
    usable = np.isfinite(w) & (w > 0.0) & (tau > 0.0) & np.isfinite(tau)
    if usable.sum() < 2:
        return None
    logs = np.log(w[usable]), np.log(tau[usable])
    return float(logs[0].std()), float(logs[1].std()), float((logs[0] + logs[1]).std())


def use_weighted_median(table: TauTable) -> float | None:
    """Median tau in seconds where every synapse counts by |w| times the rate before it: one that is not used keeps what it began with.

    None where rates or weights are not known, or nothing is used.
    """
    use = np.abs(table.column("w")) * table.column("rate_hz")
    if np.isnan(use).any() or not use.sum() > 0.0:
        return None
    order = np.argsort(table.tau)
    reached = np.searchsorted(np.cumsum(use[order]), 0.5 * use.sum())
    return float(table.tau[order[min(reached, len(table) - 1)]])


@dataclass(frozen=True)
class Change:
    """Before and after, synapse by synapse.

    Attributes
    ----------
    median
        Of log(after / before).
    longer
        Share that became longer by more than 1 %.
    above_initial
        Share above the largest initial value of its projection: the paper's statistic for SHD (2.0 %).
    """

    median: Estimate
    longer: Estimate
    above_initial: Estimate


def change(table: TauTable, before: TauTable, *, n_resamples: int = 200, seed: int = 0) -> Change:
    """Paired, both censored at the same limits, with cluster intervals.

    Parameters
    ----------
    before
        The same rows before training: :func:`analysis.biology.nulls.initial_values`.
    """
    if table.low == 0.0 or np.isinf(table.high):
        usable = np.isfinite(table.tau) & (table.tau > 0) & np.isfinite(before.tau) & (before.tau > 0)
        table, before = table.rows(usable), before.rows(usable)
    kinds = table.column("kind")
    bound = np.zeros(len(table))
    for kind in np.unique(kinds):
        bound[kinds == kind] = before.tau[kinds == kind].max()
    columns = {**table.columns, "delta": log_tau(table) - log_tau(before), "above": (table.tau > bound).astype(np.float64)}
    both = TauTable(table.tau, table.source, table.low, table.high, columns)

    def estimate(statistic: str) -> Estimate:
        of = {
            "median": lambda t: float(np.median(t.column("delta"))),
            "longer": lambda t: float(np.mean(t.column("delta") > 0.01)),
            "above": lambda t: float(np.mean(t.column("above"))),
        }[statistic]
        return bootstrap(both, of, n=n_resamples, seed=seed)

    return Change(estimate("median"), estimate("longer"), estimate("above"))
