"""Exported networks, read by the libraries that read NIR, against ours: spike for spike, on real recordings.

python -m benchmarks.nir_peers --out benchmarks/results/nir-peers.json
python -m benchmarks.nir_peers --tables benchmarks/results/nir-peers.json --docs docs

The networks are trained here for a few epochs on the spoken digits, then written as NIR files, and each file is read by a library's own
import (snnTorch, Norse), or, since neither import knows LI or Threshold, by our loader with the library's neurons.
What differs between the library's step and ours is measured by leaving it in: decays of forward Euler, a reset that comes a step late.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.data.files import json_text, write_atomically
from hetsyn_sim.data.recording import Recording
from hetsyn_sim.errors import HetSynError
from hetsyn_sim.exchange import import_nir
from hetsyn_sim.exchange.nir import NIR_MODELS, export_nir, to_nir
from hetsyn_sim.exchange.nir.quantisation import effect_of, quantise
from hetsyn_sim.models import RESET_FIRST, HetSynLIF, HomNeuLIF, HomNeuReadout, LeakyReadout
from hetsyn_sim.report.document import Grid
from hetsyn_sim.spec import DEFAULT_STEP_ORDER, Layer, NetworkSpec
from hetsyn_sim.tasks import spoken_digits
from hetsyn_sim.training.fit import fit
from hetsyn_sim.training.network import Network

from .nir_readers import READERS, Raster, outputs_of, read_by_norse, read_by_snntorch

EPOCHS, HIDDEN, GROUPS = 4, 64, (1, 2, 4, 8, 16, 32)


# -- the networks -------------------------------------------------------------------------------------------------------------------------


def networks(data: SpikeDataset, epochs: int, folder: Path | None) -> dict[str, Checkpoint]:
    """Trained networks, kept in a folder if there is one.

    NIR's own LIF with and without recurrence, and HetSynLIF and HomNeuLIF, which NIR has as filters at a threshold.
    """
    kinds = {
        "LIF, feed-forward": (NIR_MODELS["LIF"], NIR_MODELS["LI"], False, RESET_FIRST),
        "LIF, recurrent": (NIR_MODELS["LIF"], NIR_MODELS["LI"], True, RESET_FIRST),
        "HetSynLIF, recurrent": (HetSynLIF, LeakyReadout, True, DEFAULT_STEP_ORDER),
        "HomNeuLIF, recurrent": (HomNeuLIF, HomNeuReadout, True, DEFAULT_STEP_ORDER),
    }
    return {
        name: fit(
            NetworkSpec(data.dt, data.n_channels, [Layer(model, HIDDEN, recurrent=recurrent)], Layer(readout, 10), order),
            data,
            epochs=epochs,
            seed=0,
            progress=False,
            out=None if folder is None else folder / name.replace(", ", "-"),
        ).checkpoint
        for name, (model, readout, recurrent, order) in kinds.items()
    }


def hidden_layers(checkpoint: Checkpoint) -> Checkpoint:
    """A network without its readout, for imports that know no LI."""
    spec = checkpoint.spec
    bare = NetworkSpec(spec.dt_s, spec.n_input, spec.layers, None, spec.step_order)
    return Checkpoint(bare, {key: checkpoint.values[key] for key in bare.slots})


# -- comparing ----------------------------------------------------------------------------------------------------------------------------


def compare(ours: Recording, spikes: Raster, out: NDArray[np.float64]) -> dict[str, Any]:
    """Spikes and, with a readout, decisions (largest mean v) of a reader against ours."""
    mine = ours.rasters["layer_1"]
    differing = mine ^ spikes
    row: dict[str, Any] = {
        "recordings": int(mine.shape[1]),
        "spikes_ours": int(mine.sum()),
        "spikes_reader": int(spikes.sum()),
        "differing_cells": int(differing.sum()),
        "recordings_identical": int((~differing.any(axis=(0, 2))).sum()),
    }
    if "readout.v" in ours.traces:
        v = np.asarray(ours.traces["readout.v"])
        row["largest_dv"] = float(np.abs(v - out).max())
        row["std_v"] = float(v.std())
        row["decisions_changed"] = int(np.sum(v.mean(axis=0).argmax(axis=1) != out.mean(axis=0).argmax(axis=1)))
    return row


def _measured(
    name: str, checkpoint: Checkpoint, reader: str, raster: Raster, folder: Path, form: str, what: str = ""
) -> Iterator[dict[str, Any]]:
    """Write, read back by ourselves, read by the library, in single and in double precision."""
    read, reading = READERS[reader]
    path = export_nir(checkpoint, folder / "network.nir", reading=reading, form=form).path
    same = import_nir(path).to_bytes() == checkpoint.to_bytes()
    ours = Network.from_checkpoint(checkpoint).record(raster)
    for dtype in (torch.float32, *((torch.float64,) if reader != "snnTorch" else ())):  # snnTorch makes spikes in single precision only
        import nir

        module = read(nir.read(str(path)), checkpoint.spec.dt_s, dtype)
        row = compare(ours, *outputs_of(module, "layer_1", raster, dtype))
        precision = str(dtype).removeprefix("torch.")
        yield {"network": name, "reader": reader, "form": what or form, "precision": precision, "round_trip_equal": same, **row}


def measure(epochs: int, n_recordings: int, kept: Path | None) -> dict[str, Any]:
    """Every row of the table."""
    data = spoken_digits()
    test = data[data.split == "test"]
    chosen = test[[k * len(test) // n_recordings for k in range(n_recordings)]]
    raster = chosen.rasters()
    trained = networks(data, epochs, kept)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name in ("LIF, feed-forward", "LIF, recurrent"):
            for reader in ("snnTorch", "Norse"):
                rows += _measured(name, hidden_layers(trained[name]), reader, raster, folder, "groups", "as it is")
        hetsyn = trained["HetSynLIF, recurrent"]
        grouped = quantise(hetsyn, 4).checkpoint
        for loader in ("load_nir, snnTorch", "load_nir, Norse"):
            rows += _measured("HetSynLIF, recurrent", hetsyn, loader, raster, folder, "synapses", "synapse by synapse")
            rows += _measured("HetSynLIF, recurrent, 4 groups", grouped, loader, raster, folder, "groups", "4 groups")
            rows += _measured("HomNeuLIF, recurrent", trained["HomNeuLIF, recurrent"], loader, raster, folder, "groups", "as it is")
    steps = [_euler(hidden_layers(trained["LIF, recurrent"]), raster), _late_reset(hidden_layers(trained["LIF, feed-forward"]), raster)]
    steps.append(_set_to_0(hidden_layers(trained["HomNeuLIF, recurrent"]), raster))
    effects = []
    for groups in GROUPS:
        done = quantise(hetsyn, groups)
        effect = effect_of(hetsyn, done.checkpoint, test)
        errors = list(done.errors.values())
        effects.append(
            {
                "groups": groups,
                "largest": done.largest,
                "weighted": max((e["weighted"] for e in errors), default=0.0),
                "spikes": effect.n_spikes["layer_1"],
                "differing": effect.differing["layer_1"],
                "mean_dv": effect.mean_dv,
                "accuracy": effect.accuracy,
                "changed": effect.changed,
                "recordings": effect.n_recordings,
            }
        )
    packages = {name: version(name) for name in ("nir", "nirtorch", "snntorch", "norse", "torch")}
    return {"versions": packages, "epochs": epochs, "hidden": HIDDEN, "agreement": rows, "steps": steps, "groups": effects}


def _euler(checkpoint: Checkpoint, raster: Raster) -> dict[str, Any]:
    """Norse on a graph with the true time constants, and weights such that a spike adds what it should: decays are those of Euler."""
    graph, _ = to_nir(checkpoint, reading="norse")
    node, dt = graph.nodes["layer_1"], checkpoint.spec.dt_s
    true = np.asarray(checkpoint.values["layer_1.neuron.tau_mem"], dtype=np.float64)
    for name in ("layer_1_feedforward_weight", "layer_1_recurrent_weight"):
        graph.nodes[name].weight = graph.nodes[name].weight * (true / node.tau)[:, None]
    node.tau = true
    module = read_by_norse(graph, dt, torch.float64)
    row = compare(Network.from_checkpoint(checkpoint).record(raster), *outputs_of(module, "layer_1", raster, torch.float64))
    decays = np.abs(np.exp(-dt / true) - (1.0 - dt / true))
    return {
        "what": "LIF, recurrent: decays of forward Euler, 1 - dt/tau, and not exp(-dt/tau)",
        "largest_decay_error": float(decays.max()),
        **row,
    }


def _late_reset(checkpoint: Checkpoint, raster: Raster) -> dict[str, Any]:
    """snnTorch with the reset one step after the spike, as its neurons do by default; its import switches that off."""
    import snntorch

    module = read_by_snntorch(to_nir(checkpoint, reading="snntorch")[0], checkpoint.spec.dt_s, torch.float32)
    for part in module.modules():
        if isinstance(part, snntorch.Leaky):
            part.reset_delay = True
    row = compare(Network.from_checkpoint(checkpoint).record(raster), *outputs_of(module, "layer_1", raster, torch.float32))
    return {"what": "LIF, feed-forward: v set to 0 one step after the spike, snnTorch's default outside of its import", **row}


def _set_to_0(checkpoint: Checkpoint, raster: Raster) -> dict[str, Any]:
    """HomNeuLIF written as NIR's LIF, which is another neuron; snnTorch's export writes neurons that subtract their threshold so."""
    spec, n = checkpoint.spec, checkpoint.spec.populations[0].size
    written = NetworkSpec(spec.dt_s, spec.n_input, [Layer(NIR_MODELS["LIF"], n, recurrent=True)], None, RESET_FIRST)
    values = {key: checkpoint.values[key] for key in checkpoint.spec.slots if key in written.slots}
    values |= {key: np.broadcast_to(values[key], slot.shape) for key, slot in written.slots.items() if key in values}
    values |= {key: np.zeros(slot.shape) for key, slot in written.slots.items() if key not in values}
    other = Checkpoint(written, {key: np.array(value, dtype=np.float64) for key, value in values.items()})
    spikes = outputs_of(read_by_norse(to_nir(other, reading="norse")[0], spec.dt_s, torch.float64), "layer_1", raster, torch.float64)
    row = compare(Network.from_checkpoint(checkpoint).record(raster), *spikes)
    return {"what": "HomNeuLIF, recurrent: written as NIR's LIF, v set to 0 where the threshold should be subtracted", **row}


# -- tables -------------------------------------------------------------------------------------------------------------------------------


def agreement_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The readers against us, and what is left where a step is not made equal."""
    head = ("network", "read by", "written", "precision", "spikes (ours)", "cells that differ", "recordings alike", "largest dv / std of v")
    table = []
    for row in found["agreement"]:
        alike = f"{row['recordings_identical']} of {row['recordings']}"
        dv = f"{row['largest_dv'] / row['std_v']:.1e}" if "largest_dv" in row else "–"
        cells = (
            row["network"],
            row["reader"],
            row["form"],
            row["precision"],
            f"{row['spikes_ours']:,}",
            f"{row['differing_cells']:,}",
            alike,
            dv,
        )
        table.append(cells)
    yield from (*Grid(head, table).lines(), "")
    left = []
    for row in found["steps"]:
        alike = f"{row['recordings_identical']} of {row['recordings']}"
        counts = (f"{row[key]:,}" for key in ("spikes_ours", "spikes_reader", "differing_cells"))
        left.append([row["what"], *counts, alike])
    heads = ("what is left as the library has it", "spikes (ours)", "spikes (library)", "cells that differ", "recordings alike")
    yield from Grid(heads, left).lines()
    packages = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    yield from ("", f"Measured with {packages}; networks of {found['hidden']} neurons after {found['epochs']} epochs.", "")


