"""Images whose grey values are the input, one pixel a step; and images that are distorted anew for every epoch."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Self

import numpy as np
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from numpy.typing import ArrayLike, NDArray

from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.data.files import digest_of
from hetsyn_sim.tasks.distortion import distorted
from hetsyn_sim.tasks.mnist import level_thresholds, read_images, sequential_mnist
from hetsyn_sim.training.module import TrainingModule
from hetsyn_sim.training.randomness import mixed_seed

#: Images that are coded at a time.
_PIECE = 1000


@dataclass(frozen=True, eq=False, repr=False)
class GreyImages(SpikeDataset):
    """Images pixel by pixel, in which the input of a step is a grey value from 0 to 1, as in Deng et al. 2025 (HetSyn), App. D.

    It trains and is evaluated as spikes are. Brian2's synapses take spikes, so that it is not simulated there.

    Attributes
    ----------
    images
        uint8, shape (recording, pixel). The spikes of the dataset are its pixels of half the full brightness and more.
    """

    images: NDArray[np.uint8] = field(kw_only=True)

    @classmethod
    def read(cls, source: Path, n_train: int | None = None) -> Self:
        """The images of a folder, as :func:`~hetsyn_sim.tasks.mnist.sequential_mnist` reads them."""
        data, read = sequential_mnist(source, levels=1, n_train=n_train), read_images(source)
        places = [name.split() for name in data.names]
        images = np.stack([read[part][0][int(k)].ravel() for part, k in places])
        return cls(**{f.name: getattr(data, f.name) for f in fields(data)}, images=images)

    def __getitem__(self, index: int | slice | ArrayLike) -> Self:
        chosen = super().__getitem__(index)
        images = np.atleast_2d(self.images[index if isinstance(index, slice) else np.asarray(index)])
        return type(self)(**{f.name: getattr(chosen, f.name) for f in fields(SpikeDataset)}, images=images)

    def rasters(self, n_steps: int | None = None) -> NDArray[np.float32]:  # type: ignore[override]
        """Grey values from 0 to 1, float32, shape (time, recording, 1)."""
        values = self.images.T[:, :, None].astype(np.float32) / np.float32(255.0)
        return values if n_steps is None else values[:n_steps]

    def fingerprint(self) -> str:
        """That of the spikes and the images."""
        return digest_of([super().fingerprint(), self.images])


class DistortedAnew(Callback):
    """Gives every training image a distortion of its own in every epoch, which depends on seed and epoch alone.

    Parameters
    ----------
    images
        From 0 to 255, (image, row, column), in the order of the training's examples.
    seed
        Of the distortions.
    """

    def __init__(self, images: NDArray[np.uint8], seed: int) -> None:
        self.images, self.seed = images, seed

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, TrainingModule)
        spikes = pl_module.train_examples.spikes  # (time, image, level): pixel by pixel
        thresholds = level_thresholds(spikes.shape[2])
        rng = np.random.default_rng(mixed_seed(self.seed, "distortions", trainer.current_epoch))
        for first in range(0, len(self.images), _PIECE):
            piece = distorted(self.images[first : first + _PIECE], rng).reshape(-1, spikes.shape[0])
            spikes[:, first : first + _PIECE] = torch.from_numpy(piece.T[:, :, None] >= thresholds)
