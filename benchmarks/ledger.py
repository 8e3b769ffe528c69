"""The ledger: for every model that ships, what it was held against, the error that was observed, and how it differs from its publication.

python -m benchmarks.ledger --out benchmarks/results/ledger.json
python -m benchmarks.ledger --docs docs

A network of each model is run by the suite's simulators and judged by the suite's comparison. What else was checked, and the differences,
are in ``ledger.toml``; NEST's part is in ``benchmarks/results/nest.json`` (``nest_oracle.py``).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from equivalence.simulators import SIMULATORS
from hetsyn_sim.agreement.compare import compare_recordings
from hetsyn_sim.data.files import json_text, write_atomically
from hetsyn_sim.models import MTC, REGISTRY, HetSynLIF
from hetsyn_sim.report.document import Grid
from hetsyn_sim.spec import Layer, NetworkSpec, NeuronModel

from .ledger_facts import FACTS

RESULTS = Path(__file__).parent / "results"
#: The title of a column -> the simulator of the suite that is held to the reference.
HELD = {"PyTorch": "torch fused float64", "Brian2": "brian2 numpy"}
N_INPUT, SIZE, RUNS, RATE = 20, 6, 3, 50.0


def network(model: NeuronModel) -> NetworkSpec:
    """Six neurons of a model, recurrent where its synapses take spikes; a readout is put behind a spiking layer."""
    explicit = model.scheme in ("euler", "rk2", "rk4") or not model.dimensions()["v"].is_dimensionless
    dt = 1e-4 if explicit else 1e-3
    if not model.spiking:
        hidden = Layer(MTC, SIZE) if model.takes_values else Layer(HetSynLIF, SIZE, recurrent=True)
        return NetworkSpec(1e-4 if model.takes_values else dt, N_INPUT, [hidden], Layer(model, SIZE))
    return NetworkSpec(dt, N_INPUT, [Layer(model, SIZE, recurrent=not model.takes_values)])


def inputs_for(spec: NetworkSpec) -> NDArray[Any]:
    """Poisson spikes of 50 Hz in each channel, or a slow random walk where values are read: (time, recording, channel)."""
    rng, n_steps = np.random.default_rng(0), 1500 if spec.dt_s < 1e-3 else 300
    if spec.takes_values:
        return np.cumsum(rng.normal(0.0, 0.05, (n_steps, RUNS, N_INPUT)), axis=0)
    return rng.random((n_steps, RUNS, N_INPUT)) < RATE * spec.dt_s


def measure(names: Sequence[str]) -> list[dict[str, Any]]:
    """A row for each model: the network's spikes, and what each simulator differs in."""
    rows = []
    for name in names:
        spec = network(REGISTRY[name])
        values, inputs = spec.initial_values(1), inputs_for(spec)
        reference = SIMULATORS["reference"].run(spec, values, inputs)
        population = spec.populations[-1].name
        v = np.asarray(reference.traces[f"{population}.v"])
        row: dict[str, Any] = {"model": name, "steps": len(inputs), "recordings": RUNS, "neurons": SIZE, "dt_ms": spec.dt_s * 1e3}
        row |= {"spikes": int(sum(reference.rasters[p.name].sum() for p in spec.populations if p.model.spiking)), "std_v": float(v.std())}
        for title, simulator in HELD.items():
            found = SIMULATORS[simulator].run(spec, values, inputs)
            outcome = compare_recordings(spec, values, reference, found, "float64")
            row[title] = {
                "agrees": outcome.agrees,
                "mismatches": outcome.spike_mismatches,
                "dv_of_std": float(outcome.max_abs_dv / v.std()),
                "dv_of_bound": outcome.max_dv_over_bound,
            }
        rows.append(row)
        print(row, flush=True)
    return rows


def lines(found: Mapping[str, Any], nest: Mapping[str, Any]) -> Iterator[str]:
    """The page's part: a summary of all, then each model."""
    by_model = {row["model"]: row for row in found["rows"]}
    head = (
        "model",
        "spikes",
        "PyTorch: spikes that differ",
        "v off by (of its std)",
        "Brian2: spikes that differ",
        "v off by (of its std)",
    )
    table = []
    for name in REGISTRY:
        row = by_model[name]
        cells = [cell for title in HELD for cell in (str(row[title]["mismatches"]), f"{row[title]['dv_of_std']:.0e}")]
        table.append((f"[{name}](#ledger-{name.lower()})", f"{row['spikes']:,}", *cells))
    yield from (*Grid(head, table).lines(), "", f"Measured with Brian2 {found['brian2']}, torch {found['torch']}.", "")
    yield from ("## Against NEST", "")
    yield from nest_lines(nest)
    yield "## Model by model"
    for name, model in REGISTRY.items():
        facts = FACTS[name]
        yield from ("", f"(ledger-{name.lower()})=", f"### {name}", "", f"**Reference.** {model.reference or 'ours'}.", "")
        checks = [*facts.checked]
        checks += [f"NEST `{row['nest']}`: {_nest_result(row)}" for row in nest["rows"] if row["model"] == name]
        yield from ("**Checked against** (beside the table above)", "", *[f"- {check}" for check in checks], "")
        if facts.differences:
            yield from ("**Differs from the publication**", "", *[f"- {difference}" for difference in facts.differences])
        else:
            yield "**Differs from the publication:** nothing known."


def nest_lines(nest: Mapping[str, Any]) -> Iterator[str]:
    """One neuron in both simulators, under the same input."""
    head = ("case", "NEST's model", "dt", "spikes", "spikes in NEST", "alike", "spikes apart by up to", "v apart by up to")
    table = [
        (
            row["case"],
            f"`{row['nest']}`",
            f"{row['dt_ms']:g} ms",
            str(row["spikes"]),
            str(row["spikes_nest"]),
            str(row["spikes_alike"]),
            _milliseconds(row["largest_shift_ms"]),
            f"{row['largest_dv_mv']:.1g} mV",
        )
        for row in nest["rows"]
    ]
    yield from (*Grid(head, table).lines(), "", f"NEST {nest['nest']}.", "")


def _milliseconds(shift: float) -> str:
    return "0" if shift < 1e-9 else f"{shift:.2g} ms"


def _nest_result(row: Mapping[str, Any]) -> str:
    alike = (
        "every spike alike"
        if row["spikes_alike"] == row["spikes"] == row["spikes_nest"]
        else f"the first {row['spikes_alike']} spikes alike"
    )
    shift, dv = _milliseconds(row["largest_shift_ms"]), f"{row['largest_dv_mv']:.1g} mV"
    return f"{alike} at {row['dt_ms']:g} ms a step ({row['case']}), within {shift}; v within {dv}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="run every model, and write the rows to this file")
    parser.add_argument("--docs", type=Path, help="folder docs/: write _generated/ledger.md there, from the kept results")
    options = parser.parse_args()
    if options.out is not None:
        packages = {"brian2": version("brian2"), "torch": version("torch")}
        write_atomically(options.out, json_text({**packages, "rows": measure(list(REGISTRY))}))
    if options.docs is not None:
        found, nest = (json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8")) for name in ("ledger", "nest"))
        write_atomically(options.docs / "_generated" / "ledger.md", "\n".join(lines(found, nest)) + "\n")


if __name__ == "__main__":
    main()
