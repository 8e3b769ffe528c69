"""Parts of the analysis that are put together from others: the nulls, the families of every set, and biology against biology."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from hetsyn_sim.errors import DataError

from .extraction import Run
from .fits import fit_families, goodness_of_fit, thinned
from .loaders import reference
from .nulls import initial_values, sign_flipped, weight_decay_drift
from .result import Fitted
from .table import TauTable
from .tails import heavy_tail
from .uncertainty import Estimate
from .verdict import distances_to

_FITTED = 5000  # time constants that families are fitted to
_JUDGED = 500  # and that their fit is judged by
#: The last two are what networks are initialised with.
_FAMILIES = ("lognormal", "gamma", "weibull", "inverse_gaussian", "exponential", "two_lognormals", "truncated_normal", "uniform")


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
    found = {}
    if "pre" in biology.columns and {"E", "I"} <= set(biology.column("pre").tolist()):
        parts = [biology.where(pre=sign) for sign in "EI"]
        found[f"within {against}: E to I"] = distances_to(parts[0], {"": parts[1]}, aspect=aspect)[""]
    if against.startswith("hippocampome") and against != "hippocampome-all":
        other = reference("hippocampome-psp" if "psp" not in against else "hippocampome")
        found["hippocampome: currents to potentials"] = distances_to(
            biology, {"": other.with_limits(biology.low, biology.high)}, aspect=aspect
        )[""]
    if not against.startswith("hippocampome"):
        found["measured: to hippocampome"] = distances_to(
            biology, {"": reference("hippocampome").with_limits(biology.low, biology.high)}, aspect=aspect
        )[""]
    return found


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
        tail = heavy_tail(some)
    except DataError:
        tail = None
    return Fitted(some, fits, p, tail)
