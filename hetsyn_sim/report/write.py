"""The report of a training, and of its verification if there was one."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ..agreement.outcome import Verification
from ..data.checkpoint import Checkpoint
from ..data.events import SpikeDataset
from ..data.files import write_atomically
from . import sections
from .document import Block, Code, Document, Heading, Paragraph
from .inputs import History, shown_example
from .measured import measure


def write_report(
    folder: str | PathLike[str],
    checkpoint: Checkpoint,
    outcome: Verification | None = None,
    data: SpikeDataset | None = None,
    *,
    initial: Checkpoint | None = None,
    history: History = (),
    certificate: Mapping[str, Any] | None = None,
    recordings: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Path:
    """Write ``report.html``, ``report.md`` and the figures, and return the first's path.

    With a verification also ``verification.json`` and ``transfer.txt``.

    Parameters
    ----------
    folder
        Where to; it is made if need be. Files of an earlier report are replaced.
    checkpoint
        The trained network.
    outcome
        Its verification. Without it the page says so, and what the ``certificate`` says.
    data
        The recordings: those of the verification, or all of the training's. Accuracy and activity are measured on each split in them; one
        recording is simulated again for the figures of a verification. Without them the page says what the training itself noted.
    initial
        The network before training; without it there is no figure of the time constants.
    history
        One mapping per epoch; without it there is no learning curve.
    certificate
        What :func:`read_certificate` found of this network.
    recordings
        Measure on at most so many recordings of each split, evenly spread.
    progress
        Called with the fraction of the measuring done, from 0 to 1.

    Raises
    ------
    DtMismatchError, DataError
        If the recordings do not fit the network, or there are none.
    """
    folder = Path(folder)
    spec, name = checkpoint.spec, str(checkpoint.recipe.get("name", "network"))
    of_classes = "traces" not in checkpoint.data
    measured = [] if data is None else measure(checkpoint, data, recordings, progress)
    blocks: list[Block] = []
    if outcome is None:
        blocks += [Paragraph(f"A network of {sections.architecture(spec)}, trained in PyTorch."), sections.origin(checkpoint)]
        blocks += [Heading("The same network in Brian2"), *sections.certified(certificate)]
    else:
        assert data is not None, "a verification is of recordings"
        same = "They are the same network." if outcome.agrees else "They are NOT the same network."
        steps = f"{outcome.n_recordings} recordings of {outcome.n_steps} steps of {1e3 * spec.dt_s:g} ms"
        text = f"A network of {sections.architecture(spec)} was trained in PyTorch and simulated in Brian2 on the same {steps}. {same}"
        example = shown_example(checkpoint, data)
        blocks += [Paragraph(text), sections.agreement(outcome), *sections.same_spikes(outcome, example, checkpoint)]
        write_atomically(folder / "verification.json", json.dumps(outcome.to_dict(), indent=2, allow_nan=False) + "\n")
        write_atomically(folder / "transfer.txt", f"{example.transfer}\n")
    if of_classes and (measured or outcome is not None):
        blocks += sections.accuracy(measured, outcome)
    if measured:
        blocks += sections.activity(measured[-1], checkpoint)
    else:
        blocks.append(Paragraph(f"The recordings were not at hand. The training itself noted: {_noted(checkpoint)}."))
    test = [part.evaluation.accuracy for part in measured if part.split == "test"] if of_classes else []
    blocks += sections.learned(checkpoint, initial, history, test[0] if test else None)
    blocks.append(Heading("How it was made"))
    if outcome is not None:
        blocks += [sections.origin(checkpoint), Code("Transfer: what was mapped to what in Brian2", str(example.transfer))]
    blocks += sections.full_text(checkpoint)
    title = f"{name}: trained in PyTorch" + (", simulated in Brian2" if outcome is not None else "")
    return Document(title, blocks).save(folder, "report")


def _noted(checkpoint: Checkpoint) -> str:
    """The metrics of a checkpoint in one line."""
    numbers = {name: value for name, value in checkpoint.metrics.items() if isinstance(value, int | float)}
    return ", ".join(f"{name.replace('_', ' ')} {np.round(value, 4):g}" for name, value in numbers.items()) or "nothing"
