"""From a checkpoint to Brian2: the trained network, spike for spike."""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from ..data.checkpoint import Checkpoint
from . import BrianSimulation, Device
from .additions import NOTHING, Additions


class TransferredNetwork(BrianSimulation):
    """A trained network in Brian2; ``checkpoint`` is where its values come from."""

    def __init__(self, checkpoint: Checkpoint, **options: Any) -> None:
        super().__init__(checkpoint.spec, checkpoint.values, **options)
        self.checkpoint = checkpoint


@runtime_checkable
class HasCheckpoint(Protocol):
    """The result of a training."""

    @property
    def checkpoint(self) -> Checkpoint: ...


@runtime_checkable
class MakesCheckpoint(Protocol):
    """A network in training, or a net of layers."""

    def to_checkpoint(self) -> Checkpoint: ...


#: What a trained network can be taken from, for ``isinstance`` and in words.
TRAINED = (Checkpoint, HasCheckpoint, MakesCheckpoint, str, PathLike)
Trained = Checkpoint | HasCheckpoint | MakesCheckpoint | str | PathLike[str]


def checkpoint_of(network: Trained) -> Checkpoint:
    """The checkpoint of whatever holds a trained network, or the path of one."""
    if isinstance(network, HasCheckpoint):
        return network.checkpoint
    if isinstance(network, MakesCheckpoint):
        return network.to_checkpoint()
    return network if isinstance(network, Checkpoint) else Checkpoint.load(network)


def to_brian2(
    checkpoint: Trained,
    device: str | Device = "numpy",
    *,
    form: str = "ode",
    record: str | Iterable[str] = "v",
    additions: Additions = NOTHING,
    build_directory: str | Path | None = None,
) -> TransferredNetwork:
    """The network of a checkpoint in Brian2.

    Parameters
    ----------
    checkpoint
        A checkpoint, the path of one, the result of ``hs.fit``, an ``hs.Network``, or a net of ``hs.nn``.
    device, form, record, additions, build_directory
        See :class:`hetsyn_sim.brian.BrianSimulation`.

    Returns
    -------
    TransferredNetwork
        ``.run(inputs)`` gives a recording, ``.report`` says what was mapped to what, ``.network`` is the ``brian2.Network``.

    Raises
    ------
    CheckpointError
        If there is no such checkpoint, or it can't be read.
    TransferError
        If its values can't be simulated, or Brian2 refuses the equations.
    UnknownNameError, BackendError
        If there is no such device or form, or no compiler for the device.
    """
    options: dict[str, Any] = {"form": form, "record": record, "additions": additions, "build_directory": build_directory}
    return TransferredNetwork(checkpoint_of(checkpoint), device=device, **options)
