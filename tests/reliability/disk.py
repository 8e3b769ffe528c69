"""A disk that is full at a chosen byte or a chosen operation. Both are the operating system's doing, not a replaced function."""

from __future__ import annotations

import errno
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_watch: dict[str, Any] = {}


def _is_change(event: str, arguments: tuple[Any, ...]) -> bool:
    """Whether Python is about to change something in the watched folder."""
    if event == "open":
        path, mode, flags = arguments
        changes = bool(flags & _WRITING) or (isinstance(mode, str) and mode[:1] in "wax")
    else:
        path = arguments[0] if arguments else None
        changes = event == "os.rename" or not os.path.isdir(path)  # mkdir asks for folders that are there, and does not mind
    return changes and isinstance(path, str | bytes | Path) and os.fsdecode(path).startswith(_watch["folder"])


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _watch and event in ("open", "os.rename", "os.mkdir") and _is_change(event, arguments):
        _watch["done"] += 1
        if _watch["done"] == _watch["at"]:
            _watch["act"]()


@contextmanager
def at_operation(folder: Path, number: int, act: Callable[[], object] | None = None) -> Iterator[dict[str, Any]]:
    """Before something in the folder is opened for writing, made or renamed for the ``number``-th time: ``act``, or "disk full"."""

    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if "hooked" not in globals():
        sys.addaudithook(_hook)
        globals()["hooked"] = True
    _watch.update(folder=str(folder), at=number, act=act or full, done=0)
    told = {"done": 0}
    try:
        yield told
    finally:
        told["done"] = _watch["done"]
        _watch.clear()


@contextmanager
def no_room_after(n_bytes: int) -> Iterator[None]:
    """No file can be longer than this: the write that would go beyond fails with EFBIG, as Python ignores the signal."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
