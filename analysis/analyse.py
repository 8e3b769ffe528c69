"""The whole analysis: from trained networks to everything that the report says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from hetsyn_sim.errors import DataError
from hetsyn_sim.events import SpikeDataset
from hetsyn_sim.readout import length_of

from .activity import Lesion, lesion, rates_of
from .distances import ASPECTS, distance
from .extraction import Run, extract_all
from .fits import Fit, fit_families, goodness_of_fit, thinned
from .loaders import reference
from .nulls import initial_values, sign_flipped, trained_on_shuffled_labels, weight_decay_drift
from .relations import Change, Relation, change, effect_of_sign, sign_purity, use_weighted_median, weight_and_tau
from .table import TauTable
from .tails import HeavyTail, heavy_tail
from .uncertainty import Clustering, Estimate, clustering
from .verdict import Verdict, compare, distances_to

__all__ = ["Analysis", "Fitted", "analyse"]

_FITTED = 5000  # time constants that families are fitted to
_JUDGED = 500  # and that their fit is judged by
_CLUSTERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"networks": ("seed",), "neurons after": ("seed", "layer", "post"), "neurons before": ("seed", "layer", "kind", "pre")}
)


@dataclass(frozen=True)
class Fitted:
    """Families fitted to one set.

    Attributes
    ----------
    table
        What they were fitted to.
    fits
        The one of lowest AIC first.
    p
        Of the best one, by parametric bootstrap.
    tail
        None where the tail is too short to be judged.
    """

    table: TauTable
    fits: Sequence[Fit]
    p: float
    tail: HeavyTail | None


@dataclass(frozen=True, eq=False)
class Analysis:
    """Everything that was found.

    Attributes
    ----------
    runs
        The networks.
    against
        Name of the reference set.
    learned, biology
        Time constants.
    nulls
        Name -> the same synapses without learning.
    verdicts
        Aspect (``all``, ``spread``, ``shape``) -> the answer.
    distances
        Aspect -> label -> Wasserstein distance to biology.
    others
        Distance (``ks``, ``energy``) -> label -> value, of everything at once.
    fitted
        Label -> families.
    change, relations, sign, purity, used
        Before and after; weight and tau; inhibitory over excitatory; Dale's law; median by use. None where not known.
    clusters
        By what -> what n is worth.
    lesions
        Of each network whose recordings and beginnings are known.
    """

    runs: Sequence[Run]
    against: str
    learned: TauTable
    biology: TauTable
    nulls: Mapping[str, TauTable]
    verdicts: Mapping[str, Verdict]
    distances: Mapping[str, Mapping[str, Estimate]]
    others: Mapping[str, Mapping[str, float]]
    fitted: Mapping[str, Fitted]
    change: Change | None
    relations: Sequence[Relation]
    sign: Estimate | None
    purity: float
    used: float | None
    clusters: Mapping[str, Clustering]
    lesions: Sequence[Lesion]


def analyse(
    runs: Sequence[Run],
    against: str = "hippocampome",
    *,
    data: Sequence[SpikeDataset] = (),
    limits: tuple[float, float] | None = None,
    longer_than: float | None = None,
    shuffled_labels: bool = False,
    n_resamples: int = 100,
    seed: int = 0,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Analysis:
    """Compare what networks learned with what was measured.

    Parameters
    ----------
    runs
        Trainings of one kind with different seeds: :func:`analysis.extraction.find_runs`.
    against
        Reference set: :func:`analysis.loaders.reference`.
    data
        The recordings of each run, or one for all: for rates, the length of a trial, and lesions. Without them those parts are left out.
    limits
        Of what can be told apart, in seconds; by default one step and the longest trial.
    longer_than
        Which time constants the lesion sets back, in seconds; by default those longer than any before training.
    shuffled_labels
        Train every network once more with the labels of its training recordings shuffled, as one more null; as long as the trainings took.
    n_resamples
        Cluster resamples for each interval.
    seed
        Of everything random here.
    progress
        Called with the share that is done.

    Raises
    ------
    DataError
        If there is nothing to compare.
    """
    biology = reference(against)
    recordings = list(data) * len(runs) if len(data) == 1 else list(data)
    rates = [rates_of(run, found) for run, found in zip(runs, recordings, strict=False)]
    longest = max((length_of(run.trained, found) * found.dt for run, found in zip(runs, recordings, strict=False)), default=np.inf)
    learned = extract_all(runs, longest=longest, limits=limits, rates=rates or None)
    learned.observed  # noqa: B018 - raises where all are censored
    known = all(run.initial is not None for run in runs)
    nulls = _nulls(runs, learned, seed) if known else {}
    progress(0.1)
    if shuffled_labels and recordings:
        without = [trained_on_shuffled_labels(run, found, seed=seed) for run, found in zip(runs, recordings, strict=True)]
        nulls["shuffled labels"] = extract_all(without, limits=(learned.low, learned.high))
    progress(0.3)
    labelled = {"learned": learned, **nulls}
    distances = {}
    for k, aspect in enumerate(ASPECTS):
        found = distances_to(biology, labelled, aspect=aspect, n_resamples=n_resamples, seed=seed)
        distances[aspect] = found | _within_biology(against, biology.with_limits(learned.low, learned.high), aspect)
        progress(0.3 + 0.1 * (k + 1))
    others = {
        name: {label: distance(table, biology.with_limits(table.low, table.high), name) for label, table in labelled.items()}
        for name in ("ks", "energy")
    }
    sets = {"learned": learned} | {f"learned, {kind}": learned.where(kind=kind) for kind in np.unique(learned.column("kind")).tolist()}
    sets |= {"before training": nulls["before training"]} if known else {}
    fitted = {label: fits for label, table in {**sets, against: biology}.items() if (fits := _fitted(table, seed)) is not None}
    progress(0.8)
    by_sign = learned.column("sign")
    return Analysis(
        runs,
        against,
        learned,
        biology,
        nulls,
        {aspect: compare(learned, biology, nulls, aspect=aspect) for aspect in ASPECTS},
        distances,
        others,
        fitted,
        change(learned, initial_values(learned), n_resamples=n_resamples, seed=seed) if known else None,
        weight_and_tau(learned, n_resamples=n_resamples, seed=seed),
        effect_of_sign(learned, n_resamples=n_resamples, seed=seed) if (by_sign == 1).any() and (by_sign == -1).any() else None,
        sign_purity(learned),
        use_weighted_median(learned),
        {name: clustering(learned, *by) for name, by in _CLUSTERS.items()},
        [
            lesion(run, found.test, longer_than=longer_than, seed=seed)
            for run, found in zip(runs, recordings, strict=False)
            if run.initial is not None and len(found.test)
        ],
    )


def _nulls(runs: Sequence[Run], learned: TauTable, seed: int) -> dict[str, TauTable]:
    """Nulls without those that coincide: weight decay of 0 leaves what there was."""
    before = initial_values(learned)
    nulls = {"before training": before}
    drift = weight_decay_drift(runs, learned)
    if not np.allclose(drift.tau, before.tau, rtol=1e-6):
        nulls["weight decay alone"] = drift
    for scale, label in (("rho", "rho, signs flipped"), ("log_tau", "log tau, signs flipped")):
        nulls[label] = sign_flipped(learned, of=scale, seed=seed)
    return nulls


def _within_biology(against: str, biology: TauTable, aspect: str) -> dict[str, Estimate]:
    """Distances between parts of the measurements: the scale on which all others are to be seen."""
    found = {}
    if "pre" in biology.columns and {"E", "I"} <= set(biology.column("pre").tolist()):
        parts = [biology.where(pre=sign) for sign in "EI"]
        found[f"within {against}: E to I"] = distances_to(parts[0], {"": parts[1]}, aspect=aspect)[""]
    if against.startswith("hippocampome") and against != "hippocampome-all":
        other = reference("hippocampome-psp" if "psp" not in against else "hippocampome")
        found["hippocampome: currents to potentials"] = distances_to(
            biology, {"": other.with_limits(biology.low, biology.high)}, aspect=aspect
        )[""]
    return found


def _fitted(table: TauTable, seed: int) -> Fitted | None:
    """None where there is too little to fit, as before training where all are equal."""
    some = thinned(table, _FITTED, seed)
    try:
        fits = fit_families(
            some, ("lognormal", "gamma", "weibull", "inverse_gaussian", "exponential", "truncated_normal", "two_lognormals")
        )
    except DataError:
        return None
    few = thinned(table, _JUDGED, seed)
    p = goodness_of_fit(few, fit_families(few, (fits[0].family,))[0], n_samples=49, seed=seed)
    try:
        tail = heavy_tail(some)
    except DataError:
        tail = None
    return Fitted(some, fits, p, tail)
