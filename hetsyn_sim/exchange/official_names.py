"""Names of tensors in the published code of HetSyn, and what each of them is.

That code gives its tensors further names, as attributes of the cells and of the network (``layer_hidden1.w_in`` and ``w_in1`` for
``layer_hidden1.layer_in.w``), and PyTorch saves a parameter once under each.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..data.escape import one_line
from ..errors import CheckpointError

Array = NDArray[np.float64]

_KEY = re.compile(r"(?P<layer>layer_hidden_?(?P<number>\d{0,4})|layer_out)(?:\.layer_(?P<part>in|rec))?\.(?P<what>\w+)")
_WHAT = {"w": "w", "weight": "w", "rho": "rho", "r": "rho", "decay": "rho", "b": "b", "bias": "b"}
#: Further names of the same tensors, of a cell and of the whole network.
_ALIASES = (
    re.compile(r"(?P<layer>layer_hidden_?(?P<number>\d{0,4})|layer_out)\.(?P<what>w|rho|b)_(?P<part>in|rec)"),
    re.compile(r"(?P<what>w|rho|b)_(?:(?P<part>in|rec)_?(?P<number>\d{0,4})|(?P<layer>out))"),
)
#: Number of the readout, so that it comes after every hidden layer.
OUT = math.inf

#: A tensor's place: number of the layer; in or rec; w, rho or b.
_Place = tuple[float, str, str]


def parts_of(tensors: Mapping[str, Array], where: str) -> dict[float, dict[tuple[str, str], Array]]:
    """Number of the layer -> (in or rec, w or rho) -> tensor.

    Raises
    ------
    CheckpointError
        If there are other tensors, or not all of a layer, or if a tensor differs from another name of it.
    """
    layers: dict[float, dict[tuple[str, str], Array]] = {}
    for (number, part, what), (name, tensor) in _by_place(tensors, where).items():
        if what != "b":
            layers.setdefault(number, {})[part, what] = tensor
        elif np.any(tensor != 0.0):
            raise not_this(where, f"{name}: biases that are not 0", "no bias, as published: a HetSynLIF neuron has none")
    for number, tensors_of in layers.items():
        for part in ("in", "rec"):
            if ((part, "w") in tensors_of) != ((part, "rho") in tensors_of) or (part == "in" and (part, "w") not in tensors_of):
                layer = "layer_out" if number == OUT else f"layer_hidden{number}"
                missing = "w and rho" if part == "in" else "one of w and rho"
                raise not_this(where, f"{layer}.layer_{part} without {missing}", "both, for each layer")
    if OUT not in layers or len(layers) < 2:
        raise not_this(where, f"{len(layers)} layer(s)" + ("" if OUT in layers else " and no layer_out"), "hidden layers and layer_out")
    return layers


def _by_place(tensors: Mapping[str, Array], where: str) -> dict[_Place, tuple[str, Array]]:
    """Place -> name and tensor. What has several names has to be the same under each."""
    found: dict[_Place, tuple[str, Array]] = {}
    named: dict[_Place, list[str]] = {}
    for name, tensor in tensors.items():
        place = _place(alias) if (alias := _alias(name)) else _place(match) if (match := _KEY.fullmatch(name)) else None
        if place is None:
            expected = "layer_hidden1.layer_in.w, .rho, layer_hidden1.layer_rec.w, .rho, ..., layer_out.w, .rho, and their aliases"
            raise not_this(where, f"a tensor {one_line(name)}", expected)
        if alias:
            named.setdefault(place, []).append(name)
        elif place in found:
            raise not_this(where, f"{found[place][0]} and {name}, one tensor twice", "each tensor once, and its aliases")
        else:
            found[place] = name, tensor
    for place, aliases in named.items():
        for alias_name in aliases:
            if place not in found:
                raise not_this(where, f"{alias_name} without the tensor that it is another name of", "each tensor by its own name, too")
            name, tensor = found[place]
            if not np.array_equal(tensors[alias_name], tensor):
                raise not_this(
                    where, f"{alias_name}, which is another name of {name}, with other values", "the same values under both names"
                )
    return found


def _alias(name: str) -> re.Match[str] | None:
    return next((match for pattern in _ALIASES if (match := pattern.fullmatch(name))), None)


def _place(match: re.Match[str]) -> _Place | None:
    """None if that code has no such tensor."""
    is_out = (match["layer"] or "").endswith("out")
    what, part = _WHAT.get(match["what"]), match["part"] or "in"
    return None if what is None or (is_out and part == "rec") else (OUT if is_out else int(match["number"] or 1), part, what)


def not_this(where: str, got: str, expected: str) -> CheckpointError:
    """The error for a file that holds something else."""
    return CheckpointError(
        "this is not a network in the layout hetsyn-official",
        where=where,
        got=got,
        expected=expected,
        remedy="check with which program it was saved",
    )
