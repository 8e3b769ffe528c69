"""The training loop: Lightning's, started anew or from the state in the run folder, and the checkpoint at its end."""

from __future__ import annotations

import signal
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Callback, LearningRateFinder, ProgressBar
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities.exceptions import SIGTERMException

from ..data.checkpoint import Checkpoint, installed_versions
from ..data.files import write_atomically
from ..errors import ConfigError, DataError
from .callbacks import AfterEpoch, checked, is_finished
from .console import quiet, say
from .data import Examples
from .module import Row, TrainingModule, diverged, not_finite
from .network import Network
from .own import Own
from .processes import naming_lost_processes
from .progress import TimeLeft
from .resume import SafetensorsIO, read_state
from .run_folder import RunFolder, metrics_csv
from .settings import Training
from .time_constants import Histograms


def train(
    network: Network,
    initial: Checkpoint,
    settings: Training,
    examples: Examples,
    validation: Examples | None,
    folder: RunFolder,
    *,
    own: Own,
    progress: bool,
    write: bool,
    callbacks: Sequence[Callback] = (),
    logger: Logger | Sequence[Logger] | None = None,
    **devices: Any,
) -> Checkpoint:
    """Train, or go on training, until :func:`~hetsyn_sim.training.callbacks.is_finished`.

    Parameters
    ----------
    network
        The untrained network; it is trained in place.
    initial
        Its checkpoint, with everything that is known of the run.
    examples, validation
        What to learn from, and what to look at after each epoch.
    folder
        A folder that :meth:`~hetsyn_sim.training.run_folder.RunFolder.begin` has accepted.
    own
        What is used instead of the choices of the settings.
    write
        Whether this process writes the result (one of several does).
    callbacks, logger
        Further ones for Lightning's Trainer, and where it logs to.
    **devices
        For Lightning's Trainer.

    Returns
    -------
    Checkpoint
        Also in ``folder.checkpoint``. It is made from the last state on disk, so that a run that was killed after its last epoch only has
        this left to do.
    """
    before = read_state(folder.resume)["hetsyn_sim"] if folder.resume.exists() else {}
    history, ended = before.get("history", []), before.get("stopped", False)
    going_on = bool(history) and not ended and not is_finished(history, settings)
    if history and write:
        _say_how(history, going_on, initial, settings, folder, progress=progress)
    callbacks = checked(callbacks, Callback, "callback")
    loggers = checked(logger, Logger, "logger")  # type: ignore[type-abstract]
    if going_on or not history:
        if history:  # what a finder has found is part of the state that is gone on from
            callbacks = [callback for callback in callbacks if not isinstance(callback, LearningRateFinder)]
        bar = next((callback for callback in callbacks if isinstance(callback, ProgressBar)), None)
        left = TimeLeft(at_most=settings.patience is not None) if progress and write and bar is None else None
        lines = AfterEpoch(folder, settings, (left.print if left else bar.print if bar else say) if progress else None)
        with quiet(), _naming_devices(devices):
            trainer = Trainer(
                max_epochs=settings.epochs,
                callbacks=[lines, *([] if left is None else [left]), *callbacks],
                plugins=[SafetensorsIO()],
                deterministic=True,
                gradient_clip_val=settings.optimiser.clip_norm,
                logger=loggers or False,
                log_every_n_steps=min(50, -(-len(examples) // settings.batch_size)),
                enable_model_summary=False,
                enable_progress_bar=bar is not None,
                num_sanity_val_steps=0,
                use_distributed_sampler=False,
                default_root_dir=folder.path,
                **{"accelerator": "gpu" if torch.cuda.is_available() else "cpu", "devices": 1, **devices},
            )
        with quiet():
            _check_processes(trainer.world_size, settings)
            for each in trainer.loggers:
                each.log_hyperparams({**initial.recipe, "data": dict(initial.data)})
            module = TrainingModule(network, settings, examples, validation, own)
            try:
                if not history and trainer.strategy.root_device.type == "cpu":  # by all processes alike: each will see its share of a batch
                    network.choose_filters(examples.spikes[:, : settings.batch_size])
                with naming_lost_processes():
                    trainer.fit(module, ckpt_path=folder.resume if folder.resume.exists() else None)
            except (DataError, ValueError) as error:  # a ValueError is SciPy's, of a matrix that is not finite
                if not (bad := not_finite(network)):
                    raise
                raise diverged(trainer.current_epoch + 1, "parameters are", ", ".join(bad)) from error
            except SystemExit as error:
                if trainer.interrupted and type(error) is SystemExit:  # what Lightning makes of Ctrl-C
                    raise KeyboardInterrupt from None
                if isinstance(error, SIGTERMException):  # which would end the program with status 0, as if the training were done
                    if write:
                        say(f"terminated: run the same again to go on in {folder.path}")
                    raise SystemExit(128 + signal.SIGTERM) from None
                raise
    return _finish(read_state(folder.resume), network, initial, settings, folder, write=write)


def _say_how(history: Sequence[Row], going_on: bool, initial: Checkpoint, settings: Training, folder: RunFolder, *, progress: bool) -> None:
    """Say how a run that is there goes on, or why it does not."""
    n = len(history)
    if progress and going_on:
        say(f"going on after epoch {n} in {folder.path}")
    elif progress and n < settings.epochs:
        say(f"the training in {folder.path} ended by itself after epoch {n}, for want of a better validation: it does not go on")
    if going_on and (pieces := initial.data.get("extended")):
        before = " and ".join(f"{piece['epochs']} before epoch {piece['after'] + 1}" for piece in pieces)
        note = (
            f"this is not what {settings.epochs} epochs at once give: the schedule {settings.schedule.name} depends on their number, "
            f'which was {before}. With the schedule "constant" it is the same'
        )
        if progress:
            say(f"note: {note}")
        else:
            warnings.warn(note, stacklevel=3)


@contextmanager
def _naming_devices(devices: Mapping[str, Any]) -> Iterator[None]:
    """What Lightning says of devices that it can't have, as one of our errors."""
    try:
        yield
    except (MisconfigurationException, ValueError, TypeError, ImportError, RuntimeError) as problem:
        raise ConfigError(
            "Lightning can't train on these devices",
            where=f"fit: {', '.join(devices) or 'accelerator, devices'}",
            got=f"{', '.join(f'{name} = {value!r}' for name, value in devices.items())}; {' '.join(str(problem).split())[:300]}",
            expected="accelerator, devices, strategy and num_nodes that Lightning's Trainer takes, and that are here",
            remedy="leave them out: one process, on the GPU if there is one; `hetsyn doctor` shows what is here",
        ) from problem


def _check_processes(n: int, settings: Training) -> None:
    if n > settings.batch_size:
        raise ConfigError(
            "there are more processes than recordings in a batch",
            where="fit: devices, num_nodes",
            got=f"{n} processes",
            expected=f"at most training.batch_size = {settings.batch_size}, which is that of all processes together",
            remedy="use fewer processes, or a larger batch",
        )


def _finish(
    state: dict[str, Any], network: Network, initial: Checkpoint, settings: Training, folder: RunFolder, *, write: bool
) -> Checkpoint:
    history, best = state["hetsyn_sim"]["history"], state["hetsyn_sim"]["best"]
    prefix = "network."
    weights = best or {name.removeprefix(prefix): w for name, w in state["state_dict"].items() if name.startswith(prefix)}
    network.load_state_dict(weights)
    if bad := not_finite(network):  # a callback may have changed them since they were looked at
        raise diverged(len(history), "parameters are", ", ".join(bad))
    # the earliest of the best epochs, as TrainingModule.best
    row = max(history, key=lambda row: row["validation_accuracy"]) if settings.keep == "best" else history[-1]
    metrics = {name: value for name, value in row.items() if name != "seconds"}
    metrics |= {"epochs": len(history), "steps": state["global_step"]}
    if (lr := state["hetsyn_sim"]["lr"]) != settings.optimiser.lr:
        metrics["found_lr"] = lr
    checkpoint = replace(initial, values=network.values(), metrics=metrics, versions=installed_versions(), filters=network.filters())
    if write:
        write_atomically(folder.metrics, metrics_csv(history))
        if "time_constants" in (state_of_ours := state["hetsyn_sim"]):  # a state of 0.1.0 has none
            Histograms.from_state(state_of_ours["time_constants"]).save(folder.time_constants)
        checkpoint.save(folder.checkpoint)
    return checkpoint
