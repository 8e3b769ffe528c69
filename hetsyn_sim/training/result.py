"""The result of a training: the network, its checkpoint and history, and what is done with them next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from brian2.core.namespace import get_local_namespace

from ..data.checkpoint import Checkpoint
from ..data.decoding import Decoder, check_input
from ..data.events import SpikeDataset
from ..errors import ConfigError
from ..spec.summary import Summarised
from .evaluate import Evaluation, evaluate
from .network import Network
from .rounding import EffectOfRounding, OnGrid, effect_of_rounding, on_grid

if TYPE_CHECKING:
    from .module import Row


@dataclass(frozen=True, repr=False)
class FitResult(Summarised):
    """The result of a training.

    Attributes
    ----------
    network
        The trained network for evaluation, made from ``checkpoint``, in float64.
    checkpoint, initial
        Parameters after the training and before it.
    history
        One mapping per epoch, as in metrics.csv. The test split is not looked at.
    """

    network: Network
    checkpoint: Checkpoint
    initial: Checkpoint
    history: list[Row]

    def summary(self) -> Mapping[str, str]:
        """What it is: label -> text."""
        seconds = sum(row["seconds"] for row in self.history)
        loss = f"{self.history[0]['train_loss']:.4g} to {self.history[-1]['train_loss']:.4g}"
        return {**self.checkpoint.summary(), "loss": loss, "time": f"{seconds:.1f} s"}

    def evaluate(self, data: SpikeDataset, **options: Any) -> Evaluation:
        """Predictions for recordings, by the decoder of the checkpoint: ``result.evaluate(data.test).accuracy``.

        ``options`` are those of :func:`~hetsyn_sim.training.evaluate`: ``batch_size``, ``noise_seed``.

        Raises
        ------
        DtMismatchError, DataError
            If the recordings have another dt or number of channels than the network, or if there are none.
        ConfigError
            If the network has learned traces.
        """
        check_input(data, self.checkpoint.spec, where="FitResult.evaluate")
        if "traces" in self.checkpoint.data:
            raise ConfigError(
                "a network that has learned traces predicts no classes",
                where="FitResult.evaluate",
                got="a training with traces=",
                expected="a training with labels",
                remedy="compare the output with your traces: result.network(x)[0]",
            )
        decoder = Decoder.of(self.checkpoint)
        return evaluate(self.network, data, decoder, **{"window": decoder.window, **options})

    def effect_of_rounding(self, data: SpikeDataset) -> EffectOfRounding:
        """Accuracy and spikes with learned delays between two steps, as in training, and rounded, as everywhere else.

        See :func:`hetsyn_sim.training.rounding.effect_of_rounding`.
        """
        return effect_of_rounding(self.checkpoint, data)

    def on_grid(self) -> OnGrid:
        """The network with its learned delays rounded and held, for ``hs.fit(result.on_grid(), data)`` to adapt everything else to them."""
        return on_grid(self.checkpoint)

    def write_back(self, group: Any, synapses: Any = None, **options: Any) -> None:
        """Put the trained values into the Brian2 objects that ``hs.from_brian2`` made the network from.

        See :func:`hetsyn_sim.exchange.write_back`.
        """
        options = {"namespace": get_local_namespace(level=1)} | options
        import_module("hetsyn_sim.exchange").write_back(self.checkpoint, group, synapses, **options)  # a room above this one
