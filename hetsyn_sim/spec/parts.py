"""What a network is made of: layers as they are asked for; populations, projections and parameter slots as they follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .model import NeuronModel
from .parameter import Parameter
from .step_order import DEFAULT_STEP_ORDER, StepOrder


@dataclass(frozen=True)
class Layer:
    """``size`` neurons of one model, fed by the layer before, and by themselves if ``recurrent``.

    ``self_connections=False`` leaves out the recurrent synapse of a neuron onto itself.
    """

    model: NeuronModel
    size: int
    recurrent: bool = False
    self_connections: bool = True


@dataclass(frozen=True)
class Population:
    """A named group of neurons of a network, ``size`` of them, with the order that a step has for them."""

    name: str
    model: NeuronModel
    size: int
    step_order: StepOrder = DEFAULT_STEP_ORDER


@dataclass(frozen=True)
class Projection:
    """All synapses from one population to another; ``target``'s model says what they are.

    Attributes
    ----------
    name, source, target
        Its own name, ``layer_1.recurrent``, and those of the populations; a source may be ``input``.
    kind
        ``"feedforward"``, seen in the same step, or ``"recurrent"``, seen in the next.
    n_pre, n_post
        How many neurons the two have.
    self_connections
        Whether neurons of a recurrent projection have synapses onto themselves.
    """

    name: str
    source: str
    target: str
    kind: Literal["feedforward", "recurrent"]
    n_pre: int
    n_post: int
    self_connections: bool = True


@dataclass(frozen=True)
class ParameterSlot:
    """One array of parameter values in a network: ``layer_1.recurrent.tau_syn``.

    Attributes
    ----------
    key, owner, name
        All of its name; whose it is, a projection or a population's ``neuron``; and the parameter's name in the model.
    parameter
        The facts that the model states: unit, bounds, how it begins.
    shape
        Of the values: (post, pre), (post,), or () for one value.
    without_diagonal
        Whether there are no synapses of neurons onto themselves, so that the diagonal means nothing.
    """

    key: str
    owner: str
    name: str
    parameter: Parameter
    shape: tuple[int, ...]
    without_diagonal: bool = False
