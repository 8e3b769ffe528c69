"""The layout in which the published code of HetSyn saves a network (Deng et al. 2025, App. D): a weight and a decay of every synapse."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from os import PathLike
from types import MappingProxyType

import numpy as np

from ..data.checkpoint import Checkpoint
from ..errors import ConfigError, one_of
from ..models import HetSynLIF, LeakyReadout
from ..spec import Layer, NetworkSpec
from ..spec.quantities import QuantityLike, to_si
from .official_names import OUT, Array, not_this, parts_of
from .state_dict import read_state_dict

#: Layouts by name, and whose they are.
LAYOUTS: Mapping[str, str] = MappingProxyType({"hetsyn-official": "the published code of HetSyn (Deng et al. 2025)"})
#: The published reset current decays over so many steps: 20 ms, reckoned with steps of 1 ms.
_RESET_STEPS = 20.0
#: How its output is read: softmax summed over the steps after the eleventh.
_BURN_IN = {"name": "sum_of_softmax", "burn_in": 11}


def import_network(
    path: str | PathLike[str],
    *,
    dt: QuantityLike,
    layout: str = "hetsyn-official",
    theta: float = 1.0,
    tau_reset: QuantityLike | None = None,
    state_dict: str | None = None,
) -> Checkpoint:
    """A checkpoint of a network that another program has trained.

    Parameters
    ----------
    path
        Its state dict, saved by ``torch.save``, alone or with what that code saves beside it. Nothing in it is run.
    dt
        The time that a step really is. A decay ``rho`` becomes ``tau = -dt / log(rho)``; the published code reckons with 1 ms where its
        recordings have steps of 4 ms, so for those networks this is ``"4 ms"``.
    layout
        One of :data:`LAYOUTS`.
    theta
        Threshold. It is not in the file.
    tau_reset
        Time constant of the reset current; by default 20 steps, as published. It is not in the file.
    state_dict
        Which state dict of a file with several. The published ``seed_0.pth`` has ``model``, the last epoch, which is the default, and
        ``best_model_state``, the epoch that was best on its *test* split.

    Returns
    -------
    Checkpoint
        HetSynLIF layers, recurrent where the file has recurrent weights, and a LeakyReadout.

    Raises
    ------
    CheckpointError
        If the file can't be read, holds other tensors than the layout's, or tensors that do not fit together; if a tensor differs from
        another name of it; if a decay is not within [0, 1]; if it has biases, which this neuron has not.
    UnknownNameError
        If there is no such layout, or nothing by that name in the file.
    ConfigError, SpecError
        If theta or a time makes no sense.
    """
    trained_by = one_of(layout, LAYOUTS, "layout", where="layout")
    step = to_si(dt, "ms", where="dt")
    reset = _RESET_STEPS * step if tau_reset is None else to_si(tau_reset, "ms", where="tau_reset")
    if not (step > 0.0 and reset >= 0.0 and np.isfinite(theta) and theta > 0.0):
        raise ConfigError(
            "these facts about the network make no sense",
            where="import",
            got=f"dt = {step} s, tau_reset = {reset} s, theta = {theta}",
            expected="a time step and a threshold above 0, a time constant of 0 or more",
            remedy="give what the network was trained with",
        )
    parts = parts_of(read_state_dict(path, state_dict), str(path))
    sizes = _sizes(parts, str(path))
    *hidden, _ = numbers = sorted(parts)
    layers = [Layer(HetSynLIF, size, recurrent=("rec", "w") in parts[k]) for k, size in zip(hidden, sizes[1:-1], strict=True)]
    spec = NetworkSpec(step, sizes[0], layers, Layer(LeakyReadout, sizes[-1]))
    values: dict[str, Array] = {}
    for k, number in enumerate(numbers):
        name = "readout" if number == OUT else f"layer_{k + 1}"
        shapes = {"in": (sizes[k + 1], sizes[k]), "rec": (sizes[k + 1], sizes[k + 1])}
        for part, kind in (("in", "feedforward"), ("rec", "recurrent")):
            if (part, "w") in parts[number]:
                where = f"{path}: {name}.layer_{part}"
                values[f"{name}.{kind}.w"] = _weights(parts[number][part, "w"], shapes[part], f"{where}.w")
                values[f"{name}.{kind}.tau_syn"] = _tau(_decays(parts[number][part, "rho"], shapes[part], f"{where}.rho"), step, where)
        if number != OUT:
            values[f"{name}.neuron.theta"], values[f"{name}.neuron.tau_reset"] = np.array(theta), np.array(reset)
    recipe = {"name": "imported", "training": {"loss": _BURN_IN}}
    return Checkpoint(
        spec,
        values,
        recipe=recipe,
        decoder=_BURN_IN,
        data={"name": f"imported from {trained_by}" + (f", {state_dict}" if state_dict else "")},
    )


def _sizes(parts: Mapping[float, Mapping[tuple[str, str], Array]], where: str) -> list[int]:
    """Channels, neurons of each layer, outputs. Tensors are (post, pre)."""
    shapes = [parts[k]["in", "w"].shape for k in sorted(parts)]
    if any(len(shape) != 2 for shape in shapes):
        raise not_this(where, f"weights of shapes {', '.join(map(str, shapes))}", "(post, pre)")
    for k, (before, after) in enumerate(pairwise(shapes)):
        if after[1] != before[0]:
            raise not_this(where, f"{before} and then {after}", f"layers that fit: (post, pre), {before[0]} columns in layer {k + 2}")
    return [shapes[0][1], *(shape[0] for shape in shapes)]


def _weights(w: Array, shape: tuple[int, int], where: str) -> Array:
    if w.shape != shape:
        raise not_this(where, f"shape {w.shape}", f"(post, pre): {shape}")
    return w


def _decays(rho: Array, shape: tuple[int, int], where: str) -> Array:
    """One for each synapse, also where there is one for each neuron, as in the published homogeneous networks."""
    try:
        return np.array(np.broadcast_to(rho[:, None] if rho.ndim == 1 else rho, shape))
    except ValueError as error:
        raise not_this(where, f"shape {rho.shape}", f"(post, pre) or (post,): {shape}") from error


def _tau(rho: Array, dt: float, where: str) -> Array:
    """The time constant of a decay: 0 for 0, infinite for 1."""
    bad = (rho < 0.0) | (rho > 1.0)
    if np.any(bad):
        raise not_this(f"{where}.rho", f"{int(bad.sum())} decays from {rho.min():g} to {rho.max():g}", "decays within [0, 1]")
    with np.errstate(divide="ignore"):
        tau: Array = -dt / np.log(rho)
    return np.where(rho == 0.0, 0.0, np.where(rho == 1.0, np.inf, tau))
