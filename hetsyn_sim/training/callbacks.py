"""What happens after each epoch of a run: metrics and resume state to disk, a line to the terminal, and the decision to stop."""

from __future__ import annotations

from collections.abc import Sequence

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint as CheckpointCallback

from ..data.files import write_atomically
from .console import epoch_line, say
from .module import Row, TrainingModule
from .run_folder import RunFolder, metrics_csv
from .settings import Training


def is_finished(history: Sequence[Row], training: Training) -> bool:
    """Whether a run with this history has nothing left to do: a function of the history, so that a resumed run decides alike."""
    if len(history) >= training.epochs:
        return True
    if training.patience is None or not history:
        return False
    accuracies = [row["validation_accuracy"] for row in history]
    return len(history) - 1 - accuracies.index(max(accuracies)) >= training.patience


class AfterEpoch(CheckpointCallback):
    """Keeps the run folder up to date. A Checkpoint callback, since Lightning runs those after the module's own hook."""

    def __init__(self, folder: RunFolder, training: Training, *, progress: bool) -> None:
        self.folder, self.training, self.progress = folder, training, progress

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, TrainingModule)
        # The state first: the CSV is made from it and can be made again.
        trainer.save_checkpoint(self.folder.resume)
        if trainer.is_global_zero:
            write_atomically(self.folder.metrics, metrics_csv(pl_module.history))
            if self.progress:
                bar = trainer.progress_bar_callback
                line = epoch_line(pl_module.history[-1], self.training.epochs)
                say(line) if bar is None else bar.print(line)
        if is_finished(pl_module.history, self.training):
            trainer.should_stop = True
