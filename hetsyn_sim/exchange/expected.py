"""What exports to a folder have in common: a folder that may be written to, and what the trained network does on the recordings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..data.checkpoint import Checkpoint
from ..data.decoding import Decoder
from ..data.events import SpikeDataset
from ..errors import ConfigError
from ..training.network import Network

#: Recordings that the network runs at a time.
_BATCH = 32


@dataclass(frozen=True)
class Expected:
    """Decisions, and for ``input`` and each layer a row (recording, step, neuron) for every spike, of the network in PyTorch (float64)."""

    n_steps: int
    decisions: NDArray[np.integer]
    spikes: Mapping[str, NDArray[np.int64]]

    @classmethod
    def of(cls, checkpoint: Checkpoint, data: SpikeDataset) -> Expected:
        """Run the network on all recordings."""
        spec, decoder, network = checkpoint.spec, Decoder.of(checkpoint), Network.from_checkpoint(checkpoint)
        n_steps = decoder.length(data)
        raster, decisions = data.rasters(n_steps), []
        spikes: dict[str, list[NDArray[np.int64]]] = {
            name: [] for name in ("input", *(p.name for p in spec.populations if p.model.spiking))
        }
        for begin in range(0, len(data), _BATCH):
            recording = network.record(raster[:, begin : begin + _BATCH])
            decisions.append(decoder.predictions(recording, spec))
            for name, parts in spikes.items():
                step, run, neuron = np.nonzero(recording.rasters[name])
                parts.append(np.stack([begin + run, step, neuron], axis=1))
        return cls(n_steps, np.concatenate(decisions), {name: np.concatenate(parts) for name, parts in spikes.items()})


def check_folder(folder: Path, is_ours: Callable[[Path], bool]) -> None:
    """Raise a ConfigError unless the folder can be made, is empty, or holds an export: nothing else may be replaced."""
    foreign = sorted(path.name for path in folder.iterdir() if not is_ours(path)) if folder.is_dir() else []
    above = next((path for path in folder.absolute().parents if path.exists()), Path("/"))
    if ((folder.exists() or folder.is_symlink()) and not folder.is_dir()) or not above.is_dir() or foreign:
        raise ConfigError(
            "nothing can be exported there",
            where=str(folder),
            got=", ".join(foreign[:5]) if foreign else "a file where a folder should be",
            expected="a folder that is new, empty, or holds an export",
            remedy="choose another folder",
        )
