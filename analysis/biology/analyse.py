"""The whole analysis: from trained networks to everything that the report says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np

from hetsyn_sim.data.decoding import Decoder
from hetsyn_sim.data.events import SpikeDataset

from .activity import lesion, rates_of
from .distances import ASPECTS, distance
from .extraction import Run, extract_all
from .loaders import REFERENCES, reference
from .nulls import initial_values, trained_on_shuffled_labels
from .paper import paper_statistics
from .parts import fit_all, nulls_of, within_biology
from .relations import change, effect_of_sign, sign_purity, use_weighted_median, weight_and_tau
from .result import Analysis
from .sensitivity import sensitivity
from .temperature import at_temperature
from .uncertainty import clustering
from .verdict import compare, distances_to

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
    rates = [rates_of(run, found) for run, found in zip(runs, recordings, strict=False)]
    longest = max((Decoder.of(run.trained).length(found) * found.dt for run, found in zip(runs, recordings, strict=False)), default=np.inf)
    learned = extract_all(runs, longest=longest, limits=limits, rates=rates or None)
    learned.observed  # noqa: B018 - raises where all are censored
    known = all(run.initial is not None for run in runs)
    nulls, decays = nulls_of(runs, learned, seed) if known else ({}, False)
    progress(0.05)
    if shuffled_labels and recordings:
        without = [trained_on_shuffled_labels(run, found, seed=seed) for run, found in zip(runs, recordings, strict=True)]
        nulls["shuffled labels"] = extract_all(without, limits=(learned.low, learned.high))
    progress(0.1)
    labelled = {"learned": learned, **nulls}
    distances = {}
    for k, aspect in enumerate(ASPECTS):
        found = distances_to(biology, labelled, aspect=aspect, n_resamples=n_resamples, seed=seed)
        distances[aspect] = found | within_biology(against, biology.with_limits(learned.low, learned.high), aspect)
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
        lesion(run, found.test, longer_than=longer_than, seed=seed)
        for run, found in zip(runs, recordings, strict=False)
        if run.initial is not None and len(found.test)
    ]
    progress(0.8)
    whole = [found.whole for found in lesions]
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
        paper=paper_statistics(runs, learned, recordings if whole else [], whole, n_resamples=n_resamples, seed=seed) if known else None,
        relations=weight_and_tau(learned, n_resamples=n_resamples, seed=seed),
        sign=effect_of_sign(learned, n_resamples=n_resamples, seed=seed) if (by_sign == 1).any() and (by_sign == -1).any() else None,
        purity=sign_purity(learned),
        used=use_weighted_median(learned),
        clusters={name: clustering(learned, *by) for name, by in _CLUSTERS.items()},
        lesions=lesions,
    )
    progress(1.0)
    return result
