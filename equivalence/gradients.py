"""Ways to a network's gradients, held against each other like simulators: every kernel back end, and autograd through the plain loop.

Gradients are with respect to what a step is made of: decays rho = exp(-dt/tau) for time constants, the value itself for everything else.
The loss is linear in the output (v of the readout, or the spikes of the last layer) with random weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hetsyn_sim.discrete import is_time_constant
from hetsyn_sim.kernels import SurrogateDerivative, use_backend
from hetsyn_sim.spec import UNBOUNDED, Layer, NetworkSpec
from hetsyn_sim.spec.scope import DELAY
from hetsyn_sim.spec.values import is_delay
from hetsyn_sim.training.layer import SpikingLayer
from hetsyn_sim.training.modules import default_dtype
from hetsyn_sim.training.network import Network
from hetsyn_sim.training.population import PopulationLayer
from hetsyn_sim.training.surrogates import MultiGaussian

from .backends import BACKENDS, KNOWN
from .loop import Spike, Twist, run_loop
from .strategies import Case

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Gradients:
    """dL/d(decay or value) by slot key, the output, and the spikes of every layer."""

    of: Mapping[str, Array]
    out: Array
    spikes: Mapping[str, Array]


Engine = Callable[..., Gradients]

#: In steps, of what is trained here.
LONGEST_DELAY = 100


def trained(spec: NetworkSpec, times: tuple[float, float] = UNBOUNDED, weights: tuple[float, float] = UNBOUNDED) -> NetworkSpec:
    """The network with everything trainable: time constants (in seconds) and weights within bounds, everything else without."""

    def change(layer: Layer) -> Layer:
        facts: dict[str, dict[str, Any]] = {name: {"trainable": True, "bounds": UNBOUNDED} for name in layer.model.parameters}
        for name, parameter in layer.model.parameters.items():
            if name == DELAY:
                facts[name]["bounds"] = (0.0, LONGEST_DELAY * spec.dt_s)
            elif parameter.unit == "ms" and times is not UNBOUNDED:
                facts[name] |= {"bounds": times, "initial": f"{math.sqrt(times[0] * times[1])!r} second"}
            elif name == "w":
                facts[name]["bounds"] = weights
        return replace(layer, model=layer.model.with_parameters(**facts))

    readout = None if spec.readout is None else change(spec.readout)
    return replace(spec, layers=[change(layer) for layer in spec.layers], readout=readout)


def loss_weights(shape: tuple[int, ...]) -> Array:
    """The weights of the loss, (time, batch, output); each entry depends on its own place alone, so that parts of an output keep theirs."""
    t, b, k = np.indices(shape)
    weights: Array = np.sin(1.0 + 12.9898 * t + 78.233 * b + 37.719 * k)
    return weights


def by_network(case: Case, weights: Array | None = None, surrogate: SurrogateDerivative | None = None, *, backend: str) -> Gradients:
    """The gradients of the package, from one of its kernel back ends, in float64."""
    with use_backend(backend), default_dtype(torch.float64):
        network = Network(trained(case.spec), values=case.values, time_constants="rho_clamped", surrogate=surrogate)
        out: Tensor = network(torch.as_tensor(case.inputs.copy()))[0]
        raws = {key: layer.raw(key) for layer in network.layers.values() if isinstance(layer, SpikingLayer) for key in layer.slots}
        g = torch.as_tensor(loss_weights(tuple(out.shape)) if weights is None else weights)
        of_raws = torch.autograd.grad((out * g).sum(), list(raws.values()), allow_unused=True)
        found = tuple(_of_value(network, key, raw, gradient) for (key, raw), gradient in zip(raws.items(), of_raws, strict=True))
    spikes = {f"layer_{k}": z.detach().numpy() for k, z in enumerate(network.last_spikes, start=1)}
    return Gradients(_named(raws, found), out.detach().numpy(), spikes)


def _of_value(network: Network, key: str, raw: Tensor, gradient: Tensor | None) -> Tensor | None:
    """The gradient with respect to a delay itself; what else is trained is its own raw number here."""
    if gradient is None or not is_delay(network.spec.slots[key]):
        return gradient
    layer = network.layers[key.split(".")[0]]
    assert isinstance(layer, PopulationLayer)
    (slope,) = torch.autograd.grad(layer.bijections[key].value(raw).sum(), raw)
    return gradient / slope


class _Hard(torch.autograd.Function):
    """A step forwards, the surrogate's derivative backwards."""

    @staticmethod
    def forward(ctx: Any, distance: Tensor, theta: Tensor, surrogate: SurrogateDerivative) -> Tensor:
        ctx.save_for_backward(distance, theta)
        ctx.surrogate = surrogate
        return (distance > 0).to(distance.dtype)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        distance, theta = ctx.saved_tensors
        return g * ctx.surrogate.derivative(distance, theta), None, None


