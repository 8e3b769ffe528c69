"""The tables of the report that say what the time constants are."""

from __future__ import annotations

import csv
import io

import numpy as np

from hetsyn_sim.report.document import Grid

from .fits import akaike_weights
from .relations import spreads, tau_by_weight
from .result import Analysis
from .table import TauTable
from .uncertainty import Estimate
from .wording import ASPECT_NAMES


def gains(a: Analysis) -> Grid:
    """Of each null: its distance, and what was gained over it, by aspect."""
    columns = ["", "distance", *(f"gain: {ASPECT_NAMES[aspect]}" for aspect in a.verdicts), "Kolmogorov-Smirnov", "energy"]
    rows = [
        [
            name,
            f"{a.distances['all'][name].value:.3f}",
            *(estimate(verdict.gains[name]) if name in a.nulls else "–" for verdict in a.verdicts.values()),
            *(f"{values[name]:.3f}" for values in a.others.values()),
        ]
        for name in ("learned", *a.nulls)
    ]
    return Grid(columns, rows)


def censoring(a: Analysis) -> str:
    """Shares beyond the limits, of both sides."""
    limited = a.biology.with_limits(a.learned.low, a.learned.high)
    shares = [f"{100 * low:.1f} % below and {100 * high:.1f} % above" for low, high in (a.learned.censored, limited.censored)]
    many = "s" * (len(a.runs) > 1)
    return (
        f"{len(a.learned):,} time constants of {len(a.runs)} network{many}, step {1e3 * a.dt:g} ms. Limits: {1e3 * a.learned.low:g} "
        f"and {1e3 * a.learned.high:g} ms. Beyond them: {shares[0]} of the learned ones, {shares[1]} of the measured ones."
    )


def descriptions(a: Analysis) -> Grid:
    """Quantiles, moments of log tau, and shares beyond the limits."""
    kinds = np.unique(a.learned.column("kind")).tolist()
    limited = a.biology.with_limits(a.learned.low, a.learned.high)
    parts = {f"learned, {kind}": a.learned.where(kind=kind) for kind in kinds if len(kinds) > 1}
    sets = {"learned": a.learned, **parts, **a.nulls, f"{a.against}, within the limits": limited, a.against: a.biology}
    columns = ["", "n", "median (ms)", "in steps", "quartiles (ms)", "5 and 95 % (ms)", "SD of log", "skew of log", "below", "above"]
    rows = [_described(label, table, a.dt) for label, table in sets.items()]
    if a.used is not None:
        used = ["", f"{1e3 * a.used:.3g}", f"{a.used / a.dt:.3g}", *["–"] * 6]
        rows.insert(1, ["learned, each by |w| times the rate before it", *used])
    return Grid(columns, rows)


def _described(label: str, table: TauTable, dt: float) -> list[str]:
    middle, q1, q3, p5, p95 = (float(1e3 * np.quantile(table.tau, q, method="nearest")) for q in (0.5, 0.25, 0.75, 0.05, 0.95))
    inside = np.log(table.tau[~(table.is_low | table.is_high)])
    spread = float(inside.std()) if inside.size else 0.0
    skew = float(np.mean((inside - inside.mean()) ** 3) / spread**3) if spread > 0 else 0.0
    below, above = table.censored
    cells = [f"{len(table):,}", _ms(middle), f"{1e-3 * middle / dt:.3g}", f"{_ms(q1)} to {_ms(q3)}", f"{_ms(p5)} and {_ms(p95)}"]
    return [label, *cells, f"{spread:.2f}", f"{skew:+.2f}", f"{100 * below:.1f} %", f"{100 * above:.1f} %"]


def _ms(value: float) -> str:
    """Three digits, without an exponent from 1,000 on."""
    return f"{value:,.0f}" if value >= 1000.0 else f"{value:.3g}"


def changes(a: Analysis) -> Grid:
    """Paired, synapse by synapse."""
    assert a.change is not None
    return Grid.of_pairs(
        {
            "median of log(after / before)": estimate(a.change.median),
            "became longer by more than 1 %": percent(a.change.longer),
            "above every initial value of their projection": percent(a.change.above_initial),
        }
    )


def families(a: Analysis) -> Grid:
    """Differences of AIC, the weight of the best, and what BIC prefers."""
    names = sorted({fit.family for fitted in a.fitted.values() for fit in fitted.fits})
    rows = []
    for label, fitted in a.fitted.items():
        best = fitted.fits[0]
        aic = {fit.family: fit.aic - best.aic for fit in fitted.fits}
        by_bic = min(fitted.fits, key=lambda fit: fit.bic).family.replace("_", " ")
        tail = "too short" if fitted.tail is None else f"{fitted.tail.verdict} (p = {fitted.tail.p:.2f})"
        judged = [f"{akaike_weights(fitted.fits)[best.family]:.2f}", by_bic, f"{fitted.p:.2f}", tail]
        rows.append([label, f"{len(fitted.table):,}", *(f"{aic[name]:.1f}" if name in aic else "–" for name in names), *judged])
    return Grid(["", "n", *(name.replace("_", " ") for name in names), "weight of the best", "best by BIC", "p of the best", "tail"], rows)


def relations(a: Analysis) -> Grid:
    """Weight and tau; excitatory and inhibitory; beside them what is known of biology."""
    rows = [
        [
            f"|w| and tau, {r.kind}, {'excitatory' if r.sign > 0 else 'inhibitory'}: Spearman",
            f"{r.n:,}",
            estimate(r.correlation),
            "-0.31 (conductance and tau)",
        ]
        for r in a.relations
    ]
    n = f"{len(a.learned):,}"
    if a.sign is not None:
        rows.append(["median tau, inhibitory over excitatory", n, estimate(a.sign), "1.7 (hippocampus, currents)"])
    if (thirds := tau_by_weight(a.learned)) is not None:
        rows.append(["median tau of the lightest, middle, heaviest third (ms)", n, ", ".join(_ms(1e3 * tau) for tau in thirds), ""])
    if (sd := spreads(a.learned)) is not None:
        apart = float(np.hypot(*sd[:2]))
        product = f"{sd[2]:.2f}; {apart:.2f} if they were independent"
        rows.append(["SD of log |w|, of log tau", n, f"{sd[0]:.2f}, {sd[1]:.2f}", ""])
        rows.append(["SD of log(|w| tau), what a spike brings in all", n, product, ""])
    if np.isfinite(a.learned.column("w")).any():
        rows.append(["purity of signs by presynaptic neuron", n, f"{a.purity:.2f}", "1 (Dale's law)"])
    return Grid(["", "n", "value [95 %]", "biology"], rows)


def as_csv(table: TauTable) -> str:
    """Every row, tau in ms, for other programs and for :func:`analysis.biology.loaders.from_csv`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["tau_ms", "limit", *table.columns])
    limit = np.where(table.is_low, "at most", np.where(table.is_high, "at least", ""))
    writer.writerows(zip((1e3 * table.tau).tolist(), limit.tolist(), *(column.tolist() for column in table.columns.values()), strict=True))
    return text.getvalue()


def estimate(e: Estimate) -> str:
    """Value and interval; the value alone where one network gives no interval."""
    return f"{e.value:.3g}" if np.isnan(e.low) else f"{e.value:.3g} [{e.low:.3g}, {e.high:.3g}]"


def percent(e: Estimate) -> str:
    """The same in percent."""
    return f"{100 * e.value:.1f} %" + ("" if np.isnan(e.low) else f" [{100 * e.low:.1f}, {100 * e.high:.1f}]")