def effect_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """What grouping does to the HetSynLIF network, by our own simulation."""
    head = (
        "groups",
        "error of tau: weighted",
        "largest",
        "spikes",
        "in one only",
        "v off by (of its std)",
        "accuracy",
        "decisions changed",
    )
    table = []
    for row in found["groups"]:
        share = row["differing"] / sum(row["spikes"])
        cells = (
            f"{100 * row['weighted']:.1f} %",
            f"{100 * row['largest']:.0f} %",
            f"{row['spikes'][1]:,}",
            f"{row['differing']:,} ({100 * share:.2f} %)",
        )
        accuracy = f"{100 * row['accuracy'][1]:.2f} %"
        changed = f"{row['changed']} of {row['recordings']}"
        table.append([str(row["groups"]), *cells, f"{100 * row['mean_dv']:.2g} %", accuracy, changed])
    yield from Grid(head, table).lines()
    first = found["groups"][0]
    yield from ("", f"As it is: {first['spikes'][0]:,} spikes, accuracy {100 * first['accuracy'][0]:.2f} %.", "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="measure, and write the rows to this file")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--recordings", type=int, default=100)
    parser.add_argument("--networks", type=Path, help="folder for the trained networks, to measure again without training")
    parser.add_argument("--tables", type=Path, help="the file to make tables of")
    parser.add_argument("--docs", type=Path, help="folder docs/: write _generated/nir-*.md there")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # the libraries' own deprecations
    if options.out is not None:
        write_atomically(options.out, json_text(measure(options.epochs, options.recordings, options.networks)))
    if options.tables is not None:
        found = json.loads(options.tables.read_text(encoding="utf-8"))
        for name, lines in (("nir-agreement", agreement_lines(found)), ("nir-groups", effect_lines(found))):
            text = "\n".join(lines)
            print(text) if options.docs is None else write_atomically(options.docs / "_generated" / f"{name}.md", text)


if __name__ == "__main__":
    try:
        main()
    except HetSynError as error:
        raise SystemExit(str(error)) from error