def by_loop(
    case: Case,
    weights: Array | None = None,
    surrogate: SurrogateDerivative | None = None,
    *,
    spike: Spike | None = None,
    twist: Twist | None = None,
) -> Gradients:
    """The gradients that autograd finds in the plain loop; ``spike`` replaces the step and its surrogate by something smooth."""
    chosen = surrogate or MultiGaussian()

    def hard(distance: Tensor, theta: Tensor) -> Tensor:
        z: Tensor = _Hard.apply(distance, theta, chosen)
        return z

    spec, raws, values = case.spec, {}, {}
    for key, slot in spec.slots.items():
        if is_time_constant(slot):
            raws[key] = torch.as_tensor(np.exp(-spec.dt_s / case.values[key])).requires_grad_()
            values[key] = -spec.dt_s / torch.log(raws[key])
        else:
            raws[key] = torch.as_tensor(case.values[key].copy()).requires_grad_()
            values[key] = raws[key]
    done = run_loop(spec, values, torch.as_tensor(case.inputs, dtype=torch.float64), spike or hard, twist or Twist(), whole_steps=False)
    last = spec.populations[-1].name
    out = done.v[last] if last == "readout" else done.z[last]
    g = torch.as_tensor(loss_weights(tuple(out.shape)) if weights is None else weights)
    found = torch.autograd.grad((out * g).sum(), list(raws.values()), allow_unused=True)
    spikes = {p.name: done.z[p.name].detach().numpy() for p in spec.populations if p.model.spiking}
    return Gradients(_named(raws, found), out.detach().numpy(), spikes)


def _named(raws: Mapping[str, Tensor], found: tuple[Tensor | None, ...]) -> dict[str, Array]:
    return {key: np.zeros(raw.shape) if g is None else g.numpy() for (key, raw), g in zip(raws.items(), found, strict=True)}


#: Every way to gradients that the package offers in float64 to rounding, by name.
ENGINES: Mapping[str, Engine] = MappingProxyType(
    {
        f"torch {name}": partial(by_network, backend=name)
        for name, reason in BACKENDS.items()
        if not reason and not KNOWN[name].approximates and "float64" in KNOWN[name].runs_in
    }
)


def _changed(change: Callable[[str, Array], Array], case: Case, *args: Any, **options: Any) -> Gradients:
    right = by_loop(case, *args, **options)
    return replace(right, of={key: change(key, g.copy()) for key, g in right.of.items()})


def _times(factor: float, where: str = "tau_") -> Callable[[str, Array], Array]:
    return lambda key, g: factor * g if where in key else g


def _without_first(key: str, g: Array) -> Array:
    if g.ndim == 2:
        g[0, 0] = 0.0
    return g


def _mean_over_batch(case: Case, *args: Any, **options: Any) -> Gradients:
    return _changed(lambda _, g: g / case.inputs.shape[1], case, *args, **options)


def _deaf_at_first(case: Case, *args: Any, **options: Any) -> Gradients:
    inputs = case.inputs.copy()
    inputs[0] = False
    # with the spikes of the right run: a property about gradients takes other spikes for a near-tie
    return replace(by_loop(case, *args, **options), of=by_loop(replace(case, inputs=inputs), *args, **options).of)


def _own_surrogate(case: Case, weights: Array | None = None, surrogate: SurrogateDerivative | None = None) -> Gradients:
    return by_loop(case, weights, MultiGaussian())


#: Gradients that are almost right, by the name of the fault.
GRADIENT_FAULTS: Mapping[str, Engine] = MappingProxyType(
    {
        "reset cut from the graph": partial(by_loop, twist=Twist(detach="reset")),
        "recurrence cut from the graph": partial(by_loop, twist=Twist(detach="recurrent")),
        "gradient of decays off by 1 %": partial(_changed, _times(1.01)),
        "no gradient for delays": partial(_changed, _times(0.0, ".delay")),
        "gradient of delays of the wrong sign": partial(_changed, _times(-1.0, ".delay")),
        "no gradient for tau_reset": partial(_changed, _times(0.0, "tau_reset")),
        "no gradient for the first synapse": partial(_changed, _without_first),
        "mean over the batch for the sum": _mean_over_batch,
        "gradients deaf in the first step": _deaf_at_first,
        "another surrogate": _own_surrogate,
    }
)


def find_engine(name: str) -> Engine:
    """The way to gradients of that name, right or wrong."""
    return ENGINES[name] if name in ENGINES else GRADIENT_FAULTS[name]
