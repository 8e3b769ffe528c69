"""Lightning callbacks: one that keeps the run folder of ``fit`` up to date, and one for a LightningModule of your own."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Literal, TypeVar

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint as CheckpointCallback
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint

from ..data.files import write_atomically
from ..errors import ConfigError, one_of, visible
from .console import epoch_line
from .module import Row, TrainingModule, check_finite
from .network import Network
from .run_folder import COLUMNS, RunFolder, metrics_csv
from .settings import Training

T = TypeVar("T")


def is_finished(history: Sequence[Row], training: Training) -> bool:
    """Whether a run with this history is finished. A function of the history alone, so that a resumed run decides alike."""
    if len(history) >= training.epochs:
        return True
    if training.patience is None or not history:
        return False
    accuracies = [row["validation_accuracy"] for row in history]
    return len(history) - 1 - accuracies.index(max(accuracies)) >= training.patience


def checked(given: Any, kind: type[T], what: str) -> list[T]:
    """One or several callbacks or loggers as a list.

    Raises
    ------
    ConfigError
        If one is something else, or goes by a metric that no epoch has.
    """
    several = [given] if isinstance(given, kind) else [] if given is None or given is False else given
    for each in several if isinstance(several, Sequence) and not isinstance(several, str) else [several]:
        if not isinstance(each, kind):
            raise ConfigError(
                f"this is no {what} of Lightning",
                where=f"fit: {what}",
                got=visible(repr(each))[:200],
                expected=f"an object of a subclass of {kind.__module__}.{kind.__qualname__}, or several",
                remedy='lightning.pytorch.loggers.CSVLogger("logs")'
                if what == "logger"
                else "an object, such as EarlyStopping('validation_loss')",
            )
        monitor = getattr(each, "monitor", None)
        if isinstance(each, EarlyStopping | ModelCheckpoint) and monitor is not None:
            metrics = [name for name in COLUMNS if name not in ("epoch", "seconds")]
            where = f"fit: {type(each).__name__}"
            one_of(monitor, metrics, "metric", where=where, remedy="go by one of these", error=ConfigError)
    return list(several)


class AfterEpoch(CheckpointCallback):
    """Keeps the run folder up to date. A Checkpoint callback, since Lightning runs those after the module's own hook.

    ``print`` writes a line for whoever waits; None: nobody does.

    Raises
    ------
    DivergedError
        If the loss of an epoch, or a parameter after it, is not finite.
    """

    def __init__(self, folder: RunFolder, training: Training, print: Callable[[str], None] | None) -> None:
        self.folder, self.training, self.print = folder, training, print

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        assert isinstance(pl_module, TrainingModule)
        check_finite(pl_module)  # here and not in the module: a finder of learning rates goes until it diverges, without this callback
        # The state first: the CSV is made from it and can be made again.
        trainer.save_checkpoint(self.folder.resume)
        if trainer.is_global_zero:
            write_atomically(self.folder.metrics, metrics_csv(pl_module.history))
            pl_module.time_constants.save(self.folder.time_constants)
            if self.print is not None:
                self.print(epoch_line(pl_module.history[-1], self.training.epochs))
                for note in pl_module.notes:
                    self.print(f"note: {note}")
            elif pl_module.notes:
                warnings.warn("; ".join(pl_module.notes), stacklevel=1)  # higher up is Lightning, whose warnings are off
        if is_finished(pl_module.history, self.training):
            trainer.should_stop = True


class KeepCheckpoint(CheckpointCallback):
    """Writes a :class:`~hetsyn_sim.data.checkpoint.Checkpoint` after every epoch, or after every one that is the best so far.

    The file appears complete or not at all; of several processes the first writes. It holds the spec with its dt, values in SI units, the
    epoch, step and metrics at which it was taken, and the versions. The best so far is part of Lightning's own state, so that a run that is
    resumed does not overwrite it with something worse. Lightning runs this after the hooks of your module, as it does with its
    ModelCheckpoint, and adds no ModelCheckpoint by itself where there is one of these: add yours if you want to resume.

    Parameters
    ----------
    path
        The file; ``.safetensors`` is added if there is no ending.
    network
        Where the :class:`~hetsyn_sim.training.network.Network` is in your module: ``"model.spiking"``. None: there is only one.
    monitor
        The metric, as you call it in ``self.log``, that says which epoch is the best. None: the file is written after every epoch.
    mode
        Whether a larger (``max``) or a smaller (``min``) value is better. Of equal ones the first is kept; NaN is never better.
    data, recipe
        Plain data about them, for the checkpoint.

    Raises
    ------
    ConfigError
        If there is no such network, or several and no name, or if the module does not log the metric.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        network: str | None = None,
        monitor: str | None = None,
        mode: Literal["max", "min"] = "max",
        data: Mapping[str, Any] | None = None,
        recipe: Mapping[str, Any] | None = None,
    ) -> None:
        one_of(mode, ("max", "min"), "mode", where="KeepCheckpoint", remedy="max for an accuracy, min for a loss", error=ConfigError)
        self.path, self.network, self.monitor, self.mode = Path(path), network, monitor, mode
        self.about = {"data": dict(data or {}), "recipe": dict(recipe or {})}
        self.best: float | None = None

    @property
    def state_key(self) -> str:
        """By file and metric, so that one Trainer can have two of these: for the best epoch and for the last."""
        return f"KeepCheckpoint{{{self.path.name}, {self.monitor}}}"

    def state_dict(self) -> dict[str, Any]:
        return {"best": self.best}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best = state_dict["best"]

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self._network_in(pl_module)  # fail before the first epoch, not after it

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        if self.monitor is not None:
            if self.monitor not in metrics:
                raise ConfigError(
                    "the metric to go by is not there",
                    where=f"KeepCheckpoint: {self.path.name}",
                    got=f"monitor = {self.monitor!r}",
                    expected=", ".join(metrics) or "a metric that the module logs",
                    remedy=f'log it once per epoch: self.log("{self.monitor}", value, on_epoch=True)',
                )
            value, sign = metrics[self.monitor], 1.0 if self.mode == "max" else -1.0
            if math.isnan(value) or (self.best is not None and sign * value <= sign * self.best):
                return
            self.best = value
        if not trainer.is_global_zero:
            return
        seeds = {"lightning": int(os.environ["PL_GLOBAL_SEED"])} if "PL_GLOBAL_SEED" in os.environ else {}
        finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
        about = {**finite, "epoch": trainer.current_epoch + 1, "steps": trainer.global_step}
        self._network_in(pl_module).to_checkpoint(metrics=about, seeds=seeds, **self.about).save(self.path)

    def _network_in(self, module: LightningModule) -> Network:
        networks = {name: part for name, part in module.named_modules() if isinstance(part, Network)}
        if self.network is None and len(networks) == 1:
            return next(iter(networks.values()))
        if self.network not in networks:
            raise ConfigError(
                "there is no such network in this module" if self.network is not None or not networks else "which of these networks?",
                where=f"KeepCheckpoint: network, in {type(module).__name__}",
                got=repr(self.network),
                expected=" or ".join(map(repr, networks)) or "a hetsyn_sim Network among the attributes of the module",
                remedy="name one" if networks else "keep the Network as an attribute: self.network = Network(spec)",
            )
        return networks[self.network]
