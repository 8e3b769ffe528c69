"""The tables of the report."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np

from hetsyn_sim.report.document import Grid, Table
from hetsyn_sim.reproduce.statistics import shown

from .analyse import Analysis
from .biology import SHIPPED
from .table import TauTable
from .uncertainty import Estimate

__all__ = [
    "METHODS",
    "as_csv",
    "censoring",
    "changes",
    "clusters",
    "descriptions",
    "families",
    "gains",
    "lesions",
    "relations",
    "sources",
]

METHODS: Sequence[str] = (
    "Limits: a time constant shorter than a step or longer than a trial can't be told from 0 or from infinity; it "
    "is censored there, and so "
    "are the measurements it is compared with.",
    "Distances: Wasserstein's on log tau (0.69 is a factor of two), Kolmogorov-Smirnov and energy. Intervals: percentiles of a cluster "
    "bootstrap that draws networks, then neurons, then synapses, and measurements beside them.",
    "Nulls: the initial values; weight decay alone (AdamW's, in closed form, where there is any); the learned "
    "changes of rho, and of log tau, "
    "with random signs, since symmetric noise on rho alone gives a long tail.",
    "The answer is yes if, for every null, the mean gain over networks and all of its Student's interval exceed 5 "
    "% of the null's distance; "
    "no if the interval lies below that for some null; undecided otherwise, with fewer than three networks, or where more than half of "
    "either side is censored.",
    "Fits: censored maximum likelihood on at most 5,000 time constants, goodness of fit on 500 by parametric bootstrap; tails: Vuong's "
    "likelihood ratio of a log-normal and a power law.",
)


def gains(a: Analysis) -> Grid:
    """Of each aspect: mean gain over every null."""
    rows = [
        [
            name,
            *(_estimate(a.verdicts[aspect].gains[name]) for aspect in a.verdicts),
            *(f"{values[name]:.3f}" for values in a.others.values()),
        ]
        for name in a.nulls
    ]
    rows.append(["learned", *(["–"] * len(a.verdicts)), *(f"{values['learned']:.3f}" for values in a.others.values())])
    return Grid(
        ["", "distance less that of the learned: everything", "scale apart", "scale and width apart", "Kolmogorov-Smirnov", "energy"], rows
    )


def censoring(a: Analysis) -> str:
    """Shares beyond the limits, of both sides."""
    limited = a.biology.with_limits(a.learned.low, a.learned.high)
    shares = [f"{100 * low:.1f} % below and {100 * high:.1f} % above" for low, high in (a.learned.censored, limited.censored)]
    return (
        f"{len(a.learned):,} time constants of {len(a.runs)} network{'s' * (len(a.runs) > 1)}; limits {1e3 * a.learned.low:g} and "
        f"{1e3 * a.learned.high:g} ms: {shares[0]} of the learned ones lie beyond them, {shares[1]} of the measured ones."
    )


def descriptions(a: Analysis) -> Grid:
    """Quantiles, moments of log tau, and shares beyond the limits."""
    kinds = np.unique(a.learned.column("kind")).tolist()
    limited = a.biology.with_limits(a.learned.low, a.learned.high)
    sets = {"learned": a.learned, **{f"learned, {kind}": a.learned.where(kind=kind) for kind in kinds}, **a.nulls, a.against: limited}
    columns = ["", "n", "median (ms)", "quartiles (ms)", "5 and 95 % (ms)", "SD of log tau", "skew of log tau", "below", "above"]
    rows = [_described(label, table) for label, table in sets.items()]
    if a.used is not None:
        rows.append(["learned, each by |w| times the rate before it", "", f"{1e3 * a.used:.3g}", *[""] * 6])
    return Grid(columns, rows)


def _described(label: str, table: TauTable) -> list[str]:
    steps = [1e3 * np.quantile(table.tau, q, method="nearest") for q in (0.5, 0.25, 0.75, 0.05, 0.95)]
    inside = np.log(table.tau[~(table.is_low | table.is_high)])
    spread = float(inside.std()) if inside.size else 0.0
    skew = float(np.mean((inside - inside.mean()) ** 3) / spread**3) if spread > 0 else 0.0
    below, above = table.censored
    cells = [f"{len(table):,}", f"{steps[0]:.3g}", f"{steps[1]:.3g} to {steps[2]:.3g}", f"{steps[3]:.3g} and {steps[4]:.3g}"]
    return [label, *cells, f"{spread:.2f}", f"{skew:+.2f}", f"{100 * below:.1f} %", f"{100 * above:.1f} %"]


def changes(a: Analysis) -> Table:
    """Paired; and the paper's statistic."""
    assert a.change is not None
    rows = {
        "median of log(after / before)": _estimate(a.change.median),
        "became longer by more than 1 %": _percent(a.change.longer),
        "above every initial value of their projection": _percent(a.change.above_initial),
        "the same in the paper (SHD, readout)": "2.0 %",
    }
    return Table(rows)


