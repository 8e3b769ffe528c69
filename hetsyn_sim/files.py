"""Writing a file so that it appears complete or not at all."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["json_text", "remove_leftovers", "write_atomically"]


def write_atomically(path: str | os.PathLike[str], content: bytes | str) -> Path:
    """Write ``content`` to ``path``; folders are made. Whoever looks sees the old file or the new one, never a part.

    The content goes to a temporary file in the same folder, is flushed to the disk and then renamed, which the operating system does in
    one go. After a crash or a power cut in between, the old file is still there.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


def remove_leftovers(folder: str | os.PathLike[str]) -> None:
    """Remove the temporary files of :func:`write_atomically` that processes left in ``folder`` when they were killed while writing."""
    for temporary in Path(folder).glob(".*.tmp"):
        owner = temporary.name.split(".")[-2]
        if owner.isdigit() and not _is_running(int(owner)):
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
