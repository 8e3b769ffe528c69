"""Callbacks of studies: the learning curve step by step, and time constants that do not learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from hetsyn_sim.training.module import TrainingModule


class LearningCurve(Callback):
    """Collects what every training step hands out.

    Attributes
    ----------
    losses
        Loss without regulariser, one number for each step.
    shares
        Share of the batch that was right; empty where traces are learned.
    """

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.shares: list[float] = []

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int) -> None:
        self.losses.append(float(outputs["task_loss"]))
        if "correct" in outputs:
            self.shares.append(float(outputs["correct"]) / len(batch[1]))

    @staticmethod
    def binned(values: list[float], width: int) -> list[float]:
        """Means of ``width`` steps each; a rest is left out."""
        n = len(values) // width
        return [float(mean) for mean in np.asarray(values[: n * width]).reshape(n, width).mean(axis=1)]


class FrozenTimeConstants(Callback):
    """Keeps a random share of all learned time constants where they start (Deng et al. 2025, HetSyn, App. C: masked)."""

    def __init__(self, share: float, seed: int) -> None:
        self.share, self.seed = share, seed
        self._kept: list[tuple[Tensor, Tensor, Tensor]] = []  # raw parameter, which entries, their values

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, TrainingModule)
        generator = torch.Generator().manual_seed(self.seed)
        for raw in pl_module.network.time_constant_parameters():
            frozen = torch.rand(raw.shape, generator=generator) < self.share
            self._kept.append((raw, frozen, raw.detach()[frozen].clone()))

    @torch.no_grad()
    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int) -> None:
        for raw, frozen, values in self._kept:
            raw[frozen] = values
