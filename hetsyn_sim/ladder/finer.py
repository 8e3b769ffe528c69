"""Rung 2: a finer grid, as it comes, or with recurrence and reset as late as they were."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
from brian2 import ms
from numpy.typing import NDArray

from ..data.recording import on_finer_grid
from ..spec import NeuronModel, Parameter
from ..spec.step_order import DEFAULT_STEP_ORDER
from ..spec.values import is_delay, on_steps
from .disturbances import with_refractoriness
from .rung import Setting, refuse


def refined(setting: Setting, factor: float, rng: np.random.Generator) -> Setting:
    """A time step that is ``factor`` times finer, with input spikes at their times, and delays as they were rounded to the coarse grid."""
    k, spec = int(factor), setting.spec
    late = {key: on_steps(setting.values[key], spec.dt_s) for key, slot in spec.slots.items() if is_delay(slot)}
    return replace(
        setting,
        values={**setting.values, **late},
        spec=replace(setting.spec, dt=setting.spec.dt_s / k),
        raster=on_finer_grid(setting.raster, k),
        factor=setting.factor * k,
    )


def refined_with_lags(setting: Setting, factor: float, rng: np.random.Generator) -> Setting:
    """The same, with the lags of the trained network: recurrence, reset and the next spike of a neuron are one old step away.

    Recurrent spikes take the rest of the old step as a delay, and neurons are refractory for that step. While a neuron is, its voltage does
    not matter, so that its reset need not come late: it is larger by what decays until then, exp(lag/tau_reset). Where spikes come at old
    grid points only, this is the trained network; others come where v crosses the threshold between two.
    """
    old = setting.spec.dt_s
    fine = refined(setting, factor, rng)
    lag = old - fine.spec.dt_s

    def change(model: NeuronModel) -> NeuronModel:
        order = model.step_order or setting.spec.step_order or DEFAULT_STEP_ORDER
        if order.decays_in_same_step("reset") or order.decays_in_same_step("recurrent"):
            raise refuse("refined dt, lags kept", model, "a step in which decay comes before the reset and recurrent spikes")
        reset = "; ".join(_later(model, jump.target, jump.operator, str(jump.expression)) for jump in model.reset_jumps)
        facts = {**model.parameters, "lag": Parameter(axes="layer", unit=ms, initial=0 * ms)}
        delay = {} if "delay" in model.parameters else {"delay": {"axes": "layer"}}
        return replace(model, name=f"{model.name}WithLags", reset=reset, parameters=facts).with_parameters(**delay)

    recurrent = {f"{q.name}.delay" for q in fine.spec.projections if q.source == q.target}

    def value(key: str, before: NDArray[np.float64] | None) -> Any:
        if key in recurrent:
            return lag + (0.0 if before is None else before)
        if before is None:
            return 0.0 if key.endswith(".delay") else lag
        return before

    return with_refractoriness(fine.rewritten(change, value, readout=False), 1e3 * old, rng)


def _later(model: NeuronModel, state: str, operator: str, size: str) -> str:
    """A statement of the reset that has the same effect after the lag."""
    decay = re.search(rf"^d{state}/dt = -{state}/(\w+) :", model.neuron, re.M)
    if decay is None or operator not in ("+=", "-="):
        raise refuse("refined dt, lags kept", model, "a reset that adds to states which decay each on its own")
    return f"{state} {operator} ({size})*exp(lag/{decay[1]})"
