"""Tables of the study of delays: accuracy on speakers who were never heard, differences in pairs, and what tuning chose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from hetsyn_sim.report.document import Grid

from ..statistics import of_case, paired, shown
from ..study import Row

#: What is compared with what: the first less the second.
PAIRS = (
    ("w + tau", "w"),
    ("w + delay", "w"),
    ("w + tau + delay", "w"),
    ("w + tau + delay", "w + tau"),
    ("w + tau + delay", "w + delay"),
    ("w + delay", "w + tau"),
    ("w, delays drawn", "w"),
    ("w + delay", "w, delays drawn"),
)


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown. An interval over speakers takes the mean over the seeds of each for one number, so that it speaks of other speakers."""
    names = list(dict.fromkeys(row["case"]["held_out"] for row in rows))
    variants = list(dict.fromkeys(row["case"]["variant"] for row in rows))
    folds = {(v, name): of_case(rows, variant=v, held_out=name) for v in variants for name in names}
    table = []
    for variant in variants:
        runs = [row for name in names for row in folds[variant, name]]
        cells = [
            shown([100.0 * float(np.mean([row["accuracy"] for row in fold]))], digits=1) if (fold := folds[variant, name]) else "–"
            for name in names
        ]
        means = [float(np.mean([row["accuracy"] for row in folds[variant, name]])) for name in names if folds[variant, name]]
        lost = float(np.mean([row["accuracy"] - row["accuracy_between"] for row in runs]))
        costs = [f"{100.0 * lost:+.2f}" if any(part == "delay" for part in variant.split(" + ")) else "", f"{runs[0]['parameters']:,}"]
        costs.append(f"{np.mean([row['spikes'] for row in runs]):,.0f}")
        table.append([variant, *cells, shown(means, 100.0, 1), *costs])
    heads = ("learned", *names, "all", "by rounding delays", "parameters", "spikes")
    yield from Grid(heads, table).lines()
    yield ""
    table = []
    for one, other in PAIRS:
        gaps = {name: paired(folds.get((one, name), []), folds.get((other, name), []), "accuracy") for name in names}
        means = [float(np.mean(gap)) for gap in gaps.values() if gap]
        if means:
            ahead = sum(mean > 0.0 for mean in means)
            table.append([f"{one}, less {other}", shown(means, 100.0), f"{ahead} of {len(means)}"])
    yield from Grid(("points of accuracy", "over speakers, paired", "speakers with more"), table).lines()
    yield ""
    mismatches, simulated = sum(row["mismatches"] for row in rows), sum(row["simulated"] for row in rows)
    seeds = len({row["seed"] for row in rows})
    yield f"{len(rows)} trained networks, {seeds} seed{'s' * (seeds > 1)}."
    yield f"In Brian2, with delays of whole steps, {mismatches} cells of the rasters of {simulated:,} recordings differ."


def tuning_lines(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown: mean accuracy on the speakers that judged for each held-out speaker, over learning rates, the chosen one in bold."""
    rates = sorted({row["case"]["lr"] for row in rows})
    judged, best = _judged(rows), best_rates(rows)
    names = list(dict.fromkeys(name for row in rows for name in row["case"]["without"]))
    table = []
    for variant, by_name in judged.items():
        for lr in rates:
            cells = []
            for name in names:
                found = by_name.get(name, {}).get(lr, [])
                mean = f"{100.0 * np.mean(found):.1f}" if found else "–"
                cells.append(f"**{mean}**" if found and lr == best[variant][name] else mean)
            table.append([variant, f"{lr:g}", *cells])
    yield from Grid(("learned", "learning rate", *names), table).lines()


def best_rates(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Variant -> held-out speaker -> the learning rate of the highest mean accuracy on those who judge for it; of equals the lower."""
    return {
        variant: {name: max(sorted(by_rate), key=lambda lr: float(np.mean(by_rate[lr]))) for name, by_rate in by_name.items()}
        for variant, by_name in _judged(rows).items()
    }


def _judged(rows: Sequence[Row]) -> Mapping[str, Mapping[str, Mapping[float, list[float]]]]:
    """Variant -> held-out speaker -> learning rate -> accuracies on other speakers, of networks that had heard neither."""
    judged: dict[str, dict[str, dict[float, list[float]]]] = {}
    for row in rows:
        case = row["case"]
        for name in case["without"]:
            by_rate = judged.setdefault(case["variant"], {}).setdefault(name, {}).setdefault(case["lr"], [])
            by_rate += [accuracy for other, accuracy in row["accuracy"].items() if other != name]
    return judged
