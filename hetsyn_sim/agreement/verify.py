"""The verification of a network: run in torch and in Brian2 on the same recordings, and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from os import PathLike
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from ..brian.transfer import TRAINED, Trained, checkpoint_of, to_brian2
from ..data.checkpoint import Checkpoint, installed_versions
from ..data.decoding import Decoder, check_input
from ..data.events import SpikeDataset
from ..data.recording import Raster, Recording, check_same_dt
from ..errors import DataError, one_of
from .bounds import closest_margins
from .compare import compare_recordings
from .outcome import MAX_UNDECIDED, Comparison, Precision, Verification

if TYPE_CHECKING:
    from ..training.network import Network

Progress = Callable[[float], None]

#: Arrays of a voltage's size that are alive at once: both sides' voltages and what their comparison makes of them.
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
        Recordings are cut, or filled up with silence, to this many steps; by default to the window of the training.
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
    one_of(precision, MAX_UNDECIDED, "precision", where="torch")
    if not isinstance(data, SpikeDataset):
        raise DataError(
            "these are no recordings",
            where="verify",
            got=type(data).__name__,
            expected="a SpikeDataset",
            remedy="the checkpoint comes first, then the recordings: hs.verify(checkpoint, data.test)",
        )
    checkpoint = checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint.load(checkpoint)
    check_input(data, checkpoint.spec, where="verify")
    length = n_steps or Decoder.of(checkpoint).length(data)
    torch_side, brian2_side = torch_side_of(checkpoint, precision), brian2_side_of(checkpoint, device, message)
    report = progress or (lambda fraction: None)
    compared = run_side_by_side(checkpoint, data, torch_side, [brian2_side], n_steps=length, progress=report)
    return outcome_of(compared.comparisons[0], checkpoint, data, device, length, torch_side, brian2_side)


def torch_side_of(checkpoint: Checkpoint, precision: Precision, backend: str | None = None) -> Side:
    """The network in torch at a ``precision``, with the kernels of ``backend``, or with those that are in use."""
    import torch  # here, so that comparing recordings does without it

    from ..kernels import use_backend
    from ..training.network import Network

    start = perf_counter()
    network = Network.from_checkpoint(checkpoint, getattr(torch, precision))

    def run(raster: Raster, progress: Callable[[float], None]) -> Recording:
        with nullcontext() if backend is None else use_backend(backend):
            return network.record(raster)

    return Side(" ".join(["torch", *([backend] if backend else []), precision]), run, precision, perf_counter() - start)


def brian2_side_of(checkpoint: Checkpoint, device: str, message: Callable[[str], None] | None = None) -> Side:
    """The network in Brian2."""
    start = perf_counter()
    simulation = to_brian2(checkpoint, device=device)
    return Side(
        f"brian2 {device}",
        lambda raster, progress: simulation.run(raster, progress=progress, message=message),
        seconds=perf_counter() - start,
    )


def outcome_of(
    comparison: Comparison, checkpoint: Checkpoint, data: SpikeDataset, device: str, n_steps: int, torch_side: Side, brian2_side: Side
) -> Verification:
    """The verification that a comparison of these two sides makes."""
    return Verification(
        comparison,
        device,
        checkpoint.spec.dt_s,
        n_steps,
        data.labels,
        torch_side.predictions,
        brian2_side.predictions,
        torch_side.seconds,
        brian2_side.seconds,
        installed_versions(),
    )


def compare(network: Network | Trained, recording: Recording) -> Comparison:
    """Run a torch network on the input of a recording and compare the two, spike by spike and voltage by voltage.

    Parameters
    ----------
    network
        In the precision that is to be judged: float64 as :meth:`Network.from_checkpoint` makes it, which is also done for a checkpoint, the
        path of one, the result of ``hs.fit``, or a net of ``hs.nn``.
    recording
        Of the same network in another simulator: its input of shape (time, run, channel), spikes of every spiking population and ``v`` of
        every population, (time, run, neuron), as simulations hand them back by default.

    Returns
    -------
    Comparison
        ``agrees``, the counts, and the largest difference of v beside the bound that rounding has.

    Raises
    ------
    DtMismatchError, DataError
        If the recording is not one of this network.
    """
    network = _in_torch(network, recording)
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
    precision: Precision = "float32" if str(network.dtype) == "torch.float32" else "float64"
    return compare_recordings(network.spec, network.values(), network.record(x, noise_seed=recording.noise_seed), recording, precision)


def _in_torch(network: Any, recording: object) -> Network:
    """The network to compare, in float64 unless it is a torch network already."""
    if isinstance(recording, Recording) and hasattr(network, "record"):
        return cast("Network", network)
    if not isinstance(recording, Recording) or not isinstance(network, TRAINED):
        raise DataError(
            "these can't be compared",
            where="compare",
            got=f"{type(network).__name__} and {type(recording).__name__}",
            expected="a Network, or what holds one, and a Recording of it",
            remedy="make the recording first: hs.to_brian2(checkpoint).run(data.test)",
        )
    from ..training.network import Network  # here, so that comparing recordings does without torch

    return Network.from_checkpoint(checkpoint_of(network))


@dataclass
class Side:
    """One way to run a network, ``run(raster, progress)``, with the seconds it took and the classes it predicted, an array per batch."""

    name: str
    run: Callable[[Raster, Progress], Recording]
    precision: Precision = "float64"
    seconds: float = 0.0
    predicted: list[NDArray[np.integer[Any]]] = field(default_factory=list)

    @property
    def predictions(self) -> NDArray[np.integer[Any]]:
        """The predicted class of every recording, shape (recording,)."""
        return np.concatenate(self.predicted)


@dataclass(frozen=True)
class SideBySide:
    """Comparisons of the first side with each of the others, and how close its v came to theta in each recording, in the SI unit of v."""

    comparisons: tuple[Comparison, ...]
    margins: NDArray[np.float64]


def run_side_by_side(
    checkpoint: Checkpoint, data: SpikeDataset, first: Side, others: Sequence[Side], *, n_steps: int, progress: Progress
) -> SideBySide:
    """Run all sides on all recordings and compare the ``first`` with each of the ``others``, batch by batch: memory stays bounded."""
    spec, decoder = checkpoint.spec, Decoder.of(checkpoint)
    per_recording = _ARRAYS * 8 * n_steps * sum(p.size for p in spec.populations)
    batch_size = max(1, _BATCH_BYTES // per_recording)
    parts: list[list[Comparison]] = [[] for _ in others]
    margins = []
    share = 1.0 / (len(data) * (1 + len(others)))
    done = 0.0
    progress(done)
    for begin in range(0, len(data), batch_size):
        batch = data[begin : begin + batch_size]
        x = batch.rasters(n_steps)  # (time, recording, channel)
        reference: Recording | None = None
        for k, side in enumerate((first, *others)):
            start = perf_counter()
            recording = side.run(x, partial(_report, progress, done, share * len(batch)))
            side.seconds += perf_counter() - start
            side.predicted.append(decoder.predictions(recording, spec))
            done += share * len(batch)
            progress(min(1.0, done))
            if reference is None:
                reference = recording
                margins.append(closest_margins(spec, checkpoint.values, reference))
            else:
                lower: Precision = "float32" if "float32" in (first.precision, side.precision) else "float64"
                parts[k - 1].append(compare_recordings(spec, checkpoint.values, reference, recording, lower))
    return SideBySide(tuple(map(_joined, parts)), np.concatenate(margins))


def _report(progress: Progress, done: float, share: float, fraction: float) -> None:
    progress(done + fraction * share)


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
