"""The table of measured claims in README.md, made from the result files. `tests/docs/test_claims.py` holds the README to it.

python -m benchmarks.readme            # prints the table
python -m benchmarks.readme --write    # puts it into README.md
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analysis.studies.statistics import of_case, paired, shown
from hetsyn_sim.report.document import Grid

from .claim import compared
from .implementations import HOMOGENEOUS
from .ladder import read_networks
from .ratios import fastest, in_group, ours, ratio
from .rows import read_rows
from .shapes import SHAPES
from .speed_tables import IN_TORCH

ROOT = Path(__file__).parents[1]
_HEADS = ("claim", "measured", "again with")
_TABLE = re.compile(rf"{re.escape(Grid(_HEADS, ()).markdown())}\n(?:\|.*\n)*")


def claims(root: Path = ROOT) -> Iterator[tuple[str, str, str]]:
    """What is claimed with a link to its page, the figure, and the command that measures it anew. What was not measured is left out."""
    results = root / "benchmarks" / "results"
    yield from _sameness(results)
    killed = (root / "docs" / "_generated" / "mutants.md").read_text(encoding="utf-8").split("\n", 1)[0]
    planted = re.match(r"(\d+) of (\d+) planted faults are killed", killed)
    assert planted, killed
    yield (
        "faults of our own, planted in the code, are [found by the suite](docs/equivalence.md)",
        f"{planted[1]} of {planted[2]}",
        "`python -m equivalence.mutants`",
    )
    yield from _speed(results)
    yield from _studies(results)
    yield from _ladder(results)
    yield from _fitting(results)
    yield from _first_result(results)


def _sameness(results: Path) -> Iterator[tuple[str, str, str]]:
    """Every study runs its trained networks in Brian2 too, and counts raster cells that differ."""
    found = compared(results)
    rows = [row for of_study in found.values() for row in of_study]
    of_form = {form: sum(len(of_study) for (_, its), of_study in found.items() if its == form) for form in ("ode", "fast")}
    yield (
        "the spikes of a trained network are [the same in Brian2](docs/claim.md), in every neuron and step of some test recordings",
        f"{sum(row['mismatches'] for row in rows)} cells differ in {len(rows)} trained networks: "
        f"{of_form['ode']} in Brian2's own step, "
        f"voltages too, {of_form['fast']} in its fast form",
        "`hetsyn study all`, `delays`, `forecasting`",
    )
    simulated = _rows(results / "simulation.json")
    kernels = next(row for row in simulated if row["form"] == "fused kernels" and not row["sweep"])
    by_form = {
        row["form"]: row["ms_per_step"] for row in simulated if row["device"] == "cpp_standalone" and row["synapses"] == kernels["synapses"]
    }
    yield (
        f"Brian2's [fast form](docs/forms.md) against its ODE form, C++, {kernels['synapses']:,} synapses",
        f"{by_form['ode'] / by_form['fast']:.0f} times as fast, the same spikes",
        "`python -m benchmarks.simulation`",
    )


def _fitting(results: Path) -> Iterator[tuple[str, str, str]]:
    rows = _rows(results / "fitting.json")
    evolved = (f"{'' if row['evolution_held']['found'] else 'more than '}{row['evolution_held']['runs']:,}" for row in rows)
    ours = " and ".join(f"{row['runs_alone']:,}" for row in rows)
    yield (
        f"a neuron's [parameters from a recording](docs/fit-recordings.md) with noise, {' and '.join(row['model'] for row in rows)}",
        f"{sum(row['right'] for row in rows)} of {sum(row['restarts'] for row in rows)} restarts have all within 1 %; "
        f"{ours} model runs, differential evolution {' and '.join(evolved)}",
        "`python -m benchmarks.fitting`",
    )


def _speed(results: Path) -> Iterator[tuple[str, str, str]]:
    rows = read_rows(results / "training.json")
    groups = [in_group(rows, shape, 1) for shape in SHAPES]
    shd = in_group(rows, "shd", 1)
    obvious, mine = shd["materialised"], ours(shd)
    again = "`python -m benchmarks.training`"
    yield (
        "a [step of training](docs/speed.md), 700-128r-64r-20, batch 32, 250 steps, one core",
        f"{1e3 * mine['cpu_s']:.0f} ms and {mine['memory_mib']:.0f} MiB; as usually written "
        f"{obvious['cpu_s']:.1f} s and {obvious['memory_mib'] / 1024:.1f} GiB",
        again,
    )
    measured = [name for name in HOMOGENEOUS if any(name in group for group in groups)]
    ahead = {opponent["implementation"] for group in groups if (opponent := fastest(group, HOMOGENEOUS))}
    first = ", ".join(_title(name) for name in measured if name in ahead)
    against = f"{_times_as_fast(groups, HOMOGENEOUS)} as the fastest of them ({first})"
    if not set(measured) <= set(IN_TORCH):
        against += f"; {_times_as_fast(groups, IN_TORCH)} as the fastest without JAX"
    named = ", ".join(_title(name) for name in measured)
    yield f"against [one time constant per neuron](docs/speed.md) in {named}, one core of {_a(mine['cpu_model'])}", against, again


def _title(name: str) -> str:
    written = {"homogeneous": "torch", "snntorch": "snnTorch", "norse": "Norse", "spikingjelly": "SpikingJelly", "jax": "JAX"}
    return written.get(name, name)


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "AEIO" else f"a {noun}"


def _times_as_fast(groups: Sequence[Mapping[str, Any]], among: Sequence[str]) -> str:
    """From the shape at which it is least to the one at which it is most."""
    found = [ratio(opponent, ours(group)).value for group in groups if (opponent := fastest(group, among))]
    return f"{min(found):.2g} to {max(found):.2g} times as fast"


def _studies(results: Path) -> Iterator[tuple[str, str, str]]:
    speakers = _rows(results / "reproduced" / "speakers.json")
    names = list(dict.fromkeys(row["case"]["held_out"] for row in speakers))
    ours = {name: of_case(speakers, model="HetSynLIF", recurrent=True, held_out=name) for name in names}

    def ahead(model: str) -> str:
        """The mean over seeds of each speaker is one number: what is said is of a speaker who was not heard."""
        others = {name: of_case(speakers, model=model, recurrent=True, held_out=name) for name in names}
        return shown([float(np.mean(paired(ours[name], others[name], "accuracy"))) for name in names], 100, 1)

    accuracy = float(np.mean([np.mean([row["accuracy"] for row in of_speaker]) for of_speaker in ours.values()]))
    yield (
        f"[spoken digits](docs/paper.md) of {len(names)} speakers, none of whom was heard in training: a time constant per synapse",
        f"{100 * accuracy:.1f} %; {ahead('HetNeuLIF')} points more than one per neuron, {ahead('HomNeuLIF')} more than a single fixed one; "
        "as many neurons, twice the parameters",
        "`hetsyn study speakers`",
    )
    forecast = _rows(results / "forecast.json")
    horizon, iterations = (max(row["case"].get(fact, 0) for row in forecast) for fact in ("horizon", "iterations"))

    def error(model: str, **facts: int) -> str:
        return f"{np.mean([row['nrmse'] for row in of_case(forecast, model=model, horizon=horizon, **facts)]):.2f}"

    sizes = {row["case"]["model"]: row["case"]["neurons"] for row in forecast if "neurons" in row["case"]}
    others = ", ".join(f"{name} {error(name, iterations=iterations, neurons=sizes[name])}" for name in ("AdLIF", "LIF"))
    yield (
        f"[Mackey-Glass](docs/conductance.md) one Lyapunov time ahead, conductance neurons after {iterations:,} iterations",
        f"NRMSE {error('MTC', iterations=iterations)}; of as many parameters {others}; without neurons: random features "
        f"{error('random features')}, echo-state network {error('echo state')}, linear {error('linear')}",
        "`hetsyn study forecasting`",
    )
    stl = _rows(results / "stl.json")
    both, weights = (of_case(stl, mode=mode) for mode in ("STL", "SL"))
    yield (
        f"[learned thresholds](docs/stl.md) on MNIST, {both[0]['n_train']:,} images, against learned weights alone",
        f"{shown(paired(both, weights, 'accuracy'), 100)} points, {len(both)} seeds",
        "`hetsyn study stl --data mnist/`",
    )


def _ladder(results: Path) -> Iterator[tuple[str, str, str]]:
    networks = read_networks(json.loads((results / "ladder.json").read_text(encoding="utf-8")))

    def accuracy(name: str, strength: float) -> str:
        each = [[row.accuracy for row in rows if (row.name, row.strength) == (name, strength)] for rows in networks]
        return shown([float(np.mean(accuracies)) for accuracies in each if accuracies], 100, 1)

    changes = "in steps of 1 ms; with units, membranes, delays, conductances and noise as well"
    yield (
        f"[towards biophysics](docs/ladder.md), {len(networks)} networks: as trained; {changes}",
        f"{accuracy('same grid', 0.0)}; {accuracy('refined dt, lags kept', 10.0)}; {accuracy('climb', 6.0)} % right",
        "`python -m benchmarks.ladder`",
    )


def _first_result(results: Path) -> Iterator[tuple[str, str, str]]:
    path = results / "first-result.json"
    if path.exists():
        run = next(row for row in _rows(path) if row["cache"] == "warm")
        busy = f" of a busy machine (load {run['load_before']:.0f})" if run["load_before"] > run["cores"] else ""
        yield (
            "[from an empty folder](docs/quickstart.md) to the demo's report, installation and all, packages at hand",
            f"{run['cpu_s'] / 60:.1f} minutes of CPU time, {run['first_result_s'] / 60:.1f} by the clock{busy}",
            "`.ci/newcomer`",
        )


def _rows(path: Path) -> list[dict[str, Any]]:
    found: Any = json.loads(path.read_text(encoding="utf-8"))
    rows: list[dict[str, Any]] = found["rows"] if isinstance(found, dict) else found
    return rows


def table(root: Path = ROOT) -> str:
    """The lines of the table."""
    return Grid(_HEADS, claims(root)).markdown() + "\n"


def written_into(text: str, lines: str) -> str:
    """The README's text with this table in the place of the one that it has."""
    changed, n = _TABLE.subn(lambda _: lines, text)
    if n != 1:
        raise ValueError(f"README.md: {n} tables that begin with {next(Grid(_HEADS, ()).lines())!r}, expected 1")
    return changed


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.readme", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write it into README.md instead of printing it")
    options = parser.parse_args(arguments)
    if options.write:
        readme = ROOT / "README.md"
        readme.write_text(written_into(readme.read_text(encoding="utf-8"), table()), encoding="utf-8")
    else:
        print(table(), end="")


if __name__ == "__main__":
    main()
