"""Is the trained network the same in torch and in Brian2? Both run on the same recordings; every population is compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from time import perf_counter
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from .checkpoint import Checkpoint, installed_versions
from .comparison import Comparison, compare_recordings
from .errors import DataError, UnknownNameError
from .events import SpikeDataset
from .readout import check_input, length_of, loss_of, predictions
from .recording import Recording, check_same_dt
from .training.network import Network
from .transfer import to_brian2

__all__ = [
    "MAX_UNDECIDED",
    "PRECISIONS",
    "Precision",
    "Verification",
    "as_precision",
    "compare",
    "verify",
]

Precision = Literal["float64", "float32"]
PRECISIONS: Mapping[Precision, torch.dtype] = {"float64": torch.float64, "float32": torch.float32}

# Both sides' voltages and the intermediate arrays of their comparison: about six arrays of a voltage's size are alive at once.
_ARRAYS = 6
_BATCH_BYTES = 512 * 2**20

#: Largest share of runs that a near-tie may leave undecided. Rounding alone stays far below it (none in float64, below 1 % in float32); a
#: fault that hides behind near-ties does not.
MAX_UNDECIDED = 0.05


@dataclass(frozen=True)
class Verification:
    """The outcome over all recordings. ``comparison`` says whether it is the same network, the rest what it is good for.

    Attributes
    ----------
    comparison
        Spikes and voltages of every population; its runs are the recordings in their order.
    device
        Brian2's device.
    precision
        The precision of torch. Brian2 always works in float64.
    dt_s, n_steps
        Time step in seconds, and the number of steps of every recording.
    labels, predictions_torch, predictions_brian2
        Class of every recording, as given and as each side's readout says, shape (recording,).
    time_torch_s, time_brian2_s
        Wall time in seconds, for building the network and running it.
    versions
        Package -> version.
    """

    comparison: Comparison
    device: str
    precision: Precision
    dt_s: float
    n_steps: int
    labels: NDArray[np.integer]
    predictions_torch: NDArray[np.integer]
    predictions_brian2: NDArray[np.integer]
    time_torch_s: float
    time_brian2_s: float
    versions: Mapping[str, str]

    @property
    def n_recordings(self) -> int:
        """How many recordings were run."""
        return len(self.labels)

    @property
    def agrees(self) -> bool:
        """Whether it is the same network: spikes and voltages agree, predictions are equal, and few runs are left undecided.

        See :attr:`Comparison.agrees <hetsyn_sim.comparison.Comparison.agrees>` and :data:`MAX_UNDECIDED`.
        """
        return self.comparison.agrees and self.predictions_equal and self.comparison.undecided_fraction <= MAX_UNDECIDED

    @property
    def predictions_equal(self) -> bool:
        """Whether both sides predict the same class for every recording."""
        return bool(np.array_equal(self.predictions_torch, self.predictions_brian2))

    @property
    def accuracy_torch(self) -> float:
        """Share of recordings that torch gets right."""
        return float(np.mean(self.predictions_torch == self.labels))

    @property
    def accuracy_brian2(self) -> float:
        """Share of recordings that Brian2 gets right."""
        return float(np.mean(self.predictions_brian2 == self.labels))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for machines. Times in seconds."""
        c = self.comparison
        return {
            "agrees": self.agrees,
            "spike_mismatches": c.spike_mismatches,
            "max_abs_dv": _plain(c.max_abs_dv),
            "max_dv_over_bound": _plain(c.max_dv_over_bound),
            "undecided_fraction": c.undecided_fraction,
            "undecided_runs": [d.run for d in c.undecided],
            "diverged_runs": [d.run for d in c.diverged],
            "smallest_margin": _plain(c.smallest_margin),
            "accuracy_torch": self.accuracy_torch,
            "accuracy_brian2": self.accuracy_brian2,
            "predictions_equal": self.predictions_equal,
            "device": self.device,
            "precision": self.precision,
            "n_recordings": self.n_recordings,
            "n_steps": self.n_steps,
            "n_spikes": c.n_spikes,
            "dt_s": self.dt_s,
            "time_torch_s": self.time_torch_s,
            "time_brian2_s": self.time_brian2_s,
            "versions": dict(self.versions),
        }

    def __str__(self) -> str:
        return "\n".join(
            [
                str(self.comparison),
                f"  accuracy              {100 * self.accuracy_torch:.2f} % in torch, {100 * self.accuracy_brian2:.2f} % in Brian2",
                f"  predictions           {'equal' if self.predictions_equal else 'DIFFERENT'}",
                f"  time                  {self.time_torch_s:.1f} s in torch, {self.time_brian2_s:.1f} s in Brian2",
            ]
        )


