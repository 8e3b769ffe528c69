"""Time left in a training, from its second step on."""

from __future__ import annotations

import time
from typing import Any, Final

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback

from .console import Status, duration, say

#: Seconds between two updates: more often is flicker.
_BETWEEN: Final = 0.2


class TimeLeft(Callback):
    """Shows how far an epoch is and how long all of them will take, by the time that steps have taken so far.

    The first step is left out: kernels are compiled and memory is taken in it. A step of validation counts as what it takes, but is not
    foreseen in the first epoch.
    """

    def __init__(self, at_most: bool) -> None:
        self._status, self._at_most = Status(), at_most
        self._steps, self._began, self._shown = 0, 0.0, 0.0

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int) -> None:
        now = time.monotonic()
        self._steps += 1
        if self._steps == 1:
            self._began = now
            return
        n = int(trainer.num_training_batches)
        assert trainer.max_epochs is not None
        left = trainer.max_epochs * n - trainer.global_step
        if now - self._shown < _BETWEEN or not left:
            return
        self._shown = now
        seconds = (now - self._began) / (self._steps - 1) * left
        about = "at most" if self._at_most else "about"
        of = f"epoch {trainer.current_epoch + 1}/{trainer.max_epochs}"
        self._status.show(f"{of}: step {batch_idx + 1} of {n}, {about} {duration(seconds)} left in all")

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        self._status.end()

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._status.end()

    def print(self, line: str) -> None:
        """Write a line above the status."""
        self._status.clear()
        say(line)
