"""Training from data to a checkpoint, in one call that can be interrupted and repeated."""

from __future__ import annotations

import inspect
import signal
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import replace
from os import PathLike
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from ..data.checkpoint import Checkpoint
from ..data.events import SpikeDataset
from ..data.files import digest_of
from ..errors import ConfigError, DataError
from ..kernels import SurrogateDerivative
from ..spec import NetworkSpec, format_quantity
from .console import say
from .data import Examples, check_fits, parts_of
from .keywords import check_keywords
from .losses import Loss
from .modules import default_dtype, import_lightning, torch_state_kept
from .network import Network
from .own import LossFunction, MakeOptimiser, Own, chosen
from .processes import as_started, first_alone, is_first, joined, wait_for_all
from .randomness import Noise
from .recipe import Recipe
from .result import FitResult
from .run_folder import RunFolder, read_metrics
from .settings import Training

if TYPE_CHECKING:
    from lightning.pytorch.callbacks import Callback
    from lightning.pytorch.loggers import Logger


class WithValues(Protocol):
    """A network with the values that it begins with, such as what ``hs.from_brian2`` returns."""

    @property
    def spec(self) -> NetworkSpec: ...

    @property
    def values(self) -> Mapping[str, NDArray[np.floating]]: ...


def fit(
    what: NetworkSpec | Recipe | WithValues,
    data: SpikeDataset,
    *,
    training: Training | None = None,
    traces: NDArray[np.floating] | None = None,
    start: Mapping[str, NDArray[np.floating]] | Checkpoint | str | PathLike[str] | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    out: str | PathLike[str] | None = None,
    resume: bool = True,
    overwrite: bool = False,
    progress: bool = True,
    data_name: str = "",
    loss: str | Mapping[str, Any] | Loss | LossFunction | None = None,
    surrogate: str | Mapping[str, Any] | SurrogateDerivative | None = None,
    optimiser: str | Mapping[str, Any] | MakeOptimiser | None = None,
    optimizer: str | Mapping[str, Any] | MakeOptimiser | None = None,
    logger: Logger | Sequence[Logger] | None = None,
    callbacks: Sequence[Callback] = (),
    **devices: Any,
) -> FitResult:
    """Train a network on the training split of ``data``.

    The same call gives the same bytes on the same machine. Called again after a kill with the same ``out``, it goes on after the last
    finished epoch and ends with the bytes it would have ended with.

    Parameters
    ----------
    what
        The network, with values of its own or without (``hs.from_brian2`` gives one with), or a recipe that says how to build it for these
        data and how to train it.
    data
        Labelled recordings with their splits.
    training
        Settings of the training of a spec. A recipe has its own.
    traces
        Instead of classes: what the output should be for recordings of label k is ``traces[k]``; shape (label, time, unit).
    start
        Values to begin with instead of random ones, to go on with a trained network: in SI units by slot key, or a checkpoint or its file.
    epochs, seed
        Instead of those of the recipe or of ``training``. More epochs than the run in ``out`` had go on with it: see
        :mod:`hetsyn_sim.training.run_folder`.
    out
        Folder for the run (:mod:`hetsyn_sim.training.run_folder`). None: nothing is written.
    resume
        Whether to go on with this run if ``out`` holds part of it, or to return its result if it is finished.
    overwrite
        Whether to remove the run that ``out`` holds, finished or not.
    progress
        Whether to print a line per epoch to stderr, and to show a bar on a terminal.
    data_name
        Name of the data, for the checkpoint.
    loss, surrogate, optimiser
        Instead of those of the recipe or of ``training``: a name, settings (``{"name": "sgd", "lr": 0.1}``), or an object of your own.
        A loss is called with ``out``, (time, batch, unit), and ``target``, and returns the mean over the batch; it may have an attribute
        ``decoder``. A surrogate has ``derivative(distance, theta)``. An optimiser is a class of torch, or a function, that gets parameter
        groups with their learning rates. ``optimizer`` is ``optimiser``.
    logger
        Loggers of Lightning (TensorBoard, W&B, MLflow, CSV): the metrics of every epoch, and ``step_loss`` within it.
    callbacks
        Lightning callbacks of your own, such as ``EarlyStopping("validation_loss")``. The metrics of an epoch are logged by their names in
        ``metrics.csv``. ``on_train_batch_end`` gets ``outputs["task_loss"]`` and, for classes, ``outputs["correct"]``.
    **devices
        ``accelerator``, ``devices``, ``strategy``, ``num_nodes`` for Lightning; by default one process on the GPU, or else on the CPU, and
        under torchrun as many as it has started. Their number changes results by the rounding of sums alone, and a run may go on with
        another.

    Raises
    ------
    ConfigError
        If there is no such keyword, if an object of your own is of another kind, if a setting does not go with traces, if ``out`` holds
        another training or one is running in it, if the training diverges, if there are more processes than recordings in a batch, or
        another number than torchrun has started.
    BackendError
        If another process of the same training has ended.
    DataError
        If the data, or the traces, do not fit the network.
    CheckpointError
        If a file in ``out`` is damaged.
    """
    check_keywords(devices, list(inspect.signature(fit).parameters)[:-1], is_recipe=isinstance(what, Recipe))
    _check_kinds(what, data)
    begun = None if isinstance(what, NetworkSpec | Recipe) else what.values
    if not isinstance(what, NetworkSpec | Recipe):
        what = what.spec
    n_out = int(data.labels.max(initial=0)) + 1 if traces is None else np.shape(traces)[-1]
    recipe = _recipe(what, training)
    changes, own = chosen(recipe.training, loss, surrogate, optimiser, optimizer)
    changes |= {name: value for name, value in {"epochs": epochs, "seed": seed}.items() if value is not None}
    recipe = recipe.changed(**changes)
    spec = recipe.spec(data.dt, data.n_channels, n_out) if isinstance(what, Recipe) else what
    settings = recipe.training
    start = start.values if isinstance(start, Checkpoint) else Checkpoint.load(start).values if isinstance(start, str | PathLike) else start
    if begun is not None:  # what it has no values for, such as a readout, begins as the spec says
        start = {**spec.initial_values(settings.seed), **begun, **(start or {})}
    check_fits(data, spec, traces)
    if traces is not None:
        _check_traces(settings, own)
    first, devices = is_first(), as_started(devices)
    if first and (note := _other_binning(recipe, data)):
        if progress:
            say(f"note: {note}")
        else:
            warnings.warn(note, stacklevel=2)
    if out is None and (not first or devices.get("devices", 1) != 1 or devices.get("num_nodes", 1) != 1):
        raise ConfigError(
            "several processes need a folder that they share",
            where="fit: out",
            got="out=None",
            expected="a folder for the run",
            remedy='pass out="runs/digits"',
        )
    with _run_path(out) as path, _interruptible(out), torch_state_kept(settings.num_threads), joined(devices), ExitStack() as closing:
        folder = RunFolder(path)
        if first:
            closing.enter_context(folder.alone())
        network = build_network(spec, settings, start, surrogate=own.make_surrogate(settings))
        source: dict[str, Any] = {"name": data_name, "fingerprint": data.fingerprint(), "dt": format_quantity(data.dt, "ms")}
        if traces is not None:
            source["traces"] = fingerprint_of({"traces": traces})
        if start is not None:  # part of what the run is: a folder of another start is another run
            source["start"] = fingerprint_of(start)
        if names := own.names():
            source["own"] = names
        plain = recipe.to_dict() if isinstance(what, Recipe) else {"training": recipe.to_dict()["training"]}
        decoder = replace(own.make_loss(settings).decoder, window=settings.window).to_dict()
        initial = Checkpoint(spec, network.values(), recipe=plain, seeds={"training": settings.seed}, data=source, decoder=decoder)
        first_alone(lambda: folder.begin(initial, resume=resume, overwrite=overwrite))
        if first:  # which may have been begun with fewer epochs
            initial = replace(initial, data=Checkpoint.load(folder.initial).data)
        if folder.checkpoint.exists():
            if progress and first:
                say(f"{folder.path} holds this training, finished; nothing to do")
            checkpoint = Checkpoint.load(folder.checkpoint)
        else:
            import_lightning()
            from .train import train  # not at the top: Lightning takes seconds to import, and only a training needs it

            learn, held_out = parts_of(data, settings)
            examples = Examples.from_dataset(learn, settings.window, traces)
            validation = None if held_out is None else Examples.from_dataset(held_out, settings.window, traces)
            parts: dict[str, Any] = {"own": own, "progress": progress, "write": first, "callbacks": callbacks, "logger": logger}
            checkpoint = train(network, initial, settings, examples, validation, folder, **parts, **devices)
        wait_for_all()  # the first has written what all read
        history = read_metrics(folder.metrics)
        return FitResult(Network.from_checkpoint(checkpoint), checkpoint, initial, history)


