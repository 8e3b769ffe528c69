"""Tables of the forecasting study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hetsyn_sim.report.document import Grid

from ..claims import claim_lines
from ..statistics import of_case, paired, shown
from ..study import Case, Row
from .claims import CLAIMS, LYAPUNOV_TIME

_ERRORS = ("forecast by", "seeds", "NRMSE", "squared error", "less MTC's, paired", "parameters")
_ACTIVITY = (
    *("neuron", "never on (%)", "can spike (%)", "events per neuron and step", "values sent per neuron and step"),
    *("values for an event", "the others: on (% of steps)", "events per step"),
)
#: Facts of a case that make it a run of another kind, which is compared with MTC's of the same.
_KINDS = ("iterations", "noise")


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown: errors by horizon, and less MTC's seed by seed; what neurons send at the shortest and the longest; the claims."""
    horizons = sorted({row["case"]["horizon"] for row in rows})
    for horizon in horizons:
        for kind in sorted({_kind(row["case"]) for row in rows if row["case"]["horizon"] == horizon}):
            yield f"{horizon:g} time units ahead, {horizon / LYAPUNOV_TIME:.2f} Lyapunov times{_said_of(kind)}:"
            yield ""
            yield from Grid(_ERRORS, _errors_of(rows, horizon, kind)).lines()
            yield ""
    for horizon in sorted({horizons[0], horizons[-1]}):
        if table := _activity_at(rows, horizon):
            yield f"What neurons send, {horizon:g} time units ahead:"
            yield ""
            yield from Grid(_ACTIVITY, table).lines()
            yield ""
    yield from claim_lines(CLAIMS, {"forecast": rows})
    yield ""
    if simulated := [row for row in rows if "mismatches" in row]:
        wrong, spikes = (sum(row[key] for row in simulated) for key in ("mismatches", "spikes"))
        yield (
            f"{len(simulated)} trained networks were simulated in Brian2: {wrong} cells of their rasters differ, of {spikes:,} spikes; "
            f"voltages and graded spikes by at most {max(row['largest'] for row in simulated):.1e}, voltages by at most "
            f"{100 * max(row['max_dv_over_bound'] for row in simulated):.2g} % of what rounding may do."
        )


def _errors_of(rows: Sequence[Row], horizon: float, kind: tuple[tuple[str, float], ...]) -> list[list[str]]:
    table = []
    cases = [row["case"] for row in rows if row["case"]["horizon"] == horizon and _kind(row["case"]) == kind]
    reference = of_case(rows, model="MTC", horizon=horizon, **dict(kind))
    for label, case in {label_of(case): case for case in cases}.items():
        runs = of_case(rows, **case)
        gap = "" if runs == reference else shown(paired(runs, reference, "mse"), digits=4)
        nrmse = [row["nrmse"] for row in runs]
        errors = [shown(nrmse, digits=3 if max(nrmse) > 0.01 else 6), shown([row["mse"] for row in runs], digits=4), gap]
        table.append([label, str(len(runs)), *errors, f"{runs[0]['parameters']:,}" if "parameters" in runs[0] else "–"])
    return table


def _activity_at(rows: Sequence[Row], horizon: float) -> list[list[str]]:
    table = []
    cases = [row["case"] for row in rows if row["case"]["horizon"] == horizon and "silent" in row and "noise" not in row["case"]]
    for label, case in {label_of(case) + _said_of(_kind(case)): case for case in cases}.items():
        runs = of_case(rows, **case)
        awake = [row for row in runs if row["silent"] < 1.0]
        table.append(
            [
                label,
                shown([row["silent"] for row in runs], 100.0, digits=0),
                shown([row["excitable"] for row in runs], 100.0, digits=0),
                shown([row["rate"] for row in runs], digits=4),
                shown([row["duty"] for row in runs], digits=3),
                shown([row["duty"] / row["rate"] for row in runs if row["rate"]], digits=0),
                shown([row["duty"] / (1.0 - row["silent"]) for row in awake], 100.0, digits=0),
                shown([row["rate"] / (1.0 - row["silent"]) for row in awake], digits=4),
            ]
        )
    return table


def _kind(case: Case) -> tuple[tuple[str, float], ...]:
    return tuple((name, case[name]) for name in _KINDS if name in case)


def _said_of(kind: tuple[tuple[str, float], ...]) -> str:
    texts = {"iterations": "after {:,} iterations", "noise": "with noise of {:g} standard deviations on what is seen"}
    return "".join(", " + texts[name].format(value) for name, value in kind)


def label_of(case: Case) -> str:
    """The neuron, and what is another in this case than in the study's first ones; the horizon, the iterations and noise left out."""
    more = f", {case['neurons']} neurons" if "neurons" in case else ""
    return f"{case['model']}{more}" + (", spiking at the start" if "start" in case else "")


def tuning_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown: mean error on validation over learning rates, the chosen one in bold."""
    rates = list(dict.fromkeys(row["case"]["lr"] for row in rows))
    best = best_rates(rows)
    table = []
    for model in dict.fromkeys(row["case"]["model"] for row in rows):
        cells = []
        for lr in rates:
            errors = [row["mse"] for row in of_case(rows, model=model, lr=lr)]
            mean = f"{sum(errors) / len(errors):.4f}" if errors else "–"
            cells.append(f"**{mean}**" if lr == best[model] else mean)
        table.append([model, *cells])
    return Grid(["neuron", *(f"{lr:g}" for lr in rates)], table).lines()


def best_rates(rows: Sequence[Row]) -> dict[str, float]:
    """Neuron -> the learning rate with the lowest mean error on validation."""
    models = dict.fromkeys(row["case"]["model"] for row in rows)

    def mean(model: str, lr: float) -> float:
        errors = [row["mse"] for row in of_case(rows, model=model, lr=lr)]
        return sum(errors) / len(errors) if errors else float("inf")

    rates = sorted({row["case"]["lr"] for row in rows})
    return {model: min(rates, key=lambda lr: mean(model, lr)) for model in models}
