"""Networks trained alike on the ladder to biophysics, and trained on where they lost accuracy; the page of the documentation is made of it.

    for seed in 0 1 2 3 4; do hetsyn train fsdd-hetsyn --seed $seed; done
    python -m benchmarks.ladder runs/fsdd-hetsyn-seed? --docs docs

Every network's rows are kept in the folder ``ladder`` beside it as they come, so a benchmark that was stopped goes on. Accuracies are of
the test split, at strengths and with trainings that were set beforehand.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from analysis.studies.statistics import shown
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.files import json_text, write_atomically
from hetsyn_sim.errors import HetSynError
from hetsyn_sim.ladder import CHANGES, RUNGS, Row, Rung, fine_tune, run_ladder
from hetsyn_sim.report.document import Grid, png_of
from hetsyn_sim.tasks import spoken_digits

_RUNG = {rung.name: rung for rung in RUNGS}
_SEEDS = range(3)


def _dale_with_conductances(setting: Any, share: float, rng: np.random.Generator) -> Any:
    """Dale's law in a network of conductances: the same spikes, and training can't change a sign."""
    return _RUNG["conductances"].apply(_RUNG["Dale's law"].apply(setting, share, rng), 70.0, rng)


#: Where it is trained on: the words of the table, rung, strength, noise (in thresholds), epochs and share of the recipe's learning rate.
#: Conductances are trained on a scale on which a step is smaller; one that Dale's law leaves nothing of is trained as it was at first.
CASES: tuple[tuple[str, Rung, float, float, int, float], ...] = (
    ("`tau_mem` = 50 ms", _RUNG["membrane capacitance"], 50.0, 0.0, 5, 0.1),
    ("`tau_mem` = 100 ms", _RUNG["membrane capacitance"], 100.0, 0.0, 5, 0.1),
    ("dt 10 times finer, noise of 0.5 thresholds", _RUNG["refined dt"], 10.0, 0.5, 5, 0.1),
    ("reversal potentials, `tau_mem` = 20 ms", _RUNG["conductances, capacitance"], 20.0, 0.0, 5, 1.0),
    ("mismatch of 0.2", replace(_RUNG["mismatch"], refined=False), 0.2, 0.0, 5, 0.1),
    ("Dale's law", replace(_RUNG["Dale's law"], apply=_dale_with_conductances), 1.0, 0.0, 20, 1.0),
)


def ladder_lines(networks: Sequence[Sequence[Row]]) -> Iterator[str]:
    """Every rung and strength: means over networks, each the mean of its seeds, and differences in pairs, with Student's intervals."""
    differences = ("less the trained network (points)", "less what it stands on", "lost, won (p)")
    return Grid(("rung", "strength", "accuracy (%)", *differences, "distance", "rate (Hz)"), _lines(networks)).lines()


def _lines(networks: Sequence[Sequence[Row]]) -> Iterator[list[str]]:
    measured = dict.fromkeys((row.name, row.strength) for rows in networks for row in rows)
    for name, strength in measured:
        runs = [_of(rows, name, strength) for rows in networks]
        there = [k for k, rows in enumerate(runs) if rows]
        row, below = runs[there[0]][0], _below(name, strength, measured)

        def means(key: str, runs: Sequence[Sequence[Row]], there: Sequence[int] = there) -> list[float]:
            return [float(np.mean([getattr(row, key) for row in runs[k]])) for k in there]

        def less(other: tuple[str, float], runs: Sequence[Sequence[Row]] = runs, there: Sequence[int] = there) -> str:
            base = means("accuracy", [_of(rows, *other) for rows in networks], there)
            return shown([100 * (a - b) for a, b in zip(means("accuracy", runs, there), base, strict=True)], digits=1)

        yield [
            f"{row.number} {name}",
            _strength(row) if row.number else "",
            shown(means("accuracy", runs), 100, 1),
            less(_TRAINED) if row.number else "",
            less(below) if row.number and below != _TRAINED else "",
            mcnemar([(_of(networks[k], *below)[0], runs[k][0]) for k in there]) if row.number else "",
            f"{np.mean(means('distance', runs)):.3f}",
            f"{np.mean(means('rate_hz', runs)):.2f}",
        ]


_TRAINED = ("same grid", 0.0)


def _below(name: str, strength: float, measured: Iterable[tuple[str, float]]) -> tuple[str, float]:
    """What a rung stands on, of what was measured: the finer grid, the climb before, or the trained network."""
    lower = [other for other in measured if other[0] == name == "climb" and other[1] < strength]
    if name in _RUNG and _RUNG[name].refined:
        lower = [other for other in measured if other == ("refined dt", 10.0)]
    return max(lower, default=_TRAINED)


def _of(rows: Iterable[Row], name: str, strength: float) -> list[Row]:
    return [row for row in rows if (row.name, row.strength) == (name, strength)]


def _strength(row: Row) -> str:
    if row.name == "climb":
        return f"{'+ ' if row.strength > 1 else ''}{CHANGES[int(row.strength) - 1][0]}"
    return f"{row.quantity} {row.strength:g} {row.unit}".strip()


