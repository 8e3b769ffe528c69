"""The training loop: Lightning's, started anew or from the state in the run folder, and the checkpoint at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import Callback, TQDMProgressBar

from ..data.checkpoint import Checkpoint, installed_versions
from ..data.files import write_atomically
from ..errors import ConfigError, DataError
from .callbacks import AfterEpoch, is_finished
from .console import on_terminal, quiet, say
from .data import Examples
from .module import TrainingModule, diverged, not_finite
from .network import Network
from .processes import naming_lost_processes
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
    progress: bool,
    write: bool,
    callbacks: Sequence[Callback] = (),
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
    write
        Whether this process writes the result (one of several does).
    callbacks
        Further ones for Lightning's Trainer.
    **devices
        For Lightning's Trainer.

    Returns
    -------
    Checkpoint
        Also in ``folder.checkpoint``. It is made from the last state on disk, so that a run that was killed after its last epoch only has
        this left to do.
    """
    history = read_state(folder.resume)["hetsyn_sim"]["history"] if folder.resume.exists() else []
    if history and progress and write:
        say(f"going on after epoch {len(history)} in {folder.path}")
    if not is_finished(history, settings):
        ours: list[Callback] = [AfterEpoch(folder, settings, progress=progress)]
        bar = progress and on_terminal()
        if bar:
            ours.append(TQDMProgressBar(refresh_rate=10, leave=False))
        with quiet():
            trainer = Trainer(
                max_epochs=settings.epochs,
                callbacks=[*ours, *callbacks],
                plugins=[SafetensorsIO()],
                deterministic=True,
                gradient_clip_val=settings.optimiser.clip_norm,
                logger=False,
                enable_model_summary=False,
                enable_progress_bar=bar,
                num_sanity_val_steps=0,
                use_distributed_sampler=False,
                default_root_dir=folder.path,
                **{"accelerator": "gpu" if torch.cuda.is_available() else "cpu", "devices": 1, **devices},
            )
            _check_processes(trainer.world_size, settings)
            module = TrainingModule(network, settings, examples, validation)
            try:
                with naming_lost_processes():
                    trainer.fit(module, ckpt_path=folder.resume if folder.resume.exists() else None)
            except (DataError, ValueError) as error:  # a ValueError is SciPy's, of a matrix that is not finite
                if not (bad := not_finite(network)):
                    raise
                raise diverged(trainer.current_epoch + 1, ", ".join(bad)) from error
            except SystemExit as error:
                if trainer.interrupted and type(error) is SystemExit:  # what Lightning makes of Ctrl-C; a subclass is a SIGTERM
                    raise KeyboardInterrupt from None
                raise
    return _finish(read_state(folder.resume), network, initial, settings, folder, write=write)


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
        raise diverged(len(history), ", ".join(bad))
    # the earliest of the best epochs, as TrainingModule.best
    row = max(history, key=lambda row: row["validation_accuracy"]) if settings.keep == "best" else history[-1]
    metrics = {name: value for name, value in row.items() if name != "seconds"}
    metrics |= {"epochs": len(history), "steps": state["global_step"]}
    checkpoint = replace(initial, values=network.values(), metrics=metrics, versions=installed_versions())
    if write:
        write_atomically(folder.metrics, metrics_csv(history))
        if "time_constants" in (state_of_ours := state["hetsyn_sim"]):  # a state of 0.1.0 has none
            Histograms.from_state(state_of_ours["time_constants"]).save(folder.time_constants)
        checkpoint.save(folder.checkpoint)
    return checkpoint
