"""The check of time steps: between events they are exact at any dt; how spike times depend on dt is measured.

Checked: every projection, in open loop. Its neurons get the spikes that they got in the network and are kept from spiking, and v is the
same at dt, dt/2, dt/4 wherever the grids meet, within rounding: an exponential is exact however it is cut (Euler's method would differ in
the first digits). Measured: the whole network at finer dt, its input spikes left at their times. Neurons then look at their thresholds
more often, spikes of other neurons arrive a finer step later, and resets act sooner, so spikes move by O(dt).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
from brian2 import ms
from numpy.typing import NDArray

from ..data.decoding import Decoder
from ..data.recording import Recording, on_finer_grid
from ..spec import Layer, NetworkSpec, NeuronModel, Parameter, Projection
from .bounds import voltage_bounds
from .certificate import Check, Finding
from .subject import Subject

_CLAIM = (
    "Between events every step is exact: fed the same spikes, each projection gives the same v at dt, dt/2 and dt/4, within rounding. "
    "How the spikes of the whole network depend on dt is measured beside it."
)
_OPEN_LOOP_RECORDINGS, _RECORDINGS = 3, 20
_OPEN_LOOP_FACTORS = (2, 4)
#: Higher than any v, so that nothing spikes.
_OUT_OF_REACH = 1e300


def check_refinement(subject: Subject, progress: Callable[[float], None]) -> Check:
    """Exactness of every projection in torch and Brian2, then the whole network at finer dt in torch."""
    factors = (2, 4, 8, 16) if subject.thorough else (2, 4, 8)
    exact = list(_exactness(subject, lambda fraction: progress(0.6 * fraction)))
    progress(0.6)
    measured = list(_dependence(subject, factors, lambda fraction: progress(0.6 + 0.4 * fraction)))
    return Check("refinement", _CLAIM, (*exact, *measured))


def _exactness(subject: Subject, progress: Callable[[float], None]) -> Iterator[Finding]:
    spec, values = subject.checkpoint.spec, subject.values
    x = subject.sample(_OPEN_LOOP_RECORDINGS).rasters(subject.n_steps)
    recorded = subject.by_torch(spec, values, x)
    simulators = {"torch float64": subject.by_torch, "brian2 numpy": subject.by_brian2}
    done, n_runs = 0, len(spec.projections) * len(simulators)
    for projection in spec.projections:
        alone = open_loop(spec, projection)
        own = alone.initial_values(0)
        own |= {key: values[theirs] for key in own if (theirs := _key_of(projection, key)) in values}
        if not projection.self_connections:  # no synapse there: any weight will do, as long as it is one
            own = {key: np.where(np.isnan(value), 0.0, value) for key, value in own.items()}
        arriving = recorded.rasters[projection.source]
        for simulator, run in simulators.items():
            coarse = run(alone, own, arriving)
            worst = relative = 0.0
            for factor in _OPEN_LOOP_FACTORS:
                finer = replace(alone, dt=alone.dt_s / factor)
                fine = run(finer, own, on_finer_grid(arriving, factor))
                dv = float(np.max(np.abs(fine.traces["layer_1.v"][::factor] - coarse.traces["layer_1.v"])))
                in_reach = own | {"layer_1.neuron.out_of_reach": np.array(0.0)}  # the bound counts theta, which rounds nothing here
                bound = sum(
                    voltage_bounds(which, in_reach, recording, "float64")["layer_1"]
                    for which, recording in ((alone, coarse), (finer, fine))
                )
                worst, relative = max(worst, dv), max(relative, dv / bound if bound else (0.0 if dv == 0.0 else np.inf))
            numbers = {"n_spikes": int(arriving.sum()), "max_abs_dv": worst, "max_dv_over_bound": relative}
            yield Finding(f"{projection.name} in open loop, {simulator}", relative <= 1.0, numbers)
            done += 1
            progress(done / n_runs)


def open_loop(spec: NetworkSpec, projection: Projection) -> NetworkSpec:
    """One projection as a network of its own, whose neurons never spike; what it is fed arrives as input."""
    target = spec.population(projection.target)
    model = target.model
    ceiling = Parameter(axes="layer", initial=_OUT_OF_REACH)
    used = {str(s) for where, expression, _ in model.expressions() if where != "threshold" for s in expression.free_symbols}
    parameters = {name: parameter for name, parameter in model.parameters.items() if name in used}
    spare = "" if model.spiking else "\ndnever/dt = -never/tau_never : 1"  # a readout has no reset, and a neuron needs one
    silent = NeuronModel(
        name=f"{model.name}OpenLoop",
        synapse=model.synapse,
        on_pre=model.on_pre,
        neuron=model.neuron + spare,
        threshold="v > out_of_reach",
        reset=model.reset or "never += out_of_reach",
        parameters={
            **parameters,
            "out_of_reach": ceiling,
            **({"tau_never": Parameter(axes="layer", unit=ms, initial=1 * ms)} if spare else {}),
        },
        reference=model.reference,
    )
    return NetworkSpec(spec.dt_s, projection.n_pre, [Layer(silent, projection.n_post)], step_order=target.step_order)


def _key_of(projection: Projection, key: str) -> str:
    """The slot of the whole network that a slot of the open loop stands for."""
    name = key.rsplit(".", 1)[1]
    return f"{projection.target}.neuron.{name}" if key.startswith("layer_1.neuron.") else f"{projection.name}.{name}"


def _dependence(subject: Subject, factors: tuple[int, ...], progress: Callable[[float], None]) -> Iterator[Finding]:
    spec = subject.checkpoint.spec
    data = subject.sample(_RECORDINGS)
    x = data.rasters(subject.n_steps)
    read = partial(Decoder.of(subject.checkpoint).predictions, spec=spec)
    coarse = subject.by_torch(spec, subject.values, x)
    for k, factor in enumerate((1, *factors)):
        finer = replace(spec, dt=spec.dt_s / factor)
        fine = coarse if factor == 1 else subject.by_torch(finer, subject.values, on_finer_grid(x, factor))
        predicted = read(fine)
        numbers = {
            "dt_s": finer.dt_s,
            "factor": factor,
            "n_spikes": sum(int(fine.rasters[p.name].sum()) for p in spec.populations if p.model.spiking),
            "coincidence": coincidence(coarse, fine, factor),
            "equal_predictions": float(np.mean(predicted == read(coarse))),
            "accuracy": float(np.mean(predicted == data.labels)),
        }
        yield Finding(f"the whole network at dt/{factor}" if factor > 1 else "the whole network at dt", None, numbers)
        progress((k + 1) / (1 + len(factors)))


def coincidence(coarse: Recording, fine: Recording, factor: int) -> float:
    """Share of the spikes of both with a partner of the same neuron within one coarse step in the other; 1 if neither has any."""
    partners = spikes = 0
    for name, one in coarse.rasters.items():
        if name == "input":
            continue
        # a spike between two coarse grid points could be seen at the second
        padded = np.concatenate([np.zeros((factor - 1, *fine.rasters[name].shape[1:]), dtype=bool), fine.rasters[name]])
        other = padded[: factor * len(one)].reshape(len(one), factor, *one.shape[1:]).any(axis=1)
        partners += int(np.sum(one & _widened(other)) + np.sum(other & _widened(one)))
        spikes += int(one.sum() + other.sum())
    return partners / spikes if spikes else 1.0


def _widened(raster: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Every spike also one step earlier and one later."""
    wide = raster.copy()
    wide[1:] |= raster[:-1]
    wide[:-1] |= raster[1:]
    return wide
