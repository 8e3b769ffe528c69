"""Files that can be made again: where they are kept, and how several processes use them and make room at the same time.

The folder is ``$HETSYN_CACHE``, or ``hetsyn-sim`` in the user's cache folder; deleting it is safe.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_ABSENT = (FileNotFoundError, NotADirectoryError)


def kept_folder(part: str = "") -> Path:
    """Where files of one kind are kept: ``kernels`` (generated steps), ``standalone`` (Brian2's programs); without a kind, all of them."""
    own = os.environ.get("HETSYN_CACHE")
    whole = Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hetsyn-sim"
    return whole / part


def mark_used(kept: Path) -> bool:
    """Count a file as used just now; False if it isn't there (any more), which another process may have seen to."""
    try:
        os.utime(kept)  # not touch(), which would make an empty file where another process has just removed one
    except _ABSENT:
        return False
    except PermissionError:  # a folder that somebody else keeps, and this user may only read
        return True
    return True


def take(kept: Path, path: Path) -> bool:
    """Copy a kept file to ``path`` with its permissions and the present time; False if it isn't there (any more)."""
    if not mark_used(kept):
        return False
    try:
        shutil.copy(kept, path)
    except _ABSENT:
        return False
    return True


def make_room(folder: Path, most: int, pattern: str = "*") -> None:
    """Remove all but the ``most`` files of a folder that were used last. Hidden files are other processes' unfinished ones."""
    used = []
    for path in folder.glob(pattern):
        if path.name.startswith(".") or not path.is_file():
            continue
        try:
            used.append((path.stat().st_mtime, path))
        except FileNotFoundError:  # another process makes room, too
            continue
    for _, old in sorted(used, reverse=True)[most:]:
        old.unlink(missing_ok=True)
