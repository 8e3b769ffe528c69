"""The report of a training and its verification."""

from __future__ import annotations

import json
from os import PathLike
from pathlib import Path

import numpy as np
import yaml

from ..agreement.outcome import Verification
from ..data.checkpoint import Checkpoint
from ..data.events import SpikeDataset
from ..data.files import write_atomically
from ..spec import NetworkSpec
from . import figures
from .document import Block, Code, Document, Grid, Heading, Paragraph
from .inputs import Example, History, shown_example


def write_report(
    folder: str | PathLike[str],
    checkpoint: Checkpoint,
    outcome: Verification,
    data: SpikeDataset,
    *,
    initial: Checkpoint | None = None,
    history: History = (),
) -> Path:
    """Write ``report.html``, ``report.md``, the figures, ``verification.json`` and ``transfer.txt``, and return the first's path.

    Parameters
    ----------
    folder
        Where to; it is made if need be. Files of an earlier report are replaced.
    checkpoint
        The trained network.
    outcome
        Its verification on ``data``.
    data
        The recordings; one of them is simulated again for the figures.
    initial
        The network before training; without it there is no figure of the time constants.
    history
        One mapping per epoch; without it there is no learning curve.
    """
    folder = Path(folder)
    example = shown_example(checkpoint, data)
    on_test_split = bool(np.all(data.split == "test"))
    document = _document(checkpoint, outcome, example, initial, history, on_test_split)
    write_atomically(folder / "verification.json", json.dumps(outcome.to_dict(), indent=2, allow_nan=False) + "\n")
    write_atomically(folder / "transfer.txt", f"{example.transfer}\n")
    return document.save(folder, "report")


def _document(
    checkpoint: Checkpoint, outcome: Verification, example: Example, initial: Checkpoint | None, history: History, on_test_split: bool
) -> Document:
    spec, c = checkpoint.spec, outcome.comparison
    name = str(checkpoint.recipe.get("name", "network"))
    same = "They are the same network." if outcome.agrees else "They are NOT the same network."
    blocks: list[Block] = [
        Paragraph(
            f"A network of {architecture(spec)} was trained in PyTorch and simulated in Brian2 on the same "
            f"{outcome.n_recordings} recordings of {outcome.n_steps} steps of {1e3 * spec.dt_s:g} ms. {same}"
        ),
        Grid.of_pairs(
            {
                "accuracy in PyTorch": f"{100 * outcome.accuracy_torch:.2f} %",
                "accuracy in Brian2": f"{100 * outcome.accuracy_brian2:.2f} %",
                "equal predictions": "yes" if outcome.predictions_equal else "NO",
                "spike mismatches": f"{c.spike_mismatches} of {c.n_spikes:,} spikes",
                "largest |dv|": f"{c.max_abs_dv:.2g} ({100 * c.max_dv_over_bound:.2g} % of what rounding may do)",
                "closest v came to the threshold": f"{c.smallest_margin:.2g}",
                "undecided runs": f"{len(c.undecided)} of {c.n_runs} ({100 * c.undecided_fraction:.2f} %)",
                "simulators": f"{c.reference}; {c.other}",
                "time": f"{outcome.time_torch_s:.1f} s in PyTorch, {outcome.time_brian2_s:.1f} s in Brian2",
            }
        ),
    ]
    if c.diverged:
        blocks.append(Code("First differences", "\n".join(map(str, c.diverged[:10]))))
    blocks += [Heading("The same spikes and voltages"), figures.raster(example), figures.traces(example, checkpoint)]
    blocks += [Heading("What it learned")]
    if history:
        blocks.append(figures.learning_curve(history, outcome.accuracy_torch if on_test_split else None))
    constants = None if initial is None else figures.time_constants(initial, checkpoint)
    if constants is not None:
        blocks.append(constants)
    elif initial is not None:
        blocks.append(Paragraph("This network has no trained time constants."))
    blocks += [figures.confusion(outcome), Heading("How it was made")]
    blocks += [
        Code("Transfer: what was mapped to what in Brian2", str(example.transfer)),
        Code("The network, in full", spec.to_text()),
    ]
    blocks.append(Code("Recipe, seeds, data and versions", yaml.safe_dump(checkpoint.about, sort_keys=False, width=120)))
    return Document(f"{name}: trained in PyTorch, simulated in Brian2", blocks)


def architecture(spec: NetworkSpec) -> str:
    """Channels and layers in words: ``70 inputs, 48 recurrent HetSynLIF, 10 LeakyReadout``."""
    recurrent = {p.target for p in spec.projections if p.kind == "recurrent"}
    layers = [f"{p.size} {'recurrent ' if p.name in recurrent else ''}{p.model.name}" for p in spec.populations]
    return ", ".join([f"{spec.n_input} inputs", *layers])
