"""From a checkpoint to Brian2: the trained network, spike for spike, and a report of what was mapped to what."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path
from typing import Any

from ..data.checkpoint import Checkpoint
from ..data.events import SpikeDataset
from ..data.recording import Recording, check_same_dt
from . import BrianSimulation, Device


class TransferredNetwork(BrianSimulation):
    """A trained network in Brian2; :meth:`run` also takes recordings with their own dt.

    Attributes
    ----------
    checkpoint
        Where the values come from.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        device: str | Device = "numpy",
        form: str = "ode",
        record: str | Iterable[str] = "v",
        build_directory: str | Path | None = None,
    ) -> None:
        super().__init__(checkpoint.spec, checkpoint.values, device=device, form=form, record=record, build_directory=build_directory)
        self.checkpoint = checkpoint

    def run(
        self,
        inputs: Any,
        *,
        dt: float | None = None,
        progress: Callable[[float], None] | None = None,
        message: Callable[[str], None] | None = None,
    ) -> Recording:
        """As :meth:`BrianSimulation.run`; ``inputs`` may also be a :class:`~hetsyn_sim.data.SpikeDataset` or a slice of one.

        Its recordings are run for as many steps as the longest of them has, the shorter ones with silence at the end.

        Raises
        ------
        DtMismatchError
            If the recordings' dt is not the network's.
        DataError
            If their channels are not the network's.
        """
        if isinstance(inputs, SpikeDataset):
            check_same_dt(inputs.dt, self.spec.dt_s, where="recordings for the Brian2 simulation")
            inputs = inputs.rasters()
        return super().run(inputs, dt=dt, progress=progress, message=message)


def to_brian2(
    checkpoint: Checkpoint | str | PathLike[str],
    device: str | Device = "numpy",
    *,
    form: str = "ode",
    record: str | Iterable[str] = "v",
    build_directory: str | Path | None = None,
) -> TransferredNetwork:
    """The network of a checkpoint in Brian2.

    Parameters
    ----------
    checkpoint
        A checkpoint, or the path of one.
    device, form, record, build_directory
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
    if not isinstance(checkpoint, Checkpoint):
        checkpoint = Checkpoint.load(checkpoint)
    return TransferredNetwork(checkpoint, device=device, form=form, record=record, build_directory=build_directory)
