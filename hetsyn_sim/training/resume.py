"""The state of an unfinished training as one safetensors file: nested data flattened into tensors and JSON. No pickle, so no code is run.

Where Lightning would call ``torch.save`` it calls :class:`SafetensorsIO`.
"""

from __future__ import annotations

import json
import math
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, Final

import torch
from lightning.fabric.plugins import CheckpointIO
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import save as to_safetensors
from torch import Tensor

from ..data.files import digest_of, reading, write_atomically
from ..errors import CheckpointError

_KEY: Final = "hetsyn_sim_resume"
_VERSION: Final = 1
_TRAIN_ANEW: Final = "train anew with overwrite=True (`hetsyn train --overwrite`), or restore the file from a copy"


def write_state(state: Mapping[str, Any], path: str | PathLike[str]) -> None:
    """Write nested data, complete or not at all.

    Raises
    ------
    CheckpointError
        If it holds anything but dictionaries, lists, tuples, tensors, numbers, texts, booleans and None.
    """
    tensors: dict[str, Tensor] = {}
    tree = {"version": _VERSION, "state": _flatten(state, tensors, "state")}
    text = json.dumps({**tree, "sha256": _digest(tree, tensors)}, allow_nan=False)
    write_atomically(path, to_safetensors(tensors, metadata={_KEY: text}))


def read_state(path: str | PathLike[str], *, remedy: str = _TRAIN_ANEW) -> dict[str, Any]:
    """Read what :func:`write_state` wrote, tensors on the CPU; ``remedy`` says what to do if it can't be read.

    Raises
    ------
    CheckpointError
        If the file is truncated, foreign or of another version.
    """
    what = "the state to resume from can't be read: it is truncated or was not written by hetsyn-sim"
    expected = "the resume file of an interrupted training or search"
    with interrupts_wait(), reading(path, what, expected=expected, remedy=remedy, error=CheckpointError):
        with safe_open(path, framework="pt") as file:
            tree = json.loads((file.metadata() or {})[_KEY])
            if tree["version"] != _VERSION:
                raise ValueError(f"layout version {tree['version']}, but this hetsyn-sim reads {_VERSION}")
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
        if "sha256" in tree and tree["sha256"] != _digest(tree, tensors):
            raise ValueError("its content has another SHA-256 than when it was written")
        state = _rebuild(tree["state"], tensors)
        if not isinstance(state, dict):
            raise TypeError(f"a state that is {type(state).__name__}")
        return state


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Ctrl-C takes effect at the end. Inside of torch it would look like a broken file: torch takes it for a failed conversion."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)
        if came:
            signal.raise_signal(signal.SIGINT)


def _digest(tree: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 of all that a file holds."""
    parts: list[str | NDArray[Any]] = [json.dumps({name: tree[name] for name in ("version", "state")})]
    for key in sorted(tensors):
        tensor = tensors[key].contiguous()
        parts += [f"\n{key} {tensor.dtype} {tuple(tensor.shape)}\n", tensor.reshape(-1).view(torch.uint8).numpy()]
    return digest_of(parts)


class SafetensorsIO(CheckpointIO):
    """Lightning's reading and writing of its state, through :func:`write_state` and :func:`read_state`."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | PathLike[str], storage_options: Any | None = None) -> None:
        write_state(checkpoint, path)

    def load_checkpoint(self, path: str | PathLike[str], map_location: Any = None, weights_only: bool | None = None) -> dict[str, Any]:
        return read_state(path)

    def remove_checkpoint(self, path: str | PathLike[str]) -> None:
        Path(path).unlink(missing_ok=True)


# Numbers, texts, booleans and None stand for themselves; everything else is an object with one key that says what it is. JSON would turn
# the keys of dictionaries into texts, and tuples into lists.


def _flatten(value: Any, tensors: dict[str, Tensor], where: str) -> Any:
    if isinstance(value, Tensor):
        name = f"{len(tensors):06d}"
        tensors[name] = value.detach().to("cpu", copy=True).contiguous()  # a copy: tensors that share memory can't be written
        return {"tensor": name}
    if value is None or type(value) in (bool, int, str):
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": str(value)}
    if isinstance(value, Mapping):
        return {"dict": [[_flatten(k, tensors, where), _flatten(v, tensors, f"{where}[{k!r}]")] for k, v in value.items()]}
    if type(value) in (list, tuple):
        return {type(value).__name__: [_flatten(v, tensors, f"{where}[{i}]") for i, v in enumerate(value)]}
    raise CheckpointError(
        "the state of the training holds something that can't be written as plain data",
        where=where,
        got=type(value).__name__,
        expected="dictionaries, lists, tuples, tensors, numbers, texts, booleans, None",
        remedy="keep it out of the state, or convert it; nothing is pickled here",
    )


def _rebuild(tree: Any, tensors: Mapping[str, Tensor]) -> Any:
    if not isinstance(tree, dict):
        return tree
    ((kind, content),) = tree.items()
    if kind == "tensor":
        return tensors[content]
    if kind == "float":
        return float(content)
    if kind == "dict":
        return {_rebuild(k, tensors): _rebuild(v, tensors) for k, v in content}
    if kind not in ("list", "tuple"):
        raise ValueError(f"unknown kind {kind!r}")
    items = [_rebuild(v, tensors) for v in content]
    return tuple(items) if kind == "tuple" else items
