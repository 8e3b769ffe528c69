"""Fine-tuning on a rung: a network is trained on in the biophysics that it lost accuracy in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import numpy as np

from ..data.checkpoint import Checkpoint
from ..data.decoding import Decoder, check_input
from ..data.events import SpikeDataset
from ..errors import ConfigError
from ..training import Recipe, fit
from ..training.settings import Training
from .disturbances import with_noise
from .row import as_trained
from .run import run_setting, setting_on
from .rung import Rung, Setting, in_float64


@dataclass(frozen=True)
class FineTuned:
    """The result of a training on a rung.

    Attributes
    ----------
    trained
        Accuracy of the network on its own grid, on the test split, in Brian2.
    before, after
        Accuracy on the rung, with its noise, before the training and after it.
    checkpoint
        The fine-tuned network: a network of the rung.
    """

    trained: float
    before: float
    after: float
    checkpoint: Checkpoint


def fine_tune(
    checkpoint: Checkpoint,
    data: SpikeDataset,
    rung: Rung,
    strength: float,
    *,
    noise: float = 0.0,
    epochs: int = 3,
    lr_factor: float = 0.3,
    seed: int = 0,
    device: str = "numpy",
    out: str | PathLike[str] | None = None,
    progress: bool = False,
) -> FineTuned:
    """Train a network for a few more epochs on a rung of the ladder, and compare its accuracy in Brian2 with that before.

    Parameters
    ----------
    checkpoint, data
        A trained network; recordings with both splits, on its grid.
    rung, strength
        Where. The rung must be one that PyTorch trains: a network of linear states that decay each on its own.
    noise
        Deviation, in thresholds, of fluctuations before the threshold: in training, and in both accuracies on the rung.
    epochs, lr_factor, seed
        How long; with which share of the recipe's learning rate; the seed of the training and of the noise.
    device
        Brian2's.
    out
        Folder of the training run, which can be interrupted; see :func:`hetsyn_sim.training.fit`.

    Raises
    ------
    ConfigError
        If the rung adds noise: the trainer has its own, ``noise``.
    SpecError
        If PyTorch can't train the models of the rung.
    DtMismatchError, DataError
        If the recordings do not fit the network.
    """
    check_input(data, checkpoint.spec, where="fine_tune")
    trained = Setting(checkpoint.spec, in_float64(checkpoint.values), data.test.rasters(Decoder.of(checkpoint).length(data)))
    there = setting_on(trained, rung, strength, seed)
    if there.additions.noise:
        raise ConfigError(
            "this rung can't be trained on",
            where=rung.name,
            got="noise, which the trainer does not have as an equation",
            expected="a rung that changes equations, values or dt",
            remedy="pass noise=... and a rung such as refined dt",
        )
    settings = _settings(checkpoint, there.factor).model_copy(update={"epochs": epochs, "seed": seed, "noise": noise * there.mean_theta()})
    optimiser = settings.optimiser.model_copy(update={"lr": lr_factor * settings.optimiser.lr})
    settings = settings.model_copy(update={"optimiser": optimiser})
    done = fit(
        there.spec, on_finer_grid_of(data, there.factor), training=settings, start=there.values, out=out, progress=progress
    ).checkpoint
    after = replace(there, values=in_float64(done.values))

    def accuracy(setting: Setting, sd: float) -> float:
        return float(np.mean(_guessed(checkpoint, setting, sd, seed, device) == data.test.labels))

    return FineTuned(accuracy(trained, 0.0), accuracy(there, noise), accuracy(after, noise), done)


def on_finer_grid_of(data: SpikeDataset, factor: int) -> SpikeDataset:
    """The same recordings, every spike at its time, on a grid that is ``factor`` times finer."""
    return replace(data, dt=data.dt / factor, steps=data.steps * factor, n_steps=data.n_steps * factor)


def _settings(checkpoint: Checkpoint, factor: int) -> Training:
    """The training of the checkpoint's recipe, with everything that counts steps on the finer grid."""
    settings_of_run = checkpoint.recipe.get("training", {})
    settings = Recipe.from_dict(
        {"training": settings_of_run if isinstance(settings_of_run, Mapping) else {}}, where="recipe of the checkpoint"
    ).training
    loss: dict[str, Any] = {"name": settings.loss.name} | {
        name: factor * value if name == "burn_in" else value for name, value in settings.loss.settings().items()
    }
    changes: dict[str, Any] = {"loss": loss}
    if settings.window is not None:
        changes["window"] = factor * settings.window
    if settings.augmentation.time_shift:
        changes["augmentation"] = settings.augmentation.model_dump() | {"time_shift": factor * settings.augmentation.time_shift}
    return Training(**(settings.model_dump() | changes))


def _guessed(checkpoint: Checkpoint, setting: Setting, noise: float, seed: int, device: str) -> Any:
    if noise:
        setting = with_noise(setting, noise, np.random.default_rng([seed, 1]))
    done = run_setting(setting, device)
    return Decoder.of(checkpoint).predictions(as_trained(done, setting), checkpoint.spec)
