"""The sections of a training's report, each a list of blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from ..agreement.outcome import Verification
from ..data.checkpoint import Checkpoint
from ..discrete.cost import count_parameters
from ..spec import NetworkSpec
from . import figures
from .document import Block, Code, Grid, Heading, Paragraph
from .inputs import Example, History
from .measured import Measured


def architecture(spec: NetworkSpec) -> str:
    """Channels and layers in words: ``70 inputs, 48 recurrent HetSynLIF, 10 LeakyReadout``."""
    recurrent = {p.target for p in spec.projections if p.kind == "recurrent"}
    layers = [f"{p.size} {'recurrent ' if p.name in recurrent else ''}{p.model.name}" for p in spec.populations]
    return ", ".join([f"{spec.n_input} inputs", *layers])


def kept_epoch(checkpoint: Checkpoint) -> int | None:
    """The epoch that the values are of; None if the checkpoint does not say."""
    epoch = checkpoint.metrics.get("epoch")
    return int(epoch) if isinstance(epoch, int | float) else None


def origin(checkpoint: Checkpoint) -> Grid:
    """What was trained on what."""
    data, metrics, recipe = checkpoint.data, checkpoint.metrics, checkpoint.recipe
    training = recipe.get("training", {})
    training = training if isinstance(training, Mapping) else {}
    epoch, epochs = kept_epoch(checkpoint), metrics.get("epochs")
    rows = {
        "network": architecture(checkpoint.spec),
        "trained numbers": f"{count_parameters(checkpoint.spec):,}",
        "recipe": str(recipe.get("name", "")),
        "data": str(data.get("name", "")),
        "fingerprint of the data": str(data.get("fingerprint", "")),
        "dt": f"{1e3 * checkpoint.spec.dt_s:g} ms",
        "seeds": ", ".join(f"{name} {seed}" for name, seed in sorted(checkpoint.seeds.items())),
        "precision of the training": str(training.get("precision", "")),
        "epoch that was kept": "" if epoch is None else f"{epoch} of {epochs}" if epochs else str(epoch),
        "versions": ", ".join(f"{package} {version}" for package, version in sorted(checkpoint.versions.items())),
    }
    return Grid.of_pairs({name: value for name, value in rows.items() if value})


def agreement(outcome: Verification) -> Grid:
    """The numbers of a verification."""
    c = outcome.comparison
    return Grid.of_pairs(
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
    )


def same_spikes(outcome: Verification, example: Example, checkpoint: Checkpoint) -> list[Block]:
    """One recording in both simulators, and the first differences if there are any."""
    diverged = outcome.comparison.diverged
    differences: list[Block] = [Code("First differences", "\n".join(map(str, diverged[:10])))] if diverged else []
    return [*differences, Heading("The same spikes and voltages"), figures.raster(example), figures.traces(example, checkpoint)]


def certified(certificate: Mapping[str, Any] | None) -> list[Block]:
    """What the certificate beside the checkpoint says, if there is one of this very network."""
    if certificate is None:
        return [
            Paragraph(
                "Whether Brian2 runs the same network has not been verified in this report, and no certificate of it lies beside the "
                "checkpoint: hetsyn verify makes one."
            )
        ]
    rows = {
        "verdict": str(certificate["verdict"]),
        "recordings": f"{certificate['n_recordings']:,} of {certificate['n_steps']} steps",
        "spike mismatches": f"{certificate['spike_mismatches']} of {certificate['n_spikes']:,} spikes",
        "largest |dv|": f"{float(certificate['max_abs_dv']):.2g}",
        "Brian2": f"{certificate['device']}, {certificate['versions'].get('brian2', '')}",
        "made": str(certificate["created"]),
    }
    return [Paragraph("The certificate beside the checkpoint is of this network:"), Grid.of_pairs(rows)]


def accuracy(measured: Sequence[Measured], outcome: Verification | None) -> list[Block]:
    """How often the network is right in each split, and which classes it takes for which."""
    rows = []
    for part in measured:
        low, high = part.interval
        share = f"{100 * part.evaluation.accuracy:.2f} %"
        rows.append([part.split, f"{len(part.data):,}", f"{part.n_right:,}", share, f"{100 * low:.2f} to {100 * high:.2f} %"])
    blocks: list[Block] = [Heading("Accuracy")]
    if rows:
        blocks += [
            Grid(["split", "recordings", "right", "accuracy", "95 % interval"], rows),
            Paragraph(
                "In PyTorch, float64, without dropout and augmentation. The interval is Wilson's: it says what this many recordings can "
                "tell, and nothing of other seeds or other data."
            ),
        ]
    if outcome is not None:
        blocks.append(figures.confusion(outcome))
    elif measured:
        last = measured[-1]
        blocks.append(figures.predictions(last.evaluation.labels, last.evaluation.predictions, f"PyTorch, {last.split} recordings"))
    return blocks


def activity(part: Measured, checkpoint: Checkpoint) -> list[Block]:
    """How much each layer spikes, and how many of its neurons never do."""
    rows, silent = [], []
    for name in part.evaluation.spikes:
        rates = part.rates_hz(name)
        n_silent = int(np.count_nonzero(rates == 0))
        quartiles = np.percentile(rates, [25, 50, 75])
        rows.append(
            [
                name.replace("_", " "),
                f"{rates.size:,}",
                f"{rates.mean():.2f}",
                " / ".join(f"{rate:.2f}" for rate in quartiles),
                f"{rates.max():.1f}",
                f"{n_silent:,} ({100 * n_silent / rates.size:.1f} %)",
                f"{part.evaluation.spikes[name].sum() / len(part.data):.1f}",
            ]
        )
        silent.append(n_silent == rates.size)
    if not rows:
        return []
    heads = ["layer", "neurons", "mean rate (Hz)", "quartiles (Hz)", "highest (Hz)", "silent neurons", "spikes per recording"]
    where = f"{len(part.data):,} {part.split} recordings of {1e3 * part.evaluation.seconds:g} ms each"
    note = f"Over {where}, silence at their ends included. A silent neuron has no spike in any of them."
    return [Heading("Activity"), Grid(heads, rows, silent), Paragraph(note)]


def learned(checkpoint: Checkpoint, initial: Checkpoint | None, history: History, test_accuracy: float | None) -> list[Block]:
    """The learning curve, and the time constants before and after."""
    blocks: list[Block] = [Heading("What it learned")]
    if history:
        blocks.append(figures.learning_curve(history, test_accuracy, kept_epoch(checkpoint)))
    if initial is None:
        return blocks if len(blocks) > 1 else []
    constants = figures.time_constants(initial, checkpoint)
    if constants is None:
        return [*blocks, Paragraph("This network has no trained time constants.")]
    rows = []
    for key in figures.trained_time_constants(checkpoint):
        before, after = (_quartiles(1e3 * np.asarray(side.values[key], dtype=np.float64)) for side in (initial, checkpoint))
        rows.append([key, f"{np.asarray(checkpoint.values[key]).size:,}", before, after])
    return [*blocks, constants, Grid(["time constant", "values", "before: quartiles (ms)", "after: quartiles (ms)"], rows)]


def _quartiles(values: NDArray[np.float64]) -> str:
    finite = values[np.isfinite(values)]
    return " / ".join(f"{value:.3g}" for value in np.percentile(finite, [25, 50, 75])) if finite.size else "none is finite"


def full_text(checkpoint: Checkpoint) -> list[Block]:
    """The network and its provenance, in full."""
    return [
        Code("The network, in full", checkpoint.spec.to_text()),
        Code("Recipe, seeds, data and versions", yaml.safe_dump(checkpoint.about, sort_keys=False, width=120)),
    ]