def _check_kinds(what: Any, data: Any) -> None:
    """Raise an error that names what was given instead of a network and recordings."""
    if not isinstance(what, NetworkSpec | Recipe) and not (hasattr(what, "spec") and hasattr(what, "values")):
        remedy = f"hs.fit(hs.load_recipe({what!r}), data)" if isinstance(what, str) else "hs.fit(spec, data): the network comes first"
        expected = "a NetworkSpec, a Recipe, or the network of hs.from_brian2"
        raise ConfigError("there is nothing to train in this", where="fit", got=type(what).__name__, expected=expected, remedy=remedy)
    if not isinstance(data, SpikeDataset):
        remedy = "SpikeDataset.from_raster(array, labels, dt=...) makes one of an array, from_torch of a dataset, from_file of a file"
        raise DataError("these are no recordings", where="fit: data", got=type(data).__name__, expected="a SpikeDataset", remedy=remedy)


def _other_binning(recipe: Recipe, data: SpikeDataset) -> str:
    """What is to be said if spike times were put onto the grid in another way than the recipe is for; empty if they were not."""
    binning = data.info.get("binning", recipe.binning)
    if recipe.binning is None or binning == recipe.binning:
        return ""
    return (
        f"{recipe.name} is for spikes that are binned {recipe.binning}, and these are {binning}: its results do not compare. "
        f"`hetsyn encode SOURCE OUT.h5 --binning {recipe.binning}` makes others"
    )


