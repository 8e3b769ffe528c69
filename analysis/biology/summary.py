"""An analysis as plain data."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from .paper import Paper
from .result import Analysis


def summary(a: Analysis) -> dict[str, Any]:
    """Everything but the time constants themselves; what is not a number is null."""
    plain = {
        "networks": [run.name for run in a.runs],
        "against": a.against,
        "n": len(a.learned),
        "dt_s": a.dt,
        "medians_s": {name: float(np.median(table.tau)) for name, table in {"learned": a.learned, **a.nulls, a.against: a.biology}.items()},
        "weight_decay": a.decays,
        "limits_s": [a.learned.low, a.learned.high],
        "censored": list(a.learned.censored),
        "censored_in_biology": list(a.biology.with_limits(a.learned.low, a.learned.high).censored),
        "verdicts": {
            aspect: {"answer": v.answer, "because": v.because, "distances": dict(v.distances), "gains": _estimates(v.gains)}
            for aspect, v in a.verdicts.items()
        },
        "sensitivity": [asdict(choice) for choice in a.sensitivity],
        "distances": {aspect: _estimates(values) for aspect, values in a.distances.items()},
        "other_distances": {name: dict(values) for name, values in a.others.items()},
        "fits": {
            label: {
                "families": {fit.family: {"aic": fit.aic, "bic": fit.bic, **fit.parameters} for fit in fitted.fits},
                "p": fitted.p,
                "tail": None if fitted.tail is None else {**asdict(fitted.tail), "verdict": fitted.tail.verdict},
            }
            for label, fitted in a.fitted.items()
        },
        "change": None if a.change is None else asdict(a.change),
        "paper": None if a.paper is None else _paper(a.paper),
        "relations": [asdict(r) for r in a.relations],
        "inhibitory_over_excitatory": None if a.sign is None else asdict(a.sign),
        "sign_purity": a.purity,
        "median_by_use_s": a.used,
        "clusters": {name: {**asdict(c), "effective_n": c.effective_n} for name, c in a.clusters.items()},
        "lesions": [asdict(lesion) for lesion in a.lesions],
    }
    return {key: _finite(value) for key, value in plain.items()}


def _paper(paper: Paper) -> dict[str, Any]:
    published = None if paper.published is None else dict(paper.published)
    above = _estimates(paper.above_initial)
    return {"above_initial": above, "initial_ms": paper.initial_ms, "table_4": list(map(dict, paper.table_4)), "published": published}


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
