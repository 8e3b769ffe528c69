"""Convolutional layers: a kernel of synapses with parameters of their own, a time constant each, shared by all places of a map."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn import functional

from ...errors import SpecError
from ...kernels import SurrogateDerivative
from ...spec import NeuronModel, ParameterSlot
from ...spec.quantities import QuantityLike
from ..bijections import TimeConstants
from .neuron_layer import NeuronLayer, with_facts


class Convolution(NeuronLayer):
    """Maps of neurons that see the maps before them through a kernel. Every weight of the kernel is a synapse with all that a synapse has.

    A neuron's map is ``channel``: what a neuron has for itself, its channel has once. All places of a map run as one batch of the dense
    layer whose sources are the places that the kernel covers.

    Parameters
    ----------
    model
        The neuron.
    channels_in, channels_out, kernel_size, stride, padding, dilation
        As for ``torch.nn.Conv2d``: one number, or one each for height and width. Padding is silence.
    dt, surrogate, batch_first, time_constants, **parameters
        As for :class:`Dense`.

    Raises
    ------
    SpecError
        If a size is not an integer in its range.
    """

    def __init__(
        self,
        model: NeuronModel,
        channels_in: int,
        channels_out: int,
        kernel_size: int | tuple[int, int],
        *,
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        dt: QuantityLike = "1 ms",
        surrogate: str | SurrogateDerivative = "arctan",
        batch_first: bool | None = None,
        time_constants: TimeConstants = "log_tau",
        **parameters: Any,
    ) -> None:
        self.channels_in, self.channels_out = channels_in, channels_out
        self.kernel_size, self.stride = _pair("kernel_size", kernel_size, 1), _pair("stride", stride, 1)
        self.padding, self.dilation = _pair("padding", padding, 0), _pair("dilation", dilation, 1)
        n_pre = _pair("channels_in", channels_in, 1)[0] * self.kernel_size[0] * self.kernel_size[1]
        options: dict[str, Any] = {"surrogate": surrogate, "batch_first": batch_first, "time_constants": time_constants}
        super().__init__(with_facts(model, parameters), n_pre, channels_out, dt=dt, **options)

    @property
    def sample(self) -> tuple[int | None, ...]:
        return (self.channels_in, None, None)

    def patches(self, x: Tensor) -> Tensor:
        """What the kernel sees at each place: from (n, channel, height, width) to (n, channel and kernel, place)."""
        return functional.unfold(x, self.kernel_size, dilation=self.dilation, padding=self.padding, stride=self.stride)

    def map_size(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of the maps of neurons.

        Raises
        ------
        SpecError
            If no place is left for a neuron.
        """
        size = tuple(
            (n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, k, s, p, d in zip((height, width), self.kernel_size, self.stride, self.padding, self.dilation, strict=True)
        )
        if min(size) < 1:
            raise SpecError(
                "the kernel is larger than the map",
                where=str(self),
                got=f"a map of {height} x {width}",
                expected="room for the kernel at one place or more",
                remedy="use a smaller kernel, or padding",
            )
        return size[0], size[1]

    def shape_after(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return (self.channels_out, *self.map_size(*shape[1:]))

    def _flat(self, x: Tensor) -> Tensor:
        self.map_size(*x.shape[3:])
        seen: Tensor = self.patches(x.flatten(0, 1)).unflatten(0, x.shape[:2])  # (time, batch, pre, place)
        return seen.transpose(2, 3).flatten(1, 2).contiguous()  # (time, batch and place, pre)

    def _shaped(self, flat: Tensor, x: Tensor) -> Tensor:
        maps: Tensor = flat.unflatten(1, (x.shape[1], -1)).transpose(2, 3)  # (time, batch, post, place)
        out: Tensor = maps.unflatten(3, self.map_size(*x.shape[3:])).contiguous()
        return out

    def _axes(self, slot: ParameterSlot) -> tuple[int, ...]:
        return (self.channels_out, self.channels_in, *self.kernel_size) if slot.parameter.axes == "post pre" else slot.shape

    def _get_name(self) -> str:
        return f"{self.model.name}.conv2d"

    def _size(self) -> str:
        rest = {"stride": (self.stride, (1, 1)), "padding": (self.padding, (0, 0)), "dilation": (self.dilation, (1, 1))}
        facts = [f"{name}={value}" for name, (value, usual) in rest.items() if value != usual]
        return ", ".join([f"{self.channels_in}, {self.channels_out}, kernel_size={self.kernel_size}", *facts])


def _pair(name: str, value: Any, least: int) -> tuple[int, int]:
    both = (value, value) if isinstance(value, int) else tuple(value) if isinstance(value, tuple | list) else ()
    if len(both) != 2 or any(type(n) is not int or n < least for n in both):
        raise SpecError(
            "this is no convolution",
            where=name,
            got=repr(value),
            expected=f"an integer of {least} or more, or a pair of them",
            remedy="give it as for torch.nn.Conv2d",
        )
    return both[0], both[1]
