"""State dicts of PyTorch, and the layout in which the published code of HetSyn saves a network (Deng et al. 2025, App. D).

That layout has a decay and a weight for every synapse.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from itertools import pairwise
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..data.checkpoint import Checkpoint
from ..data.escape import one_line
from ..data.files import UNREADABLE, available_memory, check_readable
from ..errors import CheckpointError, ConfigError, one_of
from ..models import HetSynLIF, LeakyReadout
from ..spec import Layer, NetworkSpec
from ..spec.quantities import QuantityLike, to_si

Array = NDArray[np.float64]

#: Layouts by name, and whose they are.
LAYOUTS: Mapping[str, str] = MappingProxyType({"hetsyn-official": "the published code of HetSyn (Deng et al. 2025)"})
#: The published reset current decays over so many steps: 20 ms, reckoned with steps of 1 ms.
_RESET_STEPS = 20.0
#: How its output is read: softmax summed over the steps after the eleventh.
_BURN_IN = {"name": "sum_of_softmax", "burn_in": 11}

_KEY = re.compile(r"(?P<layer>layer_hidden_?(?P<number>\d+)|layer_out)(?:\.(?P<part>layer_in|layer_rec))?\.(?P<what>\w+)")
_ALIASES = {"w": "w", "weight": "w", "rho": "rho", "r": "rho", "decay": "rho", "b": "b", "bias": "b"}

#: Where programs put a state dict that they save together with other things.
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "network")
#: What wrappers for several devices or for compilation put before every name.
_PREFIXES = ("module.", "_orig_mod.", "model.")
#: What PyTorch says it would not make.
_REFUSED = re.compile(r"GLOBAL ([\w.]+)")
_SAVE = "torch.save(model.state_dict(), 'weights.pth')"


def import_network(
    path: str | PathLike[str],
    *,
    dt: QuantityLike,
    layout: str = "hetsyn-official",
    theta: float = 1.0,
    tau_reset: QuantityLike | None = None,
) -> Checkpoint:
    """A checkpoint of a network that another program has trained.

    Parameters
    ----------
    path
        Its state dict, saved by ``torch.save``. Nothing in it is run.
    dt
        The time that a step really is. A decay ``rho`` becomes ``tau = -dt / log(rho)``; the published code reckons with 1 ms where its
        recordings have steps of 4 ms, so for those networks this is ``"4 ms"``.
    layout
        One of :data:`LAYOUTS`.
    theta
        Threshold. It is not in the file.
    tau_reset
        Time constant of the reset current; by default 20 steps, as published. It is not in the file.

    Returns
    -------
    Checkpoint
        HetSynLIF layers, recurrent where the file has recurrent weights, and a LeakyReadout.

    Raises
    ------
    CheckpointError
        If the file can't be read, holds other tensors than the layout's, or tensors that do not fit together; if a decay is not within
        [0, 1]; if it has biases, which this neuron has not.
    UnknownNameError
        If there is no such layout.
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
    parts = _parts(read_state_dict(path), str(path))
    numbers = sorted(number for number in parts if number)
    sizes = _sizes(parts, numbers, str(path))
    layers = [Layer(HetSynLIF, size, recurrent=("layer_rec", "w") in parts[k]) for k, size in zip(numbers, sizes[1:-1], strict=True)]
    spec = NetworkSpec(step, sizes[0], layers, Layer(LeakyReadout, sizes[-1]))
    values: dict[str, Array] = {}
    for k, (name, number) in enumerate(zip([*(f"layer_{k}" for k in range(1, len(numbers) + 1)), "readout"], [*numbers, 0], strict=True)):
        shapes = {"layer_in": (sizes[k + 1], sizes[k]), "layer_rec": (sizes[k + 1], sizes[k + 1])}
        for part, kind in (("layer_in", "feedforward"), ("layer_rec", "recurrent")):
            if (part, "w") in parts[number]:
                where = f"{path}: {name}.{part}"
                values[f"{name}.{kind}.w"] = _shaped(parts[number][part, "w"], shapes[part], f"{where}.w")
                values[f"{name}.{kind}.tau_syn"] = _tau(_shaped(parts[number][part, "rho"], shapes[part], f"{where}.rho"), step, where)
        if number:
            values[f"{name}.neuron.theta"], values[f"{name}.neuron.tau_reset"] = np.array(theta), np.array(reset)
    recipe = {"name": "imported", "training": {"loss": _BURN_IN}}
    return Checkpoint(spec, values, recipe=recipe, decoder=_BURN_IN, data={"name": f"imported from {trained_by}"})


def _parts(tensors: Mapping[str, Array], where: str) -> dict[int, dict[tuple[str, str], Array]]:
    """Number of the hidden layer (0: the readout) -> (part, w or rho) -> tensor."""
    layers: dict[int, dict[tuple[str, str], Array]] = {}
    for key, tensor in tensors.items():
        match = _KEY.fullmatch(key)
        kind = _ALIASES.get(match["what"]) if match else None
        if match is None or kind is None:
            expected = "layer_hidden1.layer_in.w, .rho, layer_hidden1.layer_rec.w, .rho, ..., layer_out.w, .rho"
            raise _not_this(where, f"a tensor {one_line(key)}", expected)
        if kind == "b":
            if np.any(tensor != 0.0):
                raise _not_this(where, f"{key}: biases that are not 0", "no bias, as published: a HetSynLIF neuron has none")
            continue
        layers.setdefault(int(match["number"] or 0), {})[match["part"] or "layer_in", kind] = tensor
    for number, tensors_of in layers.items():
        for part in ("layer_in", "layer_rec"):
            if ((part, "w") in tensors_of) != ((part, "rho") in tensors_of) or (part == "layer_in" and (part, "w") not in tensors_of):
                layer = f"layer_hidden{number}" if number else "layer_out"
                missing = "w and rho" if part == "layer_in" else "one of w and rho"
                raise _not_this(where, f"{layer}.{part} without {missing}", "both, for each layer")
    if 0 not in layers or len(layers) < 2:
        raise _not_this(where, f"{len(layers)} layer(s)" + ("" if 0 in layers else " and no layer_out"), "hidden layers and layer_out")
    return layers