def families(a: Analysis) -> Grid:
    """Differences of AIC."""
    names = sorted({fit.family for found in a.fitted.values() for fit in found.fits})
    rows = []
    for label, found in a.fitted.items():
        aic = {fit.family: fit.aic - found.fits[0].aic for fit in found.fits}
        tail = "–" if found.tail is None else f"{found.tail.preferred} ({found.tail.ratio:+.1f})"
        rows.append([label, f"{len(found.table):,}", *(f"{aic[name]:.1f}" for name in names), f"{found.p:.2f}", tail])
    return Grid(["", "n", *(name.replace("_", " ") for name in names), "p of the best", "tail (ratio)"], rows)


def relations(a: Analysis) -> Grid:
    """Weight and tau; excitatory and inhibitory."""
    rows = [
        [f"|w| and tau, {r.kind}, {'excitatory' if r.sign > 0 else 'inhibitory'}", f"{r.n:,}", f"Spearman {_estimate(r.correlation)}"]
        for r in a.relations
    ]
    if a.sign is not None:
        rows.append(["median tau, inhibitory over excitatory (biology: 1.7)", f"{len(a.learned):,}", _estimate(a.sign)])
    rows.append(["purity of signs by presynaptic neuron (Dale's law: 1)", f"{len(a.learned):,}", f"{a.purity:.2f}"])
    return Grid(["", "n", "value [95 %]"], rows)


def lesions(a: Analysis) -> Grid:
    """Accuracy of each network, and the means."""
    rows = [
        [
            run.name,
            f"{1e3 * found.longer_than:.3g} ms",
            f"{100 * found.share:.2f} %",
            *(f"{100 * v:.2f} %" for v in (found.whole, found.without_long, found.without_control)),
        ]
        for run, found in zip(a.runs, a.lesions, strict=False)
    ]
    every = [[getattr(found, name) for found in a.lesions] for name in ("share", "whole", "without_long", "without_control")]
    rows.append(["mean", "", *(f"{shown(values, 100.0)} %" for values in every)])
    return Grid(["network", "long: above", "share", "accuracy", "long ones set back", "as many others, as heavy, set back"], rows)


def clusters(a: Analysis) -> Grid:
    """Design effects."""
    rows = [
        [name, f"{c.n_clusters:,}", f"{c.correlation:.3f}", f"{c.design_effect:.1f}", f"{c.effective_n:,.0f} of {c.n:,}"]
        for name, c in a.clusters.items()
    ]
    return Grid(["clusters", "how many", "correlation within", "design effect", "effective n"], rows)


def sources(a: Analysis) -> Table:
    """Where the measurements come from."""
    rows = {"measured": a.biology.source, "caveat": a.biology.note}
    if a.against.startswith("hippocampome"):
        rows |= {"licence": SHIPPED["hippocampome"].licence, "from": SHIPPED["hippocampome"].source}
    return Table(
        {**rows, "the claim": "Deng et al. 2025, HetSyn, NeurIPS 2025, Fig. 1A, 4D, App. G", "networks": ", ".join(r.name for r in a.runs)}
    )


def as_csv(table: TauTable) -> str:
    """Every row, tau in ms, for other programs and for :func:`analysis.loaders.from_csv`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["tau_ms", "limit", *table.columns])
    limit = np.where(table.is_low, "at most", np.where(table.is_high, "at least", ""))
    writer.writerows(zip((1e3 * table.tau).tolist(), limit.tolist(), *(column.tolist() for column in table.columns.values()), strict=True))
    return text.getvalue()


def _estimate(e: Estimate) -> str:
    return f"{e.value:.3g}" if np.isnan(e.low) else f"{e.value:.3g} [{e.low:.3g}, {e.high:.3g}]"


def _percent(e: Estimate) -> str:
    return f"{100 * e.value:.1f} % [{100 * e.low:.1f}, {100 * e.high:.1f}]"
