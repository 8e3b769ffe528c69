"""Writing a file so that it appears complete or not at all."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import WriteError

#: The name that a file has while it is written; the owner is a process.
_TEMPORARY = re.compile(r"\.(?P<name>.+)\.(?P<owner>[0-9]{1,9})\.tmp", re.DOTALL)


def write_atomically(path: str | os.PathLike[str], content: bytes | str) -> Path:
    """Write ``content`` to ``path``; folders are made. Whoever looks sees the old file or the new one, never a part.

    The content goes to a temporary file in the same folder, is flushed to the disk and then renamed, which the operating system does in
    one go. After a crash or a power cut in between, the old file is still there, and what is left of the new one goes with the next write
    of that file. A link stays a link: the file that it points to is the one that is written.

    Raises
    ------
    WriteError
        If it can't be written, or if something else than a file is there, such as a device or a pipe. No part of it is left.
    """
    path = Path(path)
    try:
        place = Path(os.path.realpath(path))
        if place.is_symlink() or (place.exists() and not place.is_file()):  # what is a link now is one that leads to itself
            kind = "a link that leads nowhere" if place.is_symlink() else "a folder" if place.is_dir() else "a device, a pipe or a socket"
            raise _unwritable(path, kind)
        place.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(place.parent, place.name)
        temporary = place.with_name(f".{place.name}.{os.getpid()}.tmp")
        try:
            with open(temporary, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, place)
        finally:
            temporary.unlink(missing_ok=True)
    except (OSError, ValueError) as error:  # a ValueError: a path with a null byte, a text with half a character
        if isinstance(error, WriteError):
            raise
        raise _unwritable(path, f"{type(error).__name__}: {getattr(error, 'strerror', None) or error}") from error
    return path


def _unwritable(path: Path, got: str) -> WriteError:
    return WriteError(
        "this file can't be written",
        where=str(path),
        got=got,
        expected="the path of a file, in a folder that can be written to, with space left",
        remedy="make room, or choose another path; what was there before is unchanged",
    )


def remove_leftovers(folder: str | os.PathLike[str], name: str = "") -> None:
    """Remove the temporary files of :func:`write_atomically` that processes left in ``folder`` when they were killed while writing.

    Those of one file, if there is a ``name``; of every file otherwise.
    """
    try:
        there = list(Path(folder).glob(".*.tmp"))
    except OSError:  # a folder that can't be looked into: whoever writes into it says so
        return
    for temporary in there:
        match = _TEMPORARY.fullmatch(temporary.name)
        if match is not None and name in ("", match["name"]) and not _is_running(int(match["owner"])):
            temporary.unlink(missing_ok=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)  # signal 0 only asks
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def json_text(content: Mapping[str, Any]) -> str:
    """Plain data as a JSON text. JSON has no infinity and no NaN: they are written as texts."""
    return json.dumps(_finite(content), indent=2, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