def fingerprint_of(values: Mapping[str, NDArray[np.floating]]) -> str:
    """SHA-256 of parameter values."""
    return digest_of(part for key in sorted(values) for part in (key, np.asarray(values[key], dtype=np.float64)))


def build_network(
    spec: NetworkSpec,
    settings: Training,
    start: Mapping[str, NDArray[np.floating]] | None = None,
    *,
    surrogate: SurrogateDerivative | None = None,
) -> Network:
    """The network before training, with the surrogate, precision, dropout, noise and time constants of the settings.

    ``start`` has values to begin with instead of initial ones, ``surrogate`` is used instead of that of the settings.
    """
    with default_dtype(getattr(torch, settings.precision)):
        return Network(
            spec,
            seed=settings.seed,
            values=start,
            surrogate=settings.surrogate.make() if surrogate is None else surrogate,
            time_constants=settings.time_constants,
            dropout=settings.dropout,
            noise=Noise(settings.noise) if settings.noise else None,
            reset_gradient=settings.reset_gradient,
        )


def _check_traces(settings: Training, own: Own) -> None:
    fits = own.loss is not None or settings.loss.name == "mean_squared_error"
    if not fits or settings.keep == "best" or settings.patience is not None:
        raise ConfigError(
            "traces can't be learned like this",
            where="fit: traces",
            got=f"loss {settings.loss.name}, keep: {settings.keep}, patience: {settings.patience}",
            expected="loss mean_squared_error or one of your own, keep: last, no patience, which goes by accuracy",
            remedy="change the training, or leave the traces out to learn classes",
        )


def _recipe(what: NetworkSpec | Recipe, training: Training | None) -> Recipe:
    if isinstance(what, Recipe) and training is not None:
        raise ConfigError(
            "the training is described twice",
            where="fit",
            got="a Recipe and training=",
            expected="a Recipe, or a NetworkSpec with training=",
            remedy="change the recipe: recipe.changed(epochs=5)",
        )
    return what if isinstance(what, Recipe) else Recipe(training=training or Training())


def _run_path(out: str | PathLike[str] | None) -> AbstractContextManager[str | PathLike[str]]:
    return TemporaryDirectory(prefix="hetsyn-fit-") if out is None else nullcontext(out)


@contextmanager
def _interruptible(out: str | PathLike[str] | None) -> Iterator[None]:
    """Ctrl-C ends the program with a line that says how to go on, and no traceback."""
    before = signal.getsignal(signal.SIGINT)
    try:
        yield
    except KeyboardInterrupt:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, before)  # Lightning may have switched it off
        hint = f"run the same again to go on in {out}" if out is not None else "nothing is kept, since there is no run folder (out=...)"
        if is_first():
            say(f"interrupted: {hint}")
        raise SystemExit(130) from None
