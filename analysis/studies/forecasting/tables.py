"""Tables of the forecasting study."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hetsyn_sim.report.document import Grid

from ..statistics import of_case, paired, shown
from ..study import Case, Row

#: Time units, as measured: 197 (with its standard error of 3) for the published numbers of the equation.
LYAPUNOV_TIME = 197.0
_COLUMNS = (
    *("forecast by", "seeds", "squared error", "less MTC's, paired", "NRMSE"),
    *("events per neuron and step", "duty cycle (%)", "parameters"),
)


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown: for every horizon, errors and both measures of sparsity, and errors less MTC's, seed by seed."""
    for horizon in dict.fromkeys(row["case"]["horizon"] for row in rows):
        yield f"{horizon:g} time units ahead, {horizon / LYAPUNOV_TIME:.2f} Lyapunov times:"
        yield ""
        table = []
        reference = of_case(rows, model="MTC", horizon=horizon)
        cases = [row["case"] for row in rows if row["case"]["horizon"] == horizon]
        for label, case in {_label(case): case for case in cases}.items():
            runs = of_case(rows, **case)
            gap = "" if runs == reference else shown(paired(runs, reference, "mse"), digits=4)
            cells = [shown([row["mse"] for row in runs], digits=4), gap, shown([row["nrmse"] for row in runs], digits=3)]
            neurons = [row for row in runs if "rate" in row]
            cells += [shown([row["rate"] for row in neurons], digits=4), shown([row["duty"] for row in neurons], 100.0, digits=1)]
            cells.append(f"{neurons[0]['parameters']}" if neurons else "–")
            table.append([label, str(len(runs)), *cells])
        yield from Grid(_COLUMNS, table).lines()
        yield ""
    if simulated := [row for row in rows if "mismatches" in row]:
        wrong, spikes = (sum(row[key] for row in simulated) for key in ("mismatches", "spikes"))
        yield (
            f"{len(simulated)} trained networks were simulated in Brian2: {wrong} cells of their rasters differ, of {spikes:,} spikes; "
            f"voltages and graded spikes by at most {max(row['largest'] for row in simulated):.1e}."
        )


def _label(case: Case) -> str:
    return f"{case['model']}, {case['neurons']} neurons" if "neurons" in case else str(case["model"])


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