def mcnemar(pairs: Iterable[tuple[Row, Row]]) -> str:
    """How many recordings the second row of each pair has lost and won against the first, and McNemar's exact p for them together."""
    right = [(one.right_ones, other.right_ones) for one, other in pairs]
    lost, won = (sum(int((a & ~b).sum()) for a, b in some) for some in (right, [(b, a) for a, b in right]))
    p = binomtest(lost, lost + won).pvalue if lost + won else 1.0
    return f"{lost}, {won} ({'< 0.001' if p < 0.001 else f'{p:.3f}'})"


def finetuning_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Every case: accuracy of the trained networks, on the rung, and after training there; and what the training won, in pairs."""
    heads = ("where", "epochs", "networks", "on its own grid (%)", "on the rung, as trained", "after training there", "won (points)")
    return Grid(heads, _finetuned(list(rows))).lines()


def _finetuned(rows: Sequence[Mapping[str, Any]]) -> Iterator[list[str]]:
    for where, *_, epochs, _ in CASES:
        same = [row for row in rows if row["where"] == where]
        if same:
            shares = [shown([row[key] for row in same], 100, 1) for key in ("trained", "before", "after")]
            yield [where, str(epochs), str(len(same)), *shares, shown([row["after"] - row["before"] for row in same], 100, 1)]


def _tune(checkpoints: Sequence[Checkpoint], data: Any, device: str, store: Path) -> list[dict[str, Any]]:
    rows = json.loads(store.read_text(encoding="utf-8"))["rows"] if store.is_file() else []
    for where, rung, strength, noise, epochs, lr_factor in CASES:
        for network, checkpoint in enumerate(checkpoints):
            case = {"where": where, "network": network}
            if any(case.items() <= row.items() for row in rows):
                continue
            done = fine_tune(checkpoint, data, rung, strength, noise=noise, epochs=epochs, lr_factor=lr_factor, seed=network, device=device)
            rows.append(case | {"trained": done.trained, "before": done.before, "after": done.after})
            print(rows[-1], flush=True)
            write_atomically(store, json_text({"rows": rows}))
    return rows


def read_networks(found: Mapping[str, Any]) -> list[list[Row]]:
    """The rows of a result file, network by network."""
    rows = [dict(row) for row in found["rows"]]
    by_network: dict[int, list[Row]] = {}
    for row in rows:
        by_network.setdefault(row.pop("network"), []).append(Row(**row))
    return [by_network[network] for network in sorted(by_network)]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoints", type=Path, nargs="+", help="checkpoints, or the folders of runs")
    parser.add_argument("--results", type=Path, default=Path("benchmarks/results"), help="folder of ladder.json and finetuning.json")
    parser.add_argument("--docs", type=Path, help="folder docs/: write _generated/*.md and the figures of _static there")
    parser.add_argument("--device", default="cpp_standalone", help="Brian2's (cpp_standalone)")
    options = parser.parse_args(arguments)
    paths = [path / "checkpoint.safetensors" if path.is_dir() else path for path in options.checkpoints]
    try:
        checkpoints, data = [Checkpoint.load(path) for path in paths], spoken_digits()
        networks = [
            run_ladder(one, data.test, seeds=_SEEDS, device=options.device, store=path.parent / "ladder" / "ladder.json")
            for one, path in zip(checkpoints, paths, strict=True)
        ]
        found = [{"network": k, **asdict(row)} for k, rows in enumerate(networks) for row in rows]
        write_atomically(options.results / "ladder.json", json_text({"rows": found}))
        print("\n".join(ladder_lines(networks)), flush=True)
        tuned = _tune(checkpoints, data, options.device, options.results / "finetuning.json")
        print("\n".join(finetuning_lines(tuned)))
    except HetSynError as error:
        print(error, file=sys.stderr)
        return 2
    if options.docs is not None:
        write_pages(networks, tuned, options.docs)
    return 0


def write_pages(networks: Sequence[Sequence[Row]], tuned: Sequence[Mapping[str, Any]], docs: Path) -> None:
    """The tables and figures of the page."""
    import matplotlib as mpl

    mpl.use("Agg")
    from hetsyn_sim.report.plots import plot_ladder, plot_rung

    rows = [row for network in networks for row in network]
    write_atomically(docs / "_generated" / "ladder.md", "\n".join([*ladder_lines(networks), ""]))
    write_atomically(docs / "_generated" / "finetuning.md", "\n".join([*finetuning_lines(tuned), ""]))
    separate = [row for row in rows if row.name != "climb"]
    write_atomically(docs / "_static" / "ladder.png", png_of(plot_ladder(separate).figure, bbox_inches="tight"))
    if any(row.name == "climb" for row in rows):
        ax = plot_rung(rows, "climb")
        ax.set_xticks(ax.get_xticks(), [CHANGES[int(k) - 1][0] for k in ax.get_xticks()], rotation=30, ha="right")
        ax.set(xlabel="", title="Every change on top of those before it")
        write_atomically(docs / "_static" / "climb.png", png_of(ax.figure, bbox_inches="tight"))


if __name__ == "__main__":
    sys.exit(main())
