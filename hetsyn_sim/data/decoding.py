"""How the network of a checkpoint is fed and read: which recordings fit it, for how long they run, and what class its output means."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import DataError
from ..spec import NetworkSpec
from ..training.losses import Loss
from ..training.recipe import Recipe
from ..training.settings import Training
from .checkpoint import Checkpoint
from .events import SpikeDataset
from .recording import Recording, check_same_dt


def check_input(data: SpikeDataset, spec: NetworkSpec, *, where: str) -> None:
    """Raise unless the recordings can be the input of the network.

    Raises
    ------
    DtMismatchError, DataError
        If dt or the number of channels differ, or if there are no recordings.
    """
    check_same_dt(data.dt, spec.dt_s, where=f"{where}: the recordings and the network")
    if data.n_channels != spec.n_input:
        raise DataError(
            "the recordings have another number of channels than the network",
            where=where,
            got=f"{data.n_channels} channels",
            expected=f"{spec.n_input} channels, as the network was trained with",
            remedy="use the recordings it was trained on, or encode these with the same number of channels",
        )
    if not len(data) or not int(data.n_steps.max(initial=0)):
        raise DataError(
            "there are no recordings to run",
            where=where,
            got=f"{len(data)} recordings" + (", all of length 0" if len(data) else ""),
            expected="at least one recording of at least one step",
            remedy="check the split: `data.test` is empty if every recording is for training",
        )


def length_of(checkpoint: Checkpoint, data: SpikeDataset) -> int:
    """For how many steps to run: the window of the training, or else the longest of the recordings."""
    return _training(checkpoint).window or int(data.n_steps.max())


def loss_of(checkpoint: Checkpoint) -> Loss:
    """The loss of the training, which says how the network's output is read; the default one if the checkpoint does not say."""
    return _training(checkpoint).loss.make()


def predictions(recording: Recording, spec: NetworkSpec, loss: Loss) -> NDArray[np.integer]:
    """The class with the largest score for every run, shape (run,), from v of the readout or the spikes of the last layer."""
    out = recording.traces["readout.v"] if spec.readout is not None else recording.rasters[spec.populations[-1].name]
    guessed: NDArray[np.integer] = loss.scores(torch.as_tensor(np.asarray(out, dtype=np.float64))).argmax(dim=1).numpy()
    return guessed


def _training(checkpoint: Checkpoint) -> Training:
    """What the recipe says of loss and window. A checkpoint made by hand has none, and then the defaults hold."""
    told = checkpoint.recipe.get("training", {})
    kept = {key: told[key] for key in ("loss", "window") if key in told} if isinstance(told, Mapping) else {}
    return Recipe.from_dict({"training": kept}, where="recipe of the checkpoint").training
