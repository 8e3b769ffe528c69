"""Run a network in torch and in Brian2 on the same recordings and compare them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from os import PathLike
from time import perf_counter

import torch

from ..brian.transfer import to_brian2
from ..data.checkpoint import Checkpoint, installed_versions
from ..data.decoding import Decoder, check_input
from ..data.events import SpikeDataset
from ..data.recording import Raster, Recording, check_same_dt
from ..errors import DataError, UnknownNameError
from ..kernels import use_backend
from ..training.network import Network
from .compare import compare_recordings
from .outcome import Comparison
from .sides import Side, run_side_by_side
from .verification import Precision, Verification

#: The precisions that a network can be verified in.
PRECISIONS: Mapping[Precision, torch.dtype] = {"float64": torch.float64, "float32": torch.float32}


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
    precision = as_precision(precision)
    checkpoint = checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint.load(checkpoint)
    check_input(data, checkpoint.spec, where="verify")
    length = n_steps or Decoder.of(checkpoint).length(data)
    torch_side, brian2_side = torch_side_of(checkpoint, precision), brian2_side_of(checkpoint, device, message)
    report = progress or (lambda fraction: None)
    found = run_side_by_side(checkpoint, data, torch_side, [brian2_side], n_steps=length, progress=report)
    return outcome_of(found.comparisons[0], checkpoint, data, device, length, torch_side, brian2_side)


def torch_side_of(checkpoint: Checkpoint, precision: Precision, backend: str | None = None) -> Side:
    """The network in torch at a ``precision``, with the kernels of ``backend``, or with those that are in use."""
    start = perf_counter()
    network = Network.from_checkpoint(checkpoint, PRECISIONS[precision])

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
    """What the comparison of ``torch_side`` and ``brian2_side`` says of the network."""
    return Verification(
        comparison,
        device,
        torch_side.precision,
        checkpoint.spec.dt_s,
        n_steps,
        data.labels,
        torch_side.predictions,
        brian2_side.predictions,
        torch_side.seconds,
        brian2_side.seconds,
        installed_versions(),
    )


def compare(network: Network, recording: Recording) -> Comparison:
    """Run a torch network on the input of a recording and compare the two, spike by spike and voltage by voltage.

    Parameters
    ----------
    network
        In the precision that is to be judged: float64 as :meth:`Network.from_checkpoint` makes it.
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
