"""Losses, and the regulariser of hidden firing rates.

Outputs are time-first, (time, batch, unit). A prediction is the class with the largest of a loss's ``scores``; ``decoder`` names the
same rule in NumPy, which goes into the checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor
from torch.nn import functional

from ..data.decoding import Decoder
from ..errors import ConfigError, DataError
from .sections import built


class Loss(Protocol):
    """A loss with a decision rule."""

    @property
    def decoder(self) -> Decoder:
        """How a network that was trained with it is read off."""
        ...

    def __call__(self, out: Tensor, target: Tensor) -> Tensor:
        """The mean loss of a batch, shape (). ``out`` is (time, batch, unit), ``target`` (batch,) classes or (time, batch, unit) values."""
        ...

    def scores(self, out: Tensor) -> Tensor:
        """One score per class, shape (batch, unit); the largest is the prediction."""
        ...


class _CrossEntropy:
    """Cross entropy, with the scores as logits."""

    def __call__(self, out: Tensor, target: Tensor) -> Tensor:
        scores = self.scores(out)
        if len(target) != len(scores):
            raise DataError(
                "there is not a label for each recording",
                where=type(self).__name__,
                got=f"{len(target)} labels, an output of shape {tuple(out.shape)}",
                expected=f"(time, batch, unit): {len(scores)} labels",
                remedy="if the input was (batch, time, channel), call the network with batch_first=True; else transpose the output",
            )
        return functional.cross_entropy(scores, target)

    def scores(self, out: Tensor) -> Tensor:
        raise NotImplementedError


def sum_of_softmax(out: Tensor) -> Tensor:
    """How likely each class looks at each step (softmax over units), summed over time: (time, batch, unit) -> (batch, unit)."""
    # over the middle axis, torch computes vectors of recordings; over the last, as short as there are classes, it is eight times slower
    return out.transpose(1, 2).contiguous().softmax(dim=1).sum(dim=0).T


@dataclass(frozen=True)
class SumOfSoftmax(_CrossEntropy):
    """Cross entropy on ``sum_t softmax(v[t])``, the sum itself taken as logits, from step ``burn_in`` on.

    So it is in the published code of Deng et al. 2025 (HetSyn), Table 2 and App. D, which skips the first 11 steps of SHD. The sum can grow
    to the number of steps, so cross entropy sees a softmax of low temperature.

    Raises
    ------
    ConfigError
        If ``burn_in`` is not a number of steps, or, when called, if it leaves no step.
    """

    burn_in: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.burn_in, int) or isinstance(self.burn_in, bool) or self.burn_in < 0:
            raise ConfigError(
                "the burn-in is not a number of steps",
                where="SumOfSoftmax.burn_in",
                got=repr(self.burn_in),
                expected="0, 1, 2, ...",
                remedy="give the number of first steps that do not count",
            )

    @property
    def decoder(self) -> Decoder:
        return Decoder("sum_of_softmax", self.burn_in)

    def scores(self, out: Tensor) -> Tensor:
        if out.shape[0] <= self.burn_in:
            raise ConfigError(
                "the burn-in leaves no step to read out",
                where="SumOfSoftmax.burn_in",
                got=f"burn_in = {self.burn_in} of {out.shape[0]} steps",
                expected=f"fewer than {out.shape[0]}",
                remedy="shorten the burn-in, or lengthen the window",
            )
        return sum_of_softmax(out[self.burn_in :])


@dataclass(frozen=True)
class LastStep(_CrossEntropy):
    """Cross entropy on v of the last step: a decision at the end of a trial (Deng et al. 2025, HetSyn, App. C)."""

    decoder: ClassVar = Decoder("last_step")

    def scores(self, out: Tensor) -> Tensor:
        return out[-1]  # (batch, unit)


@dataclass(frozen=True)
class SpikeCount(_CrossEntropy):
    """Cross entropy on the number of output spikes (or on the sum of v), as for S-MNIST in Deng et al. 2025 (HetSyn), App. D."""

    decoder: ClassVar = Decoder("sum_over_time")

    def scores(self, out: Tensor) -> Tensor:
        return out.sum(dim=0)  # (batch, unit)


@dataclass(frozen=True)
class MeanSquaredError:
    """Mean squared distance from a target trace over all steps (Deng et al. 2025, HetSyn, App. B); ``scores`` is the mean over time.

    Raises
    ------
    ConfigError
        When called, if the target does not have the shape of the output.
    """

    decoder: ClassVar = Decoder("mean_over_time")

    def __call__(self, out: Tensor, target: Tensor) -> Tensor:
        if target.shape != out.shape:
            raise ConfigError(
                "the target is not a trace of the output's shape",
                where="MeanSquaredError",
                got=f"target {tuple(target.shape)}, output {tuple(out.shape)}",
                expected="targets of shape (time, batch, unit)",
                remedy="use sum_of_softmax, last_step or spike_count for classes",
            )
        return functional.mse_loss(out, target)

    def scores(self, out: Tensor) -> Tensor:
        return out.mean(dim=0)  # (batch, unit)


class OwnLoss:
    """A function of ``out`` and ``target`` as a loss, with a decoder for its decision rule.

    Parameters
    ----------
    function
        Gets ``out``, (time, batch, unit), and ``target``, (batch,) classes or (time, batch, unit) values; returns the mean over the batch.
    decoder
        How a prediction is read off, unless the function has an attribute ``decoder``, a
        :class:`~hetsyn_sim.data.decoding.Decoder` or the name of one.

    Raises
    ------
    ConfigError
        When called, if the function does not return one number that depends on ``out``.
    """

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor], decoder: Decoder) -> None:
        given = getattr(function, "decoder", decoder)
        self.function = function
        self.decoder = Decoder(given) if isinstance(given, str) else given

    def __call__(self, out: Tensor, target: Tensor) -> Tensor:
        loss = self.function(out, target)
        fits = isinstance(loss, Tensor) and loss.numel() == 1 and (loss.requires_grad or not out.requires_grad)
        if not fits:
            shown = f"shape {tuple(loss.shape)}, requires_grad = {loss.requires_grad}" if isinstance(loss, Tensor) else type(loss).__name__
            raise ConfigError(
                "this loss is not one number that can be minimised",
                where=f"loss: {getattr(self.function, '__qualname__', type(self.function).__qualname__)}",
                got=shown,
                expected="a tensor of shape () that depends on the output",
                remedy="return the mean over the batch, made of torch's functions of out",
            )
        return loss.reshape(())

    def scores(self, out: Tensor) -> Tensor:
        """One score per class by the decoder, in float64, shape (batch, unit)."""
        return scores_by(self.decoder, out)


def scores_by(decoder: Decoder, out: Tensor) -> Tensor:
    """The scores of a decoder, as everywhere else in NumPy, in float64, for an output of shape (time, batch, unit)."""
    return torch.from_numpy(decoder.scores(out.numpy(force=True))).to(out.device)


@dataclass(frozen=True)
class RateRegulariser:
    """``strength * mean_n ((rate_n - target) / target)^2`` over all hidden neurons n (Deng et al. 2025, HetSyn, App. B: 0.01 at 10 Hz).

    Parameters
    ----------
    target
        Rate to be kept, in Hz.
    strength
        Its weight against the loss.
    dt
        Time step in seconds.
    """

    target: float
    strength: float
    dt: float

    def __call__(self, spikes: Sequence[Tensor]) -> Tensor:
        """Shape (). ``spikes`` holds (time, batch, neuron) of every hidden layer; the rate of a neuron is its mean over time and batch."""
        return self.of_means(torch.cat([z.mean(dim=(0, 1)) for z in spikes]))

    def of_means(self, means: Tensor) -> Tensor:
        """The same from ``means``, the mean number of spikes per step of each neuron, shape (neuron,)."""
        rates = means / self.dt  # (neuron,), Hz
        return self.strength * ((rates - self.target) / self.target).square().mean()


#: Every loss by the name that a recipe calls it.
LOSSES: Mapping[str, type[Loss]] = MappingProxyType(
    {"sum_of_softmax": SumOfSoftmax, "last_step": LastStep, "spike_count": SpikeCount, "mean_squared_error": MeanSquaredError}
)


def get_loss(name: str, **settings: Any) -> Loss:
    """The loss called ``name`` with some of its settings changed.

    Raises
    ------
    UnknownNameError
        If there is no such loss, or no such setting.
    """
    return built(LOSSES, "loss", name, settings)
