"""Reading the tensors of a file that ``torch.save`` wrote, without running what else may be in it."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..data.reading import UNREADABLE, check_readable, room
from ..errors import CheckpointError

#: Where programs put a state dict that they save together with other things.
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "network")
#: What wrappers for several devices or for compilation put before every name.
_PREFIXES = ("module.", "_orig_mod.", "model.")
#: What PyTorch says it would not make.
_REFUSED = re.compile(r"GLOBAL ([\w.]+)")


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
        remedy = "save the tensors alone: torch.save(model.state_dict(), 'weights.pth')"
        # PyTorch's own text advises to load the file all the same, so only the name of what it refused is taken from it
        refused = _REFUSED.search(str(error))
        got = "objects that would run code when they are read" + (f": {refused[1]}" if refused else "")
        raise _refused(place, got, "tensors", remedy) from error
    except (*UNREADABLE, LookupError, AttributeError, TypeError, AssertionError) as error:
        remedy = "save it again: torch.save(model.state_dict(), 'weights.pth')"
        begins = _begins(place)
        got = f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')} (it begins with {begins!r})"
        raise _refused(place, got, "a file that torch.save wrote", remedy) from error
    for name in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()) or not content:
        got = type(content).__name__ if not isinstance(content, Mapping) else f"a mapping of {', '.join(map(str, content)) or 'nothing'}"
        raise _refused(place, got, "a state dict: names and tensors", "save model.state_dict()")
    for name, value in content.items():
        if value.layout is not torch.strided or value.is_complex() or value.is_quantized or value.device.type != "cpu":
            got = f"{name}: {value.layout} of {value.dtype} on {value.device}"
            raise _refused(place, got, "real numbers, every one written out", "save dense floating point tensors")
    if sum(8 * value.numel() for value in content.values()) > room():
        raise _refused(place, f"{sum(value.numel() for value in content.values()):,} numbers", "as many as there is room for", "save less")
    found = {_bare(str(name)): value.detach().to(torch.float64).numpy() for name, value in content.items()}
    for name, value in found.items():
        if not np.isfinite(value).all():
            raise _refused(place, f"{name}: {int((~np.isfinite(value)).sum())} values that are NaN or infinite", "numbers", "train it anew")
    return found


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
