"""The analysis: from trained networks to everything that the report says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np

from hetsyn_sim.data.decoding import Decoder
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.errors import DataError

from .activity import lesion, rates_of
from .distances import ASPECTS, distance
from .extraction import Run, extract_all
from .fits import fit_families, goodness_of_fit, thinned
from .loaders import REFERENCES, reference
from .nulls import initial_values, sign_flipped, trained_on_shuffled_labels, weight_decay_drift
from .paper import paper_statistics
from .relations import change, effect_of_sign, sign_purity, use_weighted_median, weight_and_tau
from .result import Analysis, Fitted
from .sensitivity import sensitivity
from .table import TauTable
from .tails import heavy_tail
from .temperature import at_temperature
from .uncertainty import Estimate, clustering
from .verdict import compare, distances_to

_FITTED = 5000  # time constants that families are fitted to
_JUDGED = 500  # and that their fit is judged by
#: The last two are what networks are initialised with.
_FAMILIES = ("lognormal", "gamma", "weibull", "inverse_gaussian", "exponential", "two_lognormals", "truncated_normal", "uniform")
_CLUSTERS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "networks": ("seed",),
        "postsynaptic neurons": ("seed", "layer", "post"),
        "presynaptic neurons": ("seed", "layer", "kind", "pre"),
    }
)


def analyse(
    runs: Sequence[Run],
    against: str = "hippocampome",
    *,
    data: Sequence[SpikeDataset] = (),
    limits: tuple[float, float] | None = None,
    longer_than: float | None = None,
    shuffled_labels: bool = False,
    celsius: float | None = None,
    n_resamples: int = 100,
    seed: int = 0,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Analysis:
    """Compare what networks learned with what was measured.

    Parameters
    ----------
    runs
        Trainings of one kind with different seeds: :func:`analysis.biology.extraction.find_runs`.
    against
        Reference set: :func:`analysis.biology.loaders.reference`.
    data
        The recordings of each run, or one for all: for rates, the length of a trial, and lesions. Without them those parts are left out.
    limits
        Of what can be told apart, in seconds; by default one step and the longest trial.
    longer_than
        Which time constants the lesion sets back, in seconds; by default those longer than any before training.
    shuffled_labels
        Train every network once more with the labels of its training recordings shuffled, as one more null; as long as the trainings took.
    celsius
        Bring the measurements to this temperature, with a Q10 of 1.9; by default they stay as they are.
    n_resamples
        Cluster resamples for each interval, and samples that a fit is judged by, with the one that is judged.
    seed
        Of everything random here.
    progress
        Called with the share that is done.

    Raises
    ------
    DataError
        If there is nothing to compare.
    """
    biology = reference(against) if celsius is None else at_temperature(reference(against), celsius)
    against = against if against in REFERENCES else Path(against).name
    recordings = list(data) * len(runs) if len(data) == 1 else list(data)
    rates = [rates_of(run, dataset) for run, dataset in zip(runs, recordings, strict=False)]
    longest = max(
        (Decoder.of(run.trained).length(dataset) * dataset.dt for run, dataset in zip(runs, recordings, strict=False)), default=np.inf
    )
    learned = extract_all(runs, longest=longest, limits=limits, rates=rates or None)
    learned.observed  # noqa: B018 - raises where all are censored
    known = all(run.initial is not None for run in runs)
    nulls, decays = nulls_of(runs, learned, seed) if known else ({}, False)
    progress(0.05)
    if shuffled_labels and recordings:
        without = [trained_on_shuffled_labels(run, dataset, seed=seed) for run, dataset in zip(runs, recordings, strict=True)]
        nulls["shuffled labels"] = extract_all(without, limits=(learned.low, learned.high))
    progress(0.1)
    labelled = {"learned": learned, **nulls}
    distances = {}
    for k, aspect in enumerate(ASPECTS):
        to_biology = distances_to(biology, labelled, aspect=aspect, n_resamples=n_resamples, seed=seed)
        distances[aspect] = to_biology | within_biology(against, biology.with_limits(learned.low, learned.high), aspect)
        progress(0.1 + 0.1 * (k + 1))
    others = {
        name: {label: distance(table, biology.with_limits(table.low, table.high), name) for label, table in labelled.items()}
        for name in ("ks", "energy")
    }
    fitted = fit_all(
        learned, nulls, {against: biology}, n_samples=n_resamples - 1, seed=seed, progress=lambda share: progress(0.4 + 0.3 * share)
    )
    by_sign = learned.column("sign")
    lesions = [
        lesion(run, dataset.test, longer_than=longer_than, seed=seed)
        for run, dataset in zip(runs, recordings, strict=False)
        if run.initial is not None and len(dataset.test)
    ]
    progress(0.8)
    accuracies = [lesioned.whole for lesioned in lesions]
    result = Analysis(
        runs=runs,
        dt=runs[0].trained.spec.dt_s,
        against=against,
        learned=learned,
        biology=biology,
        nulls=nulls,
        decays=decays,
        verdicts={aspect: compare(learned, biology, nulls, aspect=aspect) for aspect in ASPECTS},
        sensitivity=sensitivity(learned, biology, nulls, against),
        distances=distances,
        others=others,
        fitted=fitted,
        change=change(learned, initial_values(learned), n_resamples=n_resamples, seed=seed) if known else None,
        paper=paper_statistics(runs, learned, recordings if accuracies else [], accuracies, n_resamples=n_resamples, seed=seed)
        if known
        else None,
        relations=weight_and_tau(learned, n_resamples=n_resamples, seed=seed),
        sign=effect_of_sign(learned, n_resamples=n_resamples, seed=seed) if (by_sign == 1).any() and (by_sign == -1).any() else None,
        purity=sign_purity(learned),
        used=use_weighted_median(learned),
        clusters={name: clustering(learned, *by) for name, by in _CLUSTERS.items()},
        lesions=lesions,
    )
    progress(1.0)
    return result


def nulls_of(runs: Sequence[Run], learned: TauTable, seed: int) -> tuple[dict[str, TauTable], bool]:
    """Nulls without those that coincide, and whether weight decay is one of them: a decay of 0 leaves what there was."""
    before = initial_values(learned)
    nulls = {"before training": before}
    drift = weight_decay_drift(runs, learned)
    if decays := not np.allclose(drift.tau, before.tau, rtol=1e-6):
        nulls["weight decay alone"] = drift
    for scale, label in (("rho", "rho, signs flipped"), ("log_tau", "log tau, signs flipped")):
        nulls[label] = sign_flipped(learned, of=scale, seed=seed)
    return nulls, decays


def within_biology(against: str, biology: TauTable, aspect: str) -> dict[str, Estimate]:
    """Distances between parts of the measurements: the scale on which all others are to be seen."""
    distances = {}
    if "pre" in biology.columns and {"E", "I"} <= set(biology.column("pre").tolist()):
        parts = [biology.where(pre=sign) for sign in "EI"]
        distances[f"within {against}: E to I"] = distances_to(parts[0], {"": parts[1]}, aspect=aspect)[""]
    if against.startswith("hippocampome") and against != "hippocampome-all":
        other = reference("hippocampome-psp" if "psp" not in against else "hippocampome")
        distances["hippocampome: currents to potentials"] = distances_to(
            biology, {"": other.with_limits(biology.low, biology.high)}, aspect=aspect
        )[""]
    if not against.startswith("hippocampome"):
        distances["measured: to hippocampome"] = distances_to(
            biology, {"": reference("hippocampome").with_limits(biology.low, biology.high)}, aspect=aspect
        )[""]
    return distances


def fit_all(
    learned: TauTable,
    nulls: Mapping[str, TauTable],
    biology: Mapping[str, TauTable],
    *,
    n_samples: int,
    seed: int,
    progress: Callable[[float], None],
) -> dict[str, Fitted]:
    """Of what was learned, by projection too, of what it began with, of noise of the same size, and of biology."""
    kinds = np.unique(learned.column("kind")).tolist()
    sets = {"learned": learned} | {f"learned, {kind}": learned.where(kind=kind) for kind in kinds if len(kinds) > 1}
    sets |= {name: nulls[name] for name in ("before training", "rho, signs flipped") if name in nulls} | dict(biology)
    fitted = {}
    for k, (label, table) in enumerate(sets.items(), start=1):
        if (fits := _fitted(table, n_samples, seed)) is not None:
            fitted[label] = fits
        progress(k / len(sets))
    return fitted


def _fitted(table: TauTable, n_samples: int, seed: int) -> Fitted | None:
    """None where there is too little to fit, as before training where all are equal."""
    some = thinned(table, _FITTED, seed)
    try:
        fits = fit_families(some, _FAMILIES)
    except DataError:
        return None
    few = thinned(table, _JUDGED, seed)
    p = goodness_of_fit(few, fit_families(few, (fits[0].family,))[0], n_samples=n_samples, seed=seed)
    try:
        tail = heavy_tail(some, n_samples=n_samples, seed=seed)
    except DataError:
        tail = None
    return Fitted(some, fits, p, tail)
