"""State dicts: the tensors by their names of a file that ``torch.save`` wrote, with nothing in it run."""

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

from ..data.escape import one_line
from ..data.files import UNREADABLE, available_memory, check_readable
from ..errors import CheckpointError, one_of

#: Where programs put a state dict that they save together with other things.
_WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "network")
#: What wrappers for several devices or for compilation put before every name.
_PREFIXES = ("module.", "_orig_mod.", "model.")
#: What PyTorch says it would not make.
_REFUSED = re.compile(r"GLOBAL ([\w.]+)")
_SAVE = "torch.save(model.state_dict(), 'weights.pth')"


class _LeftOut:
    """Stands where a file has the settings or the scores of a training: nothing of them is made or kept."""

    def __init__(self, *_: object) -> None: ...

    def __setstate__(self, state: object) -> None: ...


#: What programs save beside a state dict; of a class by one of these names, in whatever file, a :class:`_LeftOut` is made.
_BESIDE = ("argparse.Namespace", "numpy.dtype", "numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar")


def read_state_dict(path: str | PathLike[str], which: str | None = None) -> dict[str, NDArray[np.float64]]:
    """The tensors of a file by their names, in float64.

    The file is unpickled by ``torch.load(weights_only=True)``, which makes tensors and plain containers and runs nothing. An
    ``argparse.Namespace`` and numbers of NumPy, which are saved with a state dict at times, are passed over without being made.

    Parameters
    ----------
    path
        The file.
    which
        The name of the state dict, where a file holds several. None: the file itself, or what is in it as ``state_dict``, ``model`` or the
        like.

    Raises
    ------
    CheckpointError
        If the file is missing, not of this kind, holds anything but tensors and plain data, or a value that is no number.
    UnknownNameError
        If it holds no state dict by the name of ``which``.
    """
    place = Path(path)
    check_readable(place, expected="a file that torch.save wrote", error=CheckpointError)
    try:
        with torch.serialization.safe_globals([(_LeftOut, name) for name in _BESIDE]):
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
    if which is not None:
        held = content.items() if isinstance(content, Mapping) else ()
        content = one_of(
            which, {one_line(str(name)): value for name, value in held if isinstance(value, Mapping)}, "state dict", where=str(path)
        )
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
    tensors: dict[str, NDArray[np.float64]] = {}
    for name, value in content.items():
        numbers = value.detach().to(torch.float64).numpy()
        if not np.array_equal(tensors.setdefault(_bare(str(name)), numbers), numbers, equal_nan=True):
            got = f"{name}, which is {_bare(str(name))} with a wrapper's prefix, and another {_bare(str(name))}"
            raise _refused(place, one_line(got), "one tensor of a name, or equal ones", f"save one of the two modules: {_SAVE}")
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
