"""Rungs 4 and 6: delays and refractoriness, and variation from trial to trial and from cell to cell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from brian2 import ms
from numpy.typing import NDArray

from ..discrete import is_time_constant
from ..spec import NeuronModel, Parameter
from .rung import Setting, refuse

#: Of the noise, in seconds.
TAU_NOISE = 5e-3


def with_delays(setting: Setting, mean_ms: float, rng: np.random.Generator) -> Setting:
    """A delay for every presynaptic neuron and projection, uniform from half to one and a half of ``mean_ms``, on top of what is there."""
    drawn = {q.name: float(mean_ms * ms) * rng.uniform(0.5, 1.5, q.n_pre) for q in setting.spec.projections}

    def change(model: NeuronModel) -> NeuronModel:
        if model.takes_values:
            raise refuse("axonal delays", model, "synapses that spikes drive: values are not sent")
        return model.with_parameters(delay={"axes": "post pre", "trainable": False})

    def value(key: str, before: NDArray[np.float64] | None) -> Any:
        owner, name = key.rsplit(".", 1)
        if name == "delay":
            return drawn[owner] + (0.0 if before is None else before)
        return before

    return setting.rewritten(change, value)


def with_refractoriness(setting: Setting, period_ms: float, rng: np.random.Generator) -> Setting:
    """A neuron can't spike again for ``period_ms`` milliseconds."""

    def change(model: NeuronModel) -> NeuronModel:
        if model.refractory:
            raise refuse("refractoriness", model, "neurons that are not refractory yet")
        period = Parameter(axes="layer", unit=ms, initial=1 * ms)
        return replace(model, name=f"{model.name}Refractory", refractory="t_ref", parameters={**model.parameters, "t_ref": period})

    return setting.rewritten(change, lambda key, before: float(period_ms * ms) if before is None else before, readout=False)


def with_noise(setting: Setting, sd: float, rng: np.random.Generator) -> Setting:
    """Every neuron's voltage fluctuates before its threshold: an Ornstein-Uhlenbeck process of 5 ms, ``sd`` thresholds in size."""

    def change(model: NeuronModel) -> NeuronModel:
        left, _, right = model.threshold.partition(">")
        if "noise" in model.names_of("neuron") | model.names_of("synapse"):
            raise refuse("noise", model, "a model in which nothing is called noise")
        unit = "1" if model.neuron_equations.dimensions["v"].is_dimensionless else "volt"
        return replace(
            model,
            name=f"{model.name}WithNoise",
            neuron=f"{model.neuron}\ndnoise/dt = -noise/tau_noise : {unit}",
            threshold=f"{left.strip()} + noise > {right.strip()}",
            parameters={**model.parameters, "tau_noise": Parameter(axes="layer", unit=ms, initial=5 * ms)},
        )

    def value(key: str, before: NDArray[np.float64] | None) -> Any:
        return TAU_NOISE if before is None else before

    noisy = setting.rewritten(change, value, readout=False)
    added = replace(setting.additions, noise={"noise": (sd * setting.mean_theta(), TAU_NOISE)}, seed=int(rng.integers(2**31)))
    return replace(noisy, additions=added)


def with_jitter(setting: Setting, sd_ms: float, rng: np.random.Generator) -> Setting:
    """Every input spike is moved by a Gaussian time of ``sd_ms`` milliseconds; what falls out of the recording or onto another is lost."""
    steps, runs, channels = np.nonzero(setting.raster)
    moved = steps + np.rint(rng.normal(0.0, float(sd_ms * ms) / setting.spec.dt_s, len(steps))).astype(np.int64)
    inside = (moved >= 0) & (moved < len(setting.raster))
    raster = np.zeros_like(setting.raster)
    raster[moved[inside], runs[inside], channels[inside]] = True
    return replace(setting, raster=raster)


def with_mismatch(setting: Setting, sigma: float, rng: np.random.Generator) -> Setting:
    """Every weight, time constant and threshold is off by a lognormal factor of median 1, each synapse's and each neuron's by its own."""

    def change(model: NeuronModel) -> NeuronModel:
        per_neuron = {name: {"axes": "post"} for name, p in model.parameters.items() if p.axes == "layer"}
        return model.with_parameters(**per_neuron)

    def value(key: str, before: NDArray[np.float64] | None) -> Any:
        assert before is not None
        return before

    loose = setting.rewritten(change, value)
    changed = {}
    for key, slot in loose.spec.slots.items():
        matters = slot.name in ("w", "theta") or is_time_constant(slot)
        changed[key] = loose.values[key] * np.exp(sigma * rng.normal(size=slot.shape)) if matters else loose.values[key]
    return replace(loose, values=changed)
