"""A whole network as a torch module."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..data.axes import check_axes, check_is_array, check_state, warn_of_batch_first
from ..data.recording import Recording
from ..discrete import check_values, is_filter, is_time_constant
from ..discrete.noise import check_seed
from ..errors import SpecError, finite
from ..kernels import SurrogateDerivative
from ..spec import NetworkSpec, ParameterSlot
from ..spec.summary import Summarised
from ..spec.values import is_delay
from .bijections import TimeConstants
from .layer import SpikingLayer
from .layer_run import LayerRun
from .modules import UniformModule, default_dtype, in_evaluation
from .population import PopulationLayer
from .randomness import CountedNoise, Noise, Share
from .stepped_layer import SteppedLayer
from .surrogates import MultiGaussian

if TYPE_CHECKING:
    from ..data.checkpoint import Checkpoint


class Network(UniformModule, Summarised):
    """The layers of a :class:`~hetsyn_sim.spec.NetworkSpec`, trainable.

    Parameters
    ----------
    spec
        What to build.
    seed
        Initial values come from ``spec.initial_values(seed)``.
    values
        Parameter values in SI units by slot key, instead of the initial ones.
    surrogate, time_constants, trainable, reset_gradient
        As for a :class:`~hetsyn_sim.training.population.PopulationLayer`.
    dropout
        Probability with which a spike is lost on its way to the next layer, in training mode.
    noise
        Fluctuations of every spiking layer's v before its threshold, in training mode.

    Raises
    ------
    SpecError
        If a value is missing, of the wrong shape, not a number, or trainable and outside of its bounds; if there is noise and a model that
        is stepped.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        *,
        seed: int = 0,
        values: Mapping[str, NDArray[np.floating]] | None = None,
        surrogate: SurrogateDerivative | None = None,
        time_constants: TimeConstants = "log_tau",
        dropout: float = 0.0,
        noise: Noise | None = None,
        reset_gradient: bool = True,
        trainable: bool = True,
    ) -> None:
        super().__init__()
        self.spec = spec
        values = check_values(spec, spec.initial_values(seed) if values is None else values)
        surrogate = MultiGaussian() if surrogate is None else surrogate
        stepped_ones = [p.name for p in spec.populations if not is_filter(p.model, p.step_order)]
        if noise is not None and stepped_ones:
            raise SpecError(
                "noise before the threshold is for models whose v is a sum of filtered events",
                where=", ".join(stepped_ones),
                got=f"noise of {noise.sd:g} for {spec.population(stepped_ones[0]).model.name}",
                expected="no noise, or HetSynLIF and its relatives",
                remedy="train without noise, or draw it into the input: Augmentation adds and deletes spikes",
            )
        self.layers = nn.ModuleDict()
        for population in spec.populations:
            kind = SpikingLayer if is_filter(population.model, population.step_order) else SteppedLayer
            layer = kind(spec, population.name, values, surrogate, time_constants, trainable=trainable, reset_gradient=reset_gradient)
            layer.noise = noise
            self.layers[population.name] = layer
        # not the slowest of all: of many synapses, each with its own, one may be as slow as the bounds let it
        medians = [float(np.median(values[key])) for key, slot in spec.slots.items() if is_time_constant(slot)]
        self._slowest = max(medians, default=0.0)
        self.dropout = nn.Dropout(dropout)
        self._share: Share | None = None
        self.last_spikes: list[Tensor] = []

    @classmethod
    def from_checkpoint(cls, checkpoint: Checkpoint, dtype: torch.dtype = torch.float64) -> Network:
        """The network that a checkpoint describes, for evaluation, in any precision."""
        with default_dtype(dtype):
            network = cls(checkpoint.spec, values=checkpoint.values, trainable=False).eval()
        for layer in network._layers():
            given = {key.removeprefix(f"{layer.population}."): plain for key, plain in checkpoint.filters.items()}
            layer.use_forms(given)
        return network

    def to_checkpoint(self, **about: Any) -> Checkpoint:
        """The present parameters with the spec: what is saved, verified, transferred to Brian2, exported.

        Parameters
        ----------
        **about
            Further fields of :class:`~hetsyn_sim.data.checkpoint.Checkpoint`, plain data: ``metrics``, ``seeds``, ``data``, ``recipe``.

        Raises
        ------
        CheckpointError
            If a value is not a number.
        """
        from ..data.checkpoint import Checkpoint

        return Checkpoint(self.spec, self.values(), **{"filters": self.filters(), **about})

    def summary(self) -> Mapping[str, str]:
        """What it is: label -> text."""
        mode = "in training" if self.training else "in evaluation"
        return {**self.spec.summary(), "precision": str(self.dtype).removeprefix("torch."), "device": str(self.device), "mode": mode}

    def forward(
        self,
        x: Tensor,
        state: Mapping[str, Any] | None = None,
        *,
        batch_first: bool | None = None,
        noise_seed: int | None = None,
        first_recording: int = 0,
    ) -> tuple[Tensor, dict[str, Any]]:
        """Run over time.

        Parameters
        ----------
        x
            Input, shape (time, batch, channel), bool or floating.
        state
            From the call before. Noise in the equations goes on, too.
        batch_first
            If true, ``x`` and ``out`` have the axes (batch, time, channel). None is false, and an :class:`~hetsyn_sim.errors.AxesWarning`
            where the shape looks as if it should be true.
        noise_seed
            Of noise ``xi`` in the equations. By default a new one from torch's default generator in training mode, else 0.
        first_recording
            The number of the batch's first recording: each has its own noise by its number.

        Returns
        -------
        out : Tensor, shape (time, batch, n_out)
            v of the readout; spikes, or the graded output, of the last layer if there is no readout.
        state : dict of LayerState or SteppedState

        Raises
        ------
        DataError
            If the number of channels is not the network's, there is nothing to run, the state is one of another batch, or the seed is
            out of range.
        """
        check_is_array(x, Tensor, where="Network.forward")
        check_axes(x.shape, self.spec.n_input, where="Network.forward")
        if batch_first is None:
            warn_of_batch_first(x.shape, self.spec.dt_s, self._slowest, where="Network.forward")
        if batch_first:
            x = x.transpose(0, 1)
        for name, of_layer in (state or {}).items():
            check_state(of_layer, x.shape[1], where=f"Network.forward: state of {name}")
        new: dict[str, Any] = {}
        self.last_spikes = []
        for layer, run in self._run(x.to(self.dtype), state, noise=self._noise(noise_seed, first_recording)):
            new[layer.population] = run.state
            if run.z is not None:
                self.last_spikes.append(run.z)
        return run.out.transpose(0, 1) if batch_first else run.out, new

    def _run(
        self, x: Tensor, state: Mapping[str, Any] | None = None, record: Sequence[str] = (), noise: CountedNoise | None = None
    ) -> Iterator[tuple[PopulationLayer, LayerRun]]:
        """Each layer in turn, run on what the one before it gives."""
        spikes = values = x
        for layer in self._layers():
            arriving = values if layer.model.takes_values else spikes
            run = layer.run(arriving if arriving is x else self._dropped(arriving), state and state[layer.population], record, noise)
            yield layer, run
            spikes, values = run.v if run.z is None else run.z, run.out

    def _noise(self, seed: int | None, first: int) -> CountedNoise | None:
        if not any(p.model.noise for p in self.spec.populations):
            return None  # and no number is drawn, which would change all that come after it
        if seed is not None:
            return CountedNoise(check_seed(seed, where="noise_seed"), first)
        fresh = CountedNoise.fresh(self.training, self._share)
        return replace(fresh, first=first + fresh.first)

    @torch.no_grad()
    def record(self, x: Tensor | NDArray[np.generic], variables: Sequence[str] = ("v",), *, noise_seed: int = 0) -> Recording:
        """Run in evaluation mode and keep every spike and the named variables of every population that has them.

        ``variables`` may name ``v``, synaptic sums such as ``I_syn`` and states such as ``R``. Arrays come back as float64, for exact
        comparison. ``noise_seed`` is that of noise ``xi`` in the equations.

        Raises
        ------
        DataError
            If the number of channels is not the network's, there is nothing to run, a value is NaN or infinite, or the seed is out of
            range.
        """
        check_is_array(x, Tensor | np.ndarray, where="Network.record")
        inputs = np.asarray(x).copy(order="C")  # torch takes no reversed views, not even of a single run
        check_axes(inputs.shape, self.spec.n_input, where="Network.record")
        finite(inputs, "the input", where="Network.record", remedy="look at the recordings: a NaN would silence every neuron it reaches")
        rasters: dict[str, NDArray[np.bool_]] = {"input": inputs > 0}
        traces: dict[str, NDArray[np.floating]] = {}
        if self.spec.takes_values:
            traces["input.x"] = inputs.astype(np.float64)
        with in_evaluation(self):
            noise = self._noise(noise_seed, 0)
            for layer, run in self._run(torch.as_tensor(inputs).to(self.dtype), record=variables, noise=noise):
                shown = dict(run.traces)
                if "v" in variables:
                    shown["v"] = run.v
                if run.output is not None:
                    shown[layer.model.output] = run.output
                traces |= {f"{layer.population}.{variable}": trace.double().numpy() for variable, trace in shown.items()}
                if run.z is not None:
                    rasters[layer.population] = run.z.numpy() > 0
        simulator = f"torch {str(self.dtype).removeprefix('torch.')}"
        return Recording(self.spec.dt_s, rasters, traces, simulator, int(noise_seed))

    def set_share(self, share: Share | None) -> None:
        """Say which share of the next batch this process computes: its dropout and noise are then that share of the batch's."""
        self._share = share
        for layer in self._layers():
            layer.share = share

    def _dropped(self, spikes: Tensor) -> Tensor:
        if self._share is None or not self.training or not self.dropout.p:
            dropped: Tensor = self.dropout(spikes.contiguous())  # draws follow memory, which is to follow the axes on all kernels
            return dropped
        return spikes * self._share.drawn(self.dropout, spikes)

    def values(self) -> dict[str, NDArray[np.floating]]:
        """Physical parameter values in SI units by slot key: trained ones in the precision of training, the others as they were given."""
        return {key: layer.stored(key) for layer in self._layers() for key in layer.slots}

    def filters(self) -> dict[str, dict[str, Any]]:
        """Projection -> how its filter is computed in float32 (:mod:`hetsyn_sim.kernels.forms`), of those that have been run so."""
        described = {layer.population: layer.described_forms() for layer in self._layers()}
        return {f"{population}.{kind}": plain for population, forms in described.items() for kind, plain in forms.items()}

    def choose_filters(self, x: Tensor) -> None:
        """Choose how filters are computed in float32 by what they cost here for input like ``x``, (time, batch, channel).

        The first call of a network does so by itself; several processes, or ``torch.compile``, need it to be done before. What has been
        chosen, or loaded, stays.
        """
        with torch.no_grad(), in_evaluation(self):  # nothing random is drawn
            self(x, batch_first=False)

    def clamp_(self) -> None:
        """Clamp what is trained as clamped decays; to be called after each optimiser step."""
        for layer in self._layers():
            layer.clamp_()

    def weight_parameters(self) -> list[nn.Parameter]:
        """What is trained and is neither a time constant nor a delay."""
        return self._trained(lambda slot: not (is_time_constant(slot) or is_delay(slot)))

    def time_constant_parameters(self) -> list[nn.Parameter]:
        """The trained time constants (as raw numbers: log tau in its bounds, or the decay)."""
        return self._trained(is_time_constant)

    def delay_parameters(self) -> list[nn.Parameter]:
        """The trained delays (as raw numbers, their places within their bounds)."""
        return self._trained(is_delay)

    def trained(self) -> dict[str, nn.Parameter]:
        """Slot key -> what the optimiser moves for it: the raw numbers behind the values."""
        raw = {key: layer.raw(key) for layer in self._layers() for key in layer.bijections}
        return {key: parameter for key, parameter in raw.items() if isinstance(parameter, nn.Parameter)}

    def _trained(self, kind: Callable[[ParameterSlot], bool]) -> list[nn.Parameter]:
        return [parameter for key, parameter in self.trained().items() if kind(self.spec.slots[key])]

    def _layers(self) -> list[PopulationLayer]:
        return [layer for layer in self.layers.values() if isinstance(layer, PopulationLayer)]
