"""Meaning of the numbers in a layer's state dict, kept beside them: another layer converts them, and does not mistake them.

What training moves are raw numbers. One of them is another time constant in a layer with other bounds, another dt or clamped decays.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, MutableMapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

import torch
from torch import Tensor

from ..errors import CheckpointError
from ..spec import ParameterSlot
from ..spec.quantities import dimensions_of
from .bijections import Bijection, HalfLine, Identity, Interval, Lag, LogInterval, RhoClamped, Tau, check_bounds

#: Torch's own name for what a module keeps beside its tensors.
EXTRA: Final = "_extra_state"
_MAPS: Final = {kind.__name__: kind for kind in (HalfLine, Identity, Interval, Lag, LogInterval, RhoClamped, Tau)}


@dataclass(frozen=True)
class Meaning:
    """Units of a layer's slots, and the maps from the raw numbers of those that are trained to values in SI units.

    With them goes how the layer's filters are computed in float32, by kind of projection, where that has been chosen.
    """

    units: Mapping[str, str]
    maps: Mapping[str, Bijection]
    forms: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def to_tensor(self) -> Tensor:
        """As JSON in a tensor of uint8: whoever copies a state dict, or writes it with safetensors, expects tensors."""
        maps = {key: {"map": type(each).__name__, **asdict(each)} for key, each in self.maps.items()}  # type: ignore[call-overload]
        plain = {"units": dict(self.units), "maps": maps, **({"forms": dict(self.forms)} if self.forms else {})}
        return torch.frombuffer(bytearray(json.dumps(plain), "utf-8"), dtype=torch.uint8)

    @classmethod
    def from_tensor(cls, tensor: Any, *, where: str) -> Meaning:
        """Read it again.

        Raises
        ------
        CheckpointError
            If the tensor holds something else.
        """
        try:
            plain = json.loads(bytes(tensor.detach().cpu().to(torch.uint8).tolist()))
            units = {str(key): str(unit) for key, unit in plain["units"].items()}
            return cls(units, {str(key): _map_of(each) for key, each in plain["maps"].items()}, dict(plain.get("forms", {})))
        except (AttributeError, KeyError, TypeError, ValueError, RuntimeError, RecursionError) as error:
            raise CheckpointError(
                "this state dict does not say what its numbers mean",
                where=where,
                got=f"{type(error).__name__}: {error}"[:200],
                expected="what state_dict() of a layer gives there",
                remedy="save the network again, with state_dict() or with to_checkpoint()",
            ) from error


def _map_of(plain: Mapping[str, Any]) -> Bijection:
    kind = _MAPS[plain["map"]]
    settings = {each.name: float(plain[each.name]) for each in fields(kind)}
    if not all(math.isfinite(number) for number in settings.values()):
        raise ValueError(f"a map with {settings}")
    made: Bijection = kind(**settings)
    return made


def convert_(
    state: MutableMapping[str, Any], names: Mapping[str, str], slots: Mapping[str, ParameterSlot], own: Meaning, *, where: str
) -> None:
    """Replace numbers of another meaning in ``state`` by those that mean the same values here.

    What means the same already stays, bit for bit.

    Parameters
    ----------
    state
        The state dict. Its tensors are not changed, but replaced.
    names
        Slot key -> the name of its tensor in ``state``.
    slots, own
        The slots of the layer to load into, and what its numbers mean.
    where
        The name of the meaning in ``state``.

    Raises
    ------
    CheckpointError
        If the state dict does not say what its numbers mean.
    SpecError
        If a parameter has another dimension, or a value that is outside of the bounds here.
    """
    given = {key: name for key, name in names.items() if isinstance(state.get(name), Tensor)}
    if where not in state:
        if not any(key in own.maps for key in given):
            return
        raise CheckpointError(
            "this state dict does not say what its numbers mean",
            where=where,
            got="numbers alone: of hetsyn-sim 0.1.0, or chosen from a state dict",
            expected="the entry that state_dict() has beside them",
            remedy="keep that entry too; or, if they come from a network with the same bounds, dt and time_constants, add this one's: "
            "state[name] = network.state_dict()[name]",
        )
    theirs = Meaning.from_tensor(state[where], where=where)
    for key, name in given.items():
        unit = theirs.units.get(key, slots[key].parameter.unit)
        if dimensions_of(unit, where=where) != dimensions_of(slots[key].parameter.unit, where=key):
            raise CheckpointError(
                "a parameter of this state dict has another dimension here",
                where=key,
                got=unit,
                expected=slots[key].parameter.unit,
                remedy="load it into a network of the same model",
            )
        before, after = theirs.maps.get(key), own.maps.get(key)
        if before != after:
            state[name] = _converted(state[name], before, after, slots[key])


@torch.no_grad()
def _converted(raw: Tensor, before: Bijection | None, after: Bijection | None, slot: ParameterSlot) -> Tensor:
    value = raw.double() if before is None else before.value(raw.double())
    if after is None:
        return value
    numbers = value.numpy(force=True)
    check_bounds(slot, numbers, after)
    return torch.as_tensor(after.raw(numbers), device=raw.device)
