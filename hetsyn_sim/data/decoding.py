"""Decoders: the rules by which the output of a network over time becomes one class for each recording.

A checkpoint names its decoder, so that a network means the same in PyTorch, in Brian2 and in an exported script. NumPy only: reading a
class off a simulation needs nothing of the training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import CheckpointError, DataError, one_of
from ..spec import NetworkSpec
from .events import SpikeDataset
from .recording import Recording, check_same_dt

if TYPE_CHECKING:
    from .checkpoint import Checkpoint

# Each maps (time, run, class) to one score per run and class. Exported scripts contain the source of these functions as it is here, so
# they use nothing but NumPy, by the name np. What NumPy's own type hints say of a sum is Any:
# mypy: disable-error-code="no-any-return"


def sum_of_softmax(out: np.ndarray) -> np.ndarray:
    """How likely each class looks at each step (softmax), summed over time."""
    likely = np.exp(out - out.max(axis=-1, keepdims=True))
    return (likely / likely.sum(axis=-1, keepdims=True)).sum(axis=0)


def last_step(out: np.ndarray) -> np.ndarray:
    """The output at the end."""
    return out[-1]


def sum_over_time(out: np.ndarray) -> np.ndarray:
    """The number of output spikes, or the sum of v."""
    return out.sum(axis=0)


def mean_over_time(out: np.ndarray) -> np.ndarray:
    """The mean output."""
    return out.mean(axis=0)


#: Every decoder by its name in a checkpoint.
DECODERS: Final[Mapping[str, Callable[[np.ndarray], np.ndarray]]] = MappingProxyType(
    {rule.__name__: rule for rule in (sum_of_softmax, last_step, sum_over_time, mean_over_time)}
)
# Checkpoints of 0.1.0 name no decoder, but the loss of their training.
_DECODER_OF_LOSS: Final = MappingProxyType(
    {
        "sum_of_softmax": "sum_of_softmax",
        "last_step": "last_step",
        "spike_count": "sum_over_time",
        "mean_squared_error": "mean_over_time",
    }
)


@dataclass(frozen=True)
class Decoder:
    """The rule of one network, with the steps that it goes by.

    Attributes
    ----------
    name
        One of :data:`DECODERS`.
    burn_in
        Number of first steps that do not count.
    window
        Number of steps for which recordings are run; None: as many as the longest has.

    Raises
    ------
    CheckpointError
        If there is no such decoder, or a number of steps is none.
    """

    name: str = "sum_of_softmax"
    burn_in: int = 0
    window: int | None = None

    def __post_init__(self) -> None:
        one_of(self.name, DECODERS, "decoder", where="decoder", remedy="use one of these, or update hetsyn-sim", error=CheckpointError)
        for name, least, steps in (("burn_in", 0, self.burn_in), ("window", 1, 1 if self.window is None else self.window)):
            if type(steps) is not int or steps < least:
                raise CheckpointError(
                    "a number of steps is wrong",
                    where=f"decoder: {name}",
                    got=repr(steps),
                    expected=f"{least}, {least + 1}, {least + 2}, ...",
                    remedy="give the numbers that the network was trained with",
                )

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Decoder:
        """The decoder of plain data, as a checkpoint has it."""
        for key in plain:
            one_of(key, [f.name for f in fields(cls)], "setting of a decoder", where="decoder", error=CheckpointError)
        return cls(**plain)

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> Decoder:
        """The decoder of a checkpoint; if it names none, the one that belongs to the loss in its recipe, or else the default."""
        if checkpoint.decoder:
            return cls.from_dict(checkpoint.decoder)
        training = checkpoint.recipe.get("training", {})
        training = training if isinstance(training, Mapping) else {}
        loss = training.get("loss", {})
        loss = loss if isinstance(loss, Mapping) else {"name": loss}
        where = "recipe of the checkpoint: training.loss"
        name = one_of(loss.get("name", cls.name), _DECODER_OF_LOSS, "loss", where=where, error=CheckpointError)
        return cls(name, loss.get("burn_in", cls.burn_in), training.get("window"))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, for a checkpoint."""
        return asdict(self)

    def length(self, data: SpikeDataset) -> int:
        """For how many steps to run recordings."""
        return self.window or int(data.n_steps.max())

    def scores(self, out: NDArray[Any]) -> NDArray[np.float64]:
        """One score per run and class, in float64; the largest is the prediction. ``out`` is (time, run, class).

        Raises
        ------
        DataError
            If the burn-in leaves no step.
        """
        if len(out) <= self.burn_in:
            raise DataError(
                "the burn-in leaves no step to read out",
                where="decoder: burn_in",
                got=f"burn_in = {self.burn_in} of {len(out)} steps",
                expected=f"more than {self.burn_in} steps",
                remedy="run for longer, or shorten the burn-in",
            )
        return DECODERS[self.name](np.asarray(out[self.burn_in :], dtype=np.float64))

    def predictions(self, recording: Recording, spec: NetworkSpec) -> NDArray[np.integer]:
        """The class with the largest score for every run, shape (run,), from v of the readout or the spikes of the last layer."""
        out = recording.traces["readout.v"] if spec.readout is not None else recording.rasters[spec.populations[-1].name]
        return np.asarray(self.scores(out).argmax(axis=1))


def check_input(data: SpikeDataset, spec: NetworkSpec, *, where: str) -> None:
    """Raise unless the recordings can be the input of the network.

    Raises
    ------
    DtMismatchError, DataError
        If dt or the number of channels differ, or if there are no recordings.
    """
    check_same_dt(data.dt, spec.dt_s, where=f"{where}: the recordings and the network")
    if data.n_channels != spec.n_input:
        raise DataError(
            "the recordings have another number of channels than the network",
            where=where,
            got=f"{data.n_channels} channels",
            expected=f"{spec.n_input} channels, as the network was trained with",
            remedy="use the recordings it was trained on, or encode these with the same number of channels",
        )
    if not len(data) or not int(data.n_steps.max(initial=0)):
        raise DataError(
            "there are no recordings to run",
            where=where,
            got=f"{len(data)} recordings" + (", all of length 0" if len(data) else ""),
            expected="at least one recording of at least one step",
            remedy="check the split: `data.test` is empty if every recording is for training",
        )
