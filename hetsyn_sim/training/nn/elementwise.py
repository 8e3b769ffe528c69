"""Elementwise layers: neurons that are driven by what modules before them have summed up already."""

from __future__ import annotations

from math import prod
from typing import Any

from torch import Tensor

from ...discrete import is_plain
from ...errors import SpecError
from ...kernels import SurrogateDerivative
from ...spec import NeuronModel, ParameterSlot
from ...spec.quantities import QuantityLike
from ...spec.scope import DELAY
from ..bijections import TimeConstants
from ..wiring import ONE_TO_ONE
from .neuron_layer import NeuronLayer, with_facts

WEIGHT = "w"


class Elementwise(NeuronLayer):
    """Neurons of any shape, each with a single synapse, whose input is the sum that a module before them makes.

    It goes behind ``nn.Linear`` and between convolutions, as ``snn.Leaky`` does: what arrives in a step acts as a spike of that weight. The
    synapse's weight is 1 in its unit and is not trained; ``w="2 nA"`` is another. What a synapse of the model has for itself, such as
    HetSynLIF's tau_syn, each neuron has once.

    Parameters
    ----------
    model
        The neuron.
    *shape
        Of the neurons: ``128``, or ``32, 14, 14`` for channel, height, width.
    dt, surrogate, batch_first, time_constants, **parameters
        As for :class:`Dense`.

    Attributes
    ----------
    shape : tuple of int
        Of the neurons.
    synaptic : NeuronModel
        The neuron where synapses have weights of their own: what it is behind a weight matrix.

    Raises
    ------
    SpecError
        If its synapses have no weight called w or more than that one, have a delay, or are more than filters of what arrives.
    """

    def __init__(
        self,
        model: NeuronModel,
        *shape: int | tuple[int, ...],
        dt: QuantityLike = "1 ms",
        surrogate: str | SurrogateDerivative = "arctan",
        batch_first: bool | None = None,
        time_constants: TimeConstants = "log_tau",
        **parameters: Any,
    ) -> None:
        _check_synapses(model)
        own = {name: parameters.pop(name) for name in (WEIGHT,) if name in parameters}
        shared = {name: {"axes": "post"} for name, p in model.parameters_of("synapse").items() if p.axes == "post pre" and name != WEIGHT}
        changed = with_facts(model.with_parameters(**shared), parameters)
        unit = model.parameters[WEIGHT].unit
        fixed = {"axes": "layer", "initial": f"1 {unit}" if unit != "1" else 1.0, "bounds": None, "trainable": False}
        self.shape, self.synaptic = _checked(model, shape), changed
        one_each = with_facts(changed.with_parameters(w=fixed), own)
        options: dict[str, Any] = {"surrogate": surrogate, "batch_first": batch_first, "time_constants": time_constants}
        super().__init__(one_each, 1, prod(self.shape), dt=dt, wiring=ONE_TO_ONE, **options)

    @property
    def sample(self) -> tuple[int | None, ...]:
        return self.shape

    def shape_after(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return self.shape

    def _flat(self, x: Tensor) -> Tensor:
        return x.flatten(2)

    def _shaped(self, flat: Tensor, x: Tensor) -> Tensor:
        shaped: Tensor = flat.unflatten(2, self.shape)
        return shaped

    def _axes(self, slot: ParameterSlot) -> tuple[int, ...]:
        return self.shape if slot.shape == (prod(self.shape),) and slot.parameter.axes == "post" else slot.shape

    def _get_name(self) -> str:
        return f"{self.model.name}.elementwise"

    def _size(self) -> str:
        return ", ".join(map(str, self.shape))


def _checked(model: NeuronModel, shape: tuple[Any, ...]) -> tuple[int, ...]:
    if len(shape) == 1 and isinstance(shape[0], tuple | list):  # as torch takes sizes
        shape = tuple(shape[0])
    if not shape or any(type(size) is not int or size < 1 for size in shape):
        raise SpecError(
            "this is no shape of neurons",
            where=f"{model.name}.elementwise",
            got=", ".join(map(repr, shape)) or "nothing",
            expected="positive integers",
            remedy="elementwise(128), or elementwise(32, 14, 14) for channel, height, width",
        )
    return shape


def _check_synapses(model: NeuronModel) -> None:
    synaptic = model.parameters_of("synapse")
    weights = [name for name, p in synaptic.items() if p.axes == "post pre" and (name == WEIGHT or name.startswith(f"{WEIGHT}_"))]
    if weights == [WEIGHT] and is_plain(model) and model.spikes_add and DELAY not in model.parameters:
        return
    raise SpecError(
        "these neurons can't be driven elementwise",
        where=model.name,
        got=f"on_pre {model.on_pre!r}, synapse {model.synapse!r}, with {', '.join(synaptic)}",
        expected="synapses with one weight, called w, and without a delay, that filter what arrives",
        remedy="use the dense layer, whose synapses are whatever the model says",
    )
