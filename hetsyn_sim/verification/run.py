"""Run a network in torch and in Brian2 on the same recordings, batch by batch, and join what the comparisons say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray

from ..checkpoint import Checkpoint, installed_versions
from ..comparison import Comparison, compare_recordings
from ..errors import DataError, UnknownNameError
from ..events import SpikeDataset
from ..readout import check_input, length_of, loss_of, predictions
from ..recording import Recording, check_same_dt
from ..training.network import Network
from ..transfer import to_brian2
from .outcome import Precision, Verification

__all__ = ["PRECISIONS", "as_precision", "compare", "verify"]

PRECISIONS: Mapping[Precision, torch.dtype] = {"float64": torch.float64, "float32": torch.float32}

# Both sides' voltages and the intermediate arrays of their comparison: about six arrays of a voltage's size are alive at once.
_ARRAYS = 6
_BATCH_BYTES = 512 * 2**20


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
