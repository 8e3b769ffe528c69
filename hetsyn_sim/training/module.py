"""A network in training as a LightningModule: its steps and epochs. Random numbers depend on seed and step alone."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from ..errors import DivergedError
from ..spec.values import is_time_constant
from .augment import augment
from .data import Batches, Examples, epoch_order
from .losses import RateRegulariser
from .network import Network
from .own import Own
from .randomness import Share, mixed_seed
from .settings import Training
from .time_constants import Histograms

#: Metrics of one epoch: ``epoch``, ``train_loss``, ``train_accuracy``, ``validation_loss``, ``validation_accuracy``, ``rate_hz``
#: (mean over all hidden neurons, validation aside), ``lr`` (at its end), ``seconds``. Accuracies are missing where traces are learned.
Row = dict[str, float]


class TrainingModule(LightningModule):
    """One network, its examples and its settings.

    Attributes
    ----------
    history
        One :data:`Row` per finished epoch.
    time_constants
        Histograms of the trained time constants, before the training and after each epoch.
    best
        The state of the network after the epoch of highest validation accuracy, the earliest of equals; None if nobody asked for it.
    lr
        The learning rate before the schedule. Lightning's LearningRateFinder changes it.
    stopped
        Whether a callback ended the training before its last epoch.
    """

    def __init__(self, network: Network, training: Training, train: Examples, validation: Examples | None, own: Own | None = None) -> None:
        super().__init__()
        self.network, self.training_settings, self.own = network, training, own or Own()
        self.train_examples, self.validation_examples = train, validation
        self.loss = self.own.make_loss(training)
        if isinstance(self.own.loss, nn.Module):
            self.own_loss = self.own.loss  # a part of this module, so that its buffers go to its device
        self.lr, self.stopped = training.optimiser.lr, False
        dt = network.spec.dt_s
        rate = training.rate_regulariser
        self.regulariser = None if rate is None else RateRegulariser(rate.target_hz, rate.strength, dt)
        self.history: list[Row] = []
        self.best: dict[str, Tensor] | None = None
        self.best_accuracy = -math.inf
        self.time_constants = Histograms()
        #: What should be known before a long training goes on, after its first epoch.
        self.notes: list[str] = []
        self._begin: dict[str, Tensor] = {}
        self._sums: dict[str, Tensor] = {}
        self._started = 0.0

    # -- data and optimiser ------------------------------------------------------------------------------------------

    def _batches(self, examples: Examples, **options: Any) -> Batches:
        size = self.training_settings.batch_size
        return Batches(examples, size, **options)

    def _share(self, batch: tuple[Tensor, Tensor]) -> Share | None:
        trainer = self.trainer
        return None if trainer.world_size == 1 else Share(trainer.global_rank, trainer.world_size, batch[0].shape[1])

    def _summed(self, value: Tensor) -> Tensor:
        """The sum over all processes, without a gradient; the same number in each of them."""
        total = value.detach().clone()
        self.trainer.strategy.reduce(total, reduce_op="sum")  # in place, and nothing at all for one process
        return total

    def train_dataloader(self) -> Batches:
        n, seed = len(self.train_examples), self.training_settings.seed
        return self._batches(self.train_examples, order=lambda: epoch_order(n, seed, self.current_epoch))

    def val_dataloader(self) -> Batches | list[Any]:
        return [] if self.validation_examples is None else self._batches(self.validation_examples)

    def configure_optimizers(self) -> Any:
        settings = self.training_settings
        optimiser = self.own.make_optimiser(self.network, settings)
        factor = settings.schedule.make(int(self.trainer.estimated_stepping_batches), settings.epochs)
        scheduler = LambdaLR(optimiser, factor)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def _take_found_lr(self) -> None:
        """Make the schedule begin at a learning rate that a finder has put into ``lr``, with the groups' factors as they were."""
        scheduler = self.lr_schedulers()
        if self.history or self.lr == self.training_settings.optimiser.lr or not isinstance(scheduler, LambdaLR):
            return  # of a run that goes on, the scheduler has it already
        ratio = self.lr / self.training_settings.optimiser.lr
        scheduler.base_lrs = [ratio * lr for lr in scheduler.base_lrs]
        for group, lr, factor in zip(scheduler.optimizer.param_groups, scheduler.base_lrs, scheduler.lr_lambdas, strict=True):
            group["initial_lr"], group["lr"] = lr, lr * factor(scheduler.last_epoch)

    # -- a step ------------------------------------------------------------------------------------------------------

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        # Dropout and augmentation draw from the global generator; seeded here, they need no state to be resumed. All processes draw the
        # same numbers, for the whole batch, and take their share. (The 0 was a rank once: without it every run would draw other numbers.)
        torch.manual_seed(mixed_seed(self.training_settings.seed, "step", self.global_step, 0))

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> dict[str, Tensor]:
        """What is minimised (``loss``); for callbacks also the loss without regulariser (``task_loss``), and how many were right.

        ``task_loss`` and ``correct`` are those of the whole batch, however many processes compute it.
        """
        x, target = batch  # (time, batch, channel), (batch,) or (time, batch, unit)
        settings = self.training_settings.augmentation
        x = augment(x, time_shift=settings.time_shift, channel_shift=settings.channel_shift, spike_dropout=settings.spike_dropout)
        share = self._share(batch)
        if share is not None:
            x, target = share.own(x), share.own(target)
        self.network.set_share(share)
        out, _ = self.network(x, batch_first=False)  # (time, batch, unit)
        loss = self.loss(out, target)
        correct = self._add("train", out, target, loss, share)
        spikes = self.network.last_spikes
        hidden = sum(z.detach().sum() for z in spikes) / sum(z.shape[0] * z.shape[2] for z in spikes)
        # spikes per hidden neuron and step, summed over the batch
        self._add_to("spikes", torch.as_tensor(hidden) if share is None or share.n_own else torch.zeros(()))
        for name, z in zip(self._spiking, spikes, strict=True):
            self._add_to(f"spikes of {name}", z.detach().sum())
        minimised, task_loss = loss, loss.detach()
        if share is not None:
            minimised = loss * share.gradient_scale
            task_loss = self._summed(task_loss * (share.n_own / share.n))
            correct = None if correct is None else self._summed(correct)
        if self.regulariser is not None:
            minimised = minimised + self._regularised(self.regulariser, spikes, share)
        return {"loss": minimised, "task_loss": task_loss} | ({} if correct is None else {"correct": correct})

    def _regularised(self, regulariser: RateRegulariser, spikes: list[Tensor], share: Share | None) -> Tensor:
        if share is None:
            return regulariser(spikes)
        # It is no mean over recordings, but a function of one: that mean is taken over all processes. The gradient goes through the own
        # part of it, and is multiplied since DDP divides the sum of gradients by the number of processes.
        own = torch.cat([z.mean(dim=(0, 1)) for z in spikes]) * (share.n_own / share.n)  # (neuron,)
        return share.n_processes * regulariser.of_means(self._summed(own) + (own - own.detach()))

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        self.network.clamp_()
        if self.trainer.loggers:
            self.log("step_loss", outputs["task_loss"], on_step=True, on_epoch=False)

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        x, target = batch
        share = self._share(batch)
        if share is not None:
            x, target = share.own(x), share.own(target)
        self.network.set_share(share)
        out, _ = self.network(x, batch_first=False, first_recording=batch_idx * self.training_settings.batch_size)
        self._add("validation", out, target, self.loss(out, target), share)

    # -- an epoch ----------------------------------------------------------------------------------------------------

    @property
    def _spiking(self) -> list[str]:
        return [p.name for p in self.network.spec.populations if p.model.spiking]

    def on_train_start(self) -> None:
        if not self.history:
            self.time_constants.add(0, self.network)
        self._begin = {key: raw.detach().clone() for key, raw in self.network.trained().items()}
        self._take_found_lr()

    def on_train_epoch_start(self) -> None:
        self._sums = {}
        self._started = time.perf_counter()

    def on_train_epoch_end(self) -> None:
        sums = {name: float(self._summed(total)) for name, total in self._sums.items()}
        row: Row = {"epoch": len(self.history) + 1}
        for part in ("train", "validation"):
            if f"{part}_n" in sums:
                row[f"{part}_loss"] = sums[f"{part}_loss"] / sums[f"{part}_n"]
                if f"{part}_correct" in sums:
                    row[f"{part}_accuracy"] = sums[f"{part}_correct"] / sums[f"{part}_n"]
        row["rate_hz"] = sums["spikes"] / sums["train_n"] / self.network.spec.dt_s
        row["lr"] = float(self.trainer.optimizers[0].param_groups[0]["lr"])
        row["seconds"] = time.perf_counter() - self._started
        self.history.append(row)
        self.time_constants.add(len(self.history), self.network)
        # by these names EarlyStopping, ModelCheckpoint and loggers find them
        self.log_dict({name: value for name, value in row.items() if name not in ("epoch", "seconds")})
        self.notes = self._notes(sums) if len(self.history) == 1 else []
        if self.training_settings.keep == "best" and row["validation_accuracy"] > self.best_accuracy:
            self.best_accuracy = row["validation_accuracy"]
            self.best = {name: tensor.detach().clone() for name, tensor in self.network.state_dict().items()}

    def _notes(self, sums: Mapping[str, float]) -> list[str]:
        silent = [name for name in self._spiking if sums[f"spikes of {name}"] == 0.0]
        notes = [f"{name} did not spike in the first epoch: give it larger weights or more input, or a lower threshold" for name in silent]
        fixed = self.training_settings.optimiser.lr_factor_time_constants == 0.0
        for key, raw in self.network.trained().items():
            before = self._begin[key]
            moved = bool(((raw.detach() - before).abs() > 1e-6 * before.abs().clamp_min(1e-3)).any())
            if not (moved or (fixed and is_time_constant(self.network.spec.slots[key]))):
                notes.append(f"{key} did not move in the first epoch: no gradient reaches it, or the learning rate is too small for it")
        return notes

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.stopped = self.trainer.should_stop
        kept = {name: getattr(self, name) for name in ("history", "best", "best_accuracy", "lr", "stopped")}
        checkpoint["hetsyn_sim"] = {**kept, "time_constants": self.time_constants.to_state()}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        for name, value in checkpoint["hetsyn_sim"].items():
            setattr(self, name, Histograms.from_state(value) if name == "time_constants" else value)

    def _add(self, part: str, out: Tensor, target: Tensor, loss: Tensor, share: Share | None) -> Tensor | None:
        # sums stay on the device: reading one in every step would make the device wait
        n = out.shape[1] if share is None else share.n_own
        self._add_to(f"{part}_loss", loss.detach() * n)
        self._add_to(f"{part}_n", torch.tensor(n, device=self.device))
        if target.ndim == 3:  # traces have no right or wrong
            return None
        correct = (self.loss.scores(out.detach()).argmax(dim=-1) == target)[:n].sum()
        self._add_to(f"{part}_correct", correct)
        return correct

    def _add_to(self, name: str, value: Tensor) -> None:
        self._sums[name] = self._sums.get(name, torch.zeros((), dtype=torch.float64, device=self.device)) + value


def not_finite(network: Network) -> list[str]:
    """Slot keys of the trained parameters that are NaN or infinite."""
    return [key for key, raw in network.trained().items() if not bool(torch.isfinite(raw).all())]


def check_finite(module: TrainingModule) -> None:
    """Raise :class:`DivergedError` if the loss of the last epoch, or a parameter after it, is not finite."""
    row = module.history[-1]
    if not math.isfinite(row["train_loss"]):
        raise diverged(len(module.history), "loss is", f"train_loss = {row['train_loss']}")
    if bad := not_finite(module.network):
        raise diverged(len(module.history), "parameters are", ", ".join(bad))


def diverged(epoch: int, what: str, got: str) -> DivergedError:
    """The error of a training whose loss, or parameters, are not finite."""
    return DivergedError(
        f"the training has diverged: its {what} not finite",
        where=f"epoch {epoch}",
        got=got,
        expected="finite numbers",
        remedy="lower training.optimiser.lr or lr_factor_time_constants, or set clip_norm, and train anew",
    )
