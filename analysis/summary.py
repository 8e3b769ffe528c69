"""An analysis as plain data, and what has to be kept in mind with it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from .analyse import Analysis

__all__ = ["caveats", "summary"]


def summary(a: Analysis) -> dict[str, Any]:
    """Everything but the time constants themselves; what is not a number is null."""
    found = {
        "networks": [run.name for run in a.runs],
        "against": a.against,
        "n": len(a.learned),
        "limits_s": [a.learned.low, a.learned.high],
        "censored": list(a.learned.censored),
        "censored_in_biology": list(a.biology.with_limits(a.learned.low, a.learned.high).censored),
        "verdicts": {
            aspect: {"answer": v.answer, "because": v.because, "distances": dict(v.distances), "gains": _estimates(v.gains)}
            for aspect, v in a.verdicts.items()
        },
        "distances": {aspect: _estimates(values) for aspect, values in a.distances.items()},
        "other_distances": {name: dict(values) for name, values in a.others.items()},
        "fits": {
            label: {
                "families": {fit.family: {"aic": fit.aic, "bic": fit.bic, **fit.parameters} for fit in found.fits},
                "p": found.p,
                "tail": None if found.tail is None else {**asdict(found.tail), "preferred": found.tail.preferred},
            }
            for label, found in a.fitted.items()
        },
        "change": None if a.change is None else asdict(a.change),
        "relations": [asdict(r) for r in a.relations],
        "inhibitory_over_excitatory": None if a.sign is None else asdict(a.sign),
        "sign_purity": a.purity,
        "median_by_use_s": a.used,
        "clusters": {name: {**asdict(c), "effective_n": c.effective_n} for name, c in a.clusters.items()},
        "lesions": [asdict(found) for found in a.lesions],
    }
    return {key: _finite(value) for key, value in found.items()}


def _estimates(values: Any) -> dict[str, Any]:
    return {name: asdict(estimate) for name, estimate in values.items()}


def _finite(value: Any) -> Any:
    """JSON has neither NaN nor infinities."""
    if isinstance(value, dict):
        return {key: _finite(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value


def caveats(a: Analysis) -> list[str]:
    """What a sceptic would say, and is right about."""
    clamp = "potentials (current clamp), which the membrane filters" if "psp" in a.against else "currents (voltage clamp)"
    told = [
        f"HetSynLIF has no membrane filter: its voltage is the sum of its currents, so that its time constants stand "
        f"for the decay of a current and of the membrane together. Compared here with {a.against}: of the sets that ship, that means "
        f"{clamp}. Neither is the exact counterpart.",
        "Signs belong to weights, not to neurons: excitatory and inhibitory are kinds of synapses here, and classes of targets can't be "
        "compared.",
        "Synapses of a network are no replicates. No p-value is given for differences between them; networks are what is counted.",
        "Measurements at different temperatures are not corrected.",
    ]
    beyond = sum(a.biology.with_limits(a.learned.low, a.learned.high).censored)
    if beyond > 0.25:
        told.insert(0, f"{100 * beyond:.0f} % of the measurements lie beyond what this network's step and trial can resolve.")
    if len(a.runs) < 3:
        told.insert(0, f"Only {len(a.runs)} network{'s' * (len(a.runs) > 1)}: nothing follows for others of the kind.")
    return told