def verify(
    checkpoint: Checkpoint | str | PathLike[str],
    data: SpikeDataset,
    *,
    device: str = "numpy",
    precision: Precision = "float64",
    n_steps: int | None = None,
    progress: Callable[[float], None] | None = None,
    message: Callable[[str], None] | None = None,
) -> Verification:
    """Run a trained network in torch and in Brian2 on the same recordings and compare every spike and every voltage.

    Parameters
    ----------
    checkpoint
        The network, or the path of its file.
    data
        The recordings, all of them are run: pass ``data.test`` for the test split.
    device
        Brian2's device: ``"numpy"``, ``"cython"`` or ``"cpp_standalone"``.
    precision
        Of torch; Brian2 always works in float64.
    n_steps
        Recordings are cut or filled up to this length; by default to the window of the training.
    progress
        Called with the fraction done, from 0 to 1.
    message
        Called with a line of text where there is something to say.

    Raises
    ------
    DtMismatchError, DataError
        If the recordings do not fit the network, or there are none.
    UnknownNameError
        If there is no such device or precision.
    """
    precision = as_precision(precision)
    checkpoint = checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint.load(checkpoint)
    spec = checkpoint.spec
    check_input(data, spec, where="verify")
    length, loss = n_steps or length_of(checkpoint, data), loss_of(checkpoint)
    report = progress or (lambda fraction: None)

    start = perf_counter()
    network = Network.from_checkpoint(checkpoint, PRECISIONS[precision])
    time_torch, start = perf_counter() - start, perf_counter()
    simulation = to_brian2(checkpoint, device=device)
    time_brian2 = perf_counter() - start

    per_recording = _ARRAYS * 8 * length * sum(p.size for p in spec.populations)
    batch_size = max(1, _BATCH_BYTES // per_recording)
    parts: list[Comparison] = []
    guesses: dict[str, list[NDArray[np.integer]]] = {"torch": [], "brian2": []}
    for first in range(0, len(data), batch_size):
        batch = data[first : first + batch_size]
        x = batch.rasters(length)  # (time, recording, channel)
        start = perf_counter()
        by_torch = network.record(x)
        time_torch, start = time_torch + perf_counter() - start, perf_counter()
        share, done = len(batch) / len(data), first / len(data)
        by_brian = simulation.run(x, dt=batch.dt, progress=_within(done, share, report), message=message)
        time_brian2 += perf_counter() - start
        parts.append(compare_recordings(spec, checkpoint.values, by_torch, by_brian, precision))
        guesses["torch"].append(predictions(by_torch, spec, loss))
        guesses["brian2"].append(predictions(by_brian, spec, loss))
    return Verification(
        _joined(parts),
        device,
        precision,
        spec.dt_s,
        length,
        data.labels,
        np.concatenate(guesses["torch"]),
        np.concatenate(guesses["brian2"]),
        time_torch,
        time_brian2,
        installed_versions(),
    )


def compare(network: Network, recording: Recording) -> Comparison:
    """Run a torch network on the input of a recording and compare the two, spike by spike and voltage by voltage.

    ``recording`` must hold its input, the spikes of every population and ``v`` of every population, as simulations do by default.

    Raises
    ------
    DtMismatchError, DataError
        If the recording is not one of this network.
    """
    check_same_dt(recording.dt, network.spec.dt_s, where=f"compare: the recording ({recording.simulator}) and the network")
    x = recording.rasters.get("input")
    if x is None or x.shape[2] != network.spec.n_input or 0 in x.shape:
        raise DataError(
            "this recording is not one of the network",
            where="compare",
            got="no input raster" if x is None else f"an input of shape {x.shape}",
            expected=f"rasters['input'] of shape (time, batch, {network.spec.n_input})",
            remedy="compare a network with what its own checkpoint gave in Brian2",
        )
    dtype = str(network.dtype).removeprefix("torch.")
    return compare_recordings(network.spec, network.values(), network.record(x), recording, dtype)


def as_precision(name: str) -> Precision:
    """The precision called ``name``.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    for known in PRECISIONS:
        if name == known:
            return known
    raise UnknownNameError("unknown precision", where="torch", got=repr(name), expected=", ".join(PRECISIONS), remedy="use one of these")


def _within(done: float, share: float, report: Callable[[float], None]) -> Callable[[float], None]:
    """Reports the fraction of one batch as one of all."""
    return lambda fraction: report(done + fraction * share)


def _joined(parts: Sequence[Comparison]) -> Comparison:
    """One comparison of the runs of all parts, counted through."""
    offsets = np.cumsum([0, *(part.n_runs for part in parts)])
    shifted = {
        name: tuple(replace(d, run=d.run + int(at)) for at, part in zip(offsets, parts, strict=False) for d in getattr(part, name))
        for name in ("undecided", "diverged")
    }
    return replace(
        parts[0],
        n_runs=int(offsets[-1]),
        n_spikes=sum(part.n_spikes for part in parts),
        spike_mismatches=sum(part.spike_mismatches for part in parts),
        max_abs_dv=max(part.max_abs_dv for part in parts),
        max_dv_over_bound=max(part.max_dv_over_bound for part in parts),
        smallest_margin=min(part.smallest_margin for part in parts),
        undecided=shifted["undecided"],
        diverged=shifted["diverged"],
    )


def _plain(value: float) -> float | str:
    """JSON has no infinity: it is written as the text ``"inf"``."""
    return value if np.isfinite(value) else str(value)
