"""The inputs of a report: initial network and history of a run, and one recording in both simulators with its traces."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..brian.report import TransferReport
from ..brian.transfer import to_brian2
from ..data.checkpoint import Checkpoint
from ..data.events import SpikeDataset
from ..data.files import reading
from ..data.recording import Recording
from ..training.network import Network
from ..training.run_folder import RunFolder, read_metrics
from ..training.time_constants import Histograms

#: What a report says of a certificate.
_OF_CERTIFICATE = ("verdict", "n_recordings", "n_steps", "spike_mismatches", "n_spikes", "max_abs_dv", "device", "versions", "created")
History = Sequence[dict[str, float]]


def read_run(path: Path) -> tuple[Checkpoint | None, History]:
    """Initial checkpoint and history of the run that a checkpoint (or run folder) belongs to; None and empty where there is no run."""
    folder = _folder_of(path)
    initial = Checkpoint.load(folder.initial) if folder.initial.is_file() else None
    return initial, read_metrics(folder.metrics) if folder.metrics.is_file() else []


def read_time_constants(path: Path) -> Histograms | None:
    """The time constants over the epochs of the run that a checkpoint (or run folder) belongs to; None where there is no run."""
    folder = _folder_of(path)
    return Histograms.load(folder.time_constants) if folder.time_constants.is_file() else None


def read_certificate(path: Path, checkpoint: Checkpoint) -> dict[str, Any] | None:
    """The certificate beside a checkpoint (or in a run folder) as plain data; None if there is none, or it is of another network.

    Raises
    ------
    DataError
        If it can't be read.
    """
    file = _folder_of(path).path / "certificate" / "certificate.json"
    if not file.is_file():
        return None
    expected = "what hetsyn verify writes"
    with reading(file, "this certificate can't be read", expected=expected, remedy="verify the network again: hetsyn verify"):
        content = json.loads(file.read_text(encoding="utf-8"))
        same = content["network"]["sha256"] == hashlib.sha256(checkpoint.to_bytes()).hexdigest()
        return {name: content[name] for name in _OF_CERTIFICATE} if same else None


def _folder_of(path: Path) -> RunFolder:
    return RunFolder(path if path.is_dir() else path.parent)


@dataclass(frozen=True)
class Example:
    """One recording in both simulators, with its traces, and how it got into Brian2."""

    name: str
    torch: Recording
    brian2: Recording
    population: str
    neuron: int
    transfer: TransferReport

    @property
    def traces(self) -> list[str]:
        """The traces of the neuron shown: its v, and its synaptic current if the model has one."""
        return [key for key in self.torch.traces if key in (f"{self.population}.v", f"{self.population}.I_syn")]


def shown_example(checkpoint: Checkpoint, data: SpikeDataset, which: int | None = None) -> Example:
    """One recording, by default that of median length, and in it the neuron of the first layer that spikes most."""
    chosen = data[int(np.argsort(data.n_steps, kind="stable")[len(data) // 2]) if which is None else which]
    x = chosen.rasters(int(1.25 * chosen.n_steps[0]))  # (time, 1, channel), with some silence at the end
    by_torch = Network.from_checkpoint(checkpoint).record(x, ("v", "I_syn"))
    simulation = to_brian2(checkpoint, record=list(by_torch.traces))
    by_brian = simulation.run(x, dt=chosen.dt)
    population = checkpoint.spec.populations[0].name
    neuron = int(by_torch.rasters[population].sum(axis=(0, 1)).argmax())
    return Example(str(chosen.names[0]), by_torch, by_brian, population, neuron, simulation.report)