def _sizes(parts: Mapping[int, Mapping[tuple[str, str], Array]], numbers: list[int], where: str) -> list[int]:
    """Channels, neurons of each layer, outputs. Tensors are (post, pre)."""
    shapes = [parts[k]["layer_in", "w"].shape for k in [*numbers, 0]]
    if any(len(shape) != 2 for shape in shapes):
        raise _not_this(where, f"weights of shapes {', '.join(map(str, shapes))}", "(post, pre)")
    for k, (before, after) in enumerate(pairwise(shapes)):
        if after[1] != before[0]:
            raise _not_this(where, f"{before} and then {after}", f"layers that fit: (post, pre), {before[0]} columns in layer {k + 2}")
    return [shapes[0][1], *(shape[0] for shape in shapes)]


def _shaped(tensor: Array, shape: tuple[int, int], where: str) -> Array:
    try:
        return np.array(np.broadcast_to(tensor, shape))
    except ValueError as error:
        raise _not_this(where, f"shape {tensor.shape}", f"(post, pre): {shape}") from error


def _tau(rho: Array, dt: float, where: str) -> Array:
    """The time constant of a decay: 0 for 0, infinite for 1."""
    bad = (rho < 0.0) | (rho > 1.0)
    if np.any(bad):
        raise _not_this(f"{where}.rho", f"{int(bad.sum())} decays from {rho.min():g} to {rho.max():g}", "decays within [0, 1]")
    with np.errstate(divide="ignore"):
        tau: Array = -dt / np.log(rho)
    return np.where(rho == 0.0, 0.0, np.where(rho == 1.0, np.inf, tau))


def _not_this(where: str, got: str, expected: str) -> Any:
    return CheckpointError(
        "this is not a network in the layout hetsyn-official",
        where=where,
        got=got,
        expected=expected,
        remedy="check with which program it was saved",
    )


def read_state_dict(path: str | PathLike[str]) -> dict[str, NDArray[np.float64]]:
    """The tensors of a file by their names, in float64.

    The file is unpickled by ``torch.load(weights_only=True)``, which makes tensors and plain containers and runs nothing.

    Raises
    ------
    CheckpointError
        If the file is missing, not of this kind, holds anything but tensors and plain data, or a value that is no number.
    """
    place = Path(path)
    check_readable(place, expected="a file that torch.save wrote", error=CheckpointError)
    try:
        content: Any = torch.load(place, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise _refused(place, "no such file", "the path of a file that torch.save wrote", "check the path") from error
    except pickle.UnpicklingError as error:
        # PyTorch's own text advises to load the file all the same, so only the name of what it refused is taken from it
        refused = _REFUSED.search(str(error))
        got = "objects that would run code when they are read" + (f": {refused[1]}" if refused else "")
        raise _refused(place, got, "tensors", f"save the tensors alone: {_SAVE}") from error
    except UNREADABLE as error:
        got = f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')} (it begins with {_begins(place)!r})"
        raise _refused(place, got, "a file that torch.save wrote", f"save it again: {_SAVE}") from error
    for name in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()) or not content:
        got = (
            type(content).__name__
            if not isinstance(content, Mapping)
            else f"a mapping of {one_line(', '.join(map(str, content))) or 'nothing'}"
        )
        raise _refused(place, got, "a state dict: names and tensors", "save model.state_dict()")
    for name, value in content.items():
        if value.layout is not torch.strided or value.is_complex() or value.is_quantized or value.device.type != "cpu":
            got = f"{name}: {value.layout} of {value.dtype} on {value.device}"
            raise _refused(place, got, "real numbers, every one written out", "save dense floating point tensors")
    if sum(8 * value.numel() for value in content.values()) > available_memory():
        raise _refused(place, f"{sum(value.numel() for value in content.values()):,} numbers", "as many as there is room for", "save less")
    tensors = {_bare(str(name)): value.detach().to(torch.float64).numpy() for name, value in content.items()}
    for name, value in tensors.items():
        if not np.isfinite(value).all():
            raise _refused(place, f"{name}: {int((~np.isfinite(value)).sum())} values that are NaN or infinite", "numbers", "train it anew")
    return tensors


def _begins(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(8)
    except OSError:  # which is what went wrong before
        return b""


def _bare(name: str) -> str:
    while any(name.startswith(prefix) for prefix in _PREFIXES):
        name = next(name.removeprefix(prefix) for prefix in _PREFIXES if name.startswith(prefix))
    return name


def _refused(path: Path, got: str, expected: str, remedy: str) -> CheckpointError:
    return CheckpointError("this file holds no state dict", where=str(path), got=got, expected=expected, remedy=remedy)
