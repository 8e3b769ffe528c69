"""Dense layers: a synapse from each source onto each neuron."""

from __future__ import annotations

from typing import Any, ClassVar

from torch import Tensor

from ...errors import SpecError
from ...kernels import SurrogateDerivative
from ...spec import NeuronModel
from ...spec.quantities import QuantityLike
from ..bijections import TimeConstants
from .convolution import Convolution
from .elementwise import Elementwise
from .neuron_layer import NeuronLayer, with_facts


class Dense(NeuronLayer):
    """Neurons of the class's model, each with a synapse from every source; ``hs.nn.HetSynLIF`` is such a class.

    Parameters
    ----------
    n_in, n_out
        How many sources and neurons there are.
    dt
        Time step: text such as ``"1 ms"``, a Brian2 quantity, or seconds.
    recurrent
        Whether the neurons have synapses onto each other, of the same kind; their spikes arrive one step later.
    surrogate
        Replaces the derivative of a spike: a name of ``hetsyn_sim.training.SURROGATES``, or an object with ``derivative``.
    batch_first
        Whether sequences are (batch, time, n) and not (time, batch, n). None is False, and an :class:`~hetsyn_sim.errors.AxesWarning` where
        a shape looks as if it should be True.
    self_connections
        Whether recurrent synapses of a neuron onto itself are among them.
    time_constants
        How they are trained: ``"log_tau"``, or ``"rho_clamped"`` or ``"tau"``, with which :meth:`clamp_` is due after each optimiser step.
    **parameters
        How parameters of the model begin, by their names, ``tau_mem="20 ms"``; or other facts about them,
        ``tau_mem={"initial": "20 ms", "bounds": ("1 ms", "1 s"), "trainable": True}``.

    Raises
    ------
    SpecError
        If a size is not a positive integer, dt is no time, or a parameter's facts contradict each other.
    UnknownNameError
        If there is no such parameter, surrogate, or way to train time constants.
    """

    #: The neuron, which the classes of ``hs.nn`` and :func:`layer_of` have.
    of: ClassVar[NeuronModel]

    def __init__(
        self,
        n_in: int,
        n_out: int,
        dt: QuantityLike = "1 ms",
        recurrent: bool = False,
        surrogate: str | SurrogateDerivative = "arctan",
        batch_first: bool | None = None,
        *,
        self_connections: bool = True,
        time_constants: TimeConstants = "log_tau",
        **parameters: Any,
    ) -> None:
        if not hasattr(self, "of"):
            raise SpecError(
                "a layer needs a neuron",
                where="hs.nn.Dense",
                got="Dense itself",
                expected="a class that has a model",
                remedy="hs.nn.HetSynLIF and its like, or hs.nn.layer_of(model)",
            )
        self.n_in, self.n_out = n_in, n_out
        super().__init__(
            with_facts(self.of, parameters),
            n_in,
            n_out,
            dt=dt,
            recurrent=recurrent,
            self_connections=self_connections,
            surrogate=surrogate,
            batch_first=batch_first,
            time_constants=time_constants,
        )

    @classmethod
    def elementwise(cls, *shape: int | tuple[int, ...], **options: Any) -> Elementwise:
        """The neurons without a synapse matrix, as :class:`Elementwise` has them: ``hs.nn.HetSynLIF.elementwise(32, 14, 14)``.

        Parameters
        ----------
        *shape
            Of the neurons.
        **options
            As for :class:`Elementwise`.
        """
        return Elementwise(cls.of, *shape, **options)

    @classmethod
    def conv2d(cls, channels_in: int, channels_out: int, kernel_size: int | tuple[int, int], **options: Any) -> Convolution:
        """The neurons with convolutional synapses, as :class:`Convolution` has them.

        Parameters
        ----------
        channels_in, channels_out, kernel_size
            As for ``torch.nn.Conv2d``.
        **options
            As for :class:`Convolution`.
        """
        return Convolution(cls.of, channels_in, channels_out, kernel_size, **options)

    @property
    def sample(self) -> tuple[int | None, ...]:
        return (self.n_in,)

    def shape_after(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return (self.n_out,)

    def _flat(self, x: Tensor) -> Tensor:
        return x

    def _shaped(self, flat: Tensor, x: Tensor) -> Tensor:
        return flat

    def _size(self) -> str:
        return f"{self.n_in}, {self.n_out}"
