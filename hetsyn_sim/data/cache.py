"""A build cache on disk, shared by processes: ``$HETSYN_CACHE``, or ``hetsyn-sim`` in the user's cache folder. Deleting it is safe.

What lies in it is loaded and run as it is. So nothing is used that somebody else may have put there: files and folders belong to this user
or to root (who needs no cache to run code), and nobody else may write to them.
"""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import stat
import tempfile
from pathlib import Path

from ..errors import BackendError

_ABSENT = (FileNotFoundError, NotADirectoryError)
_ANOTHER = "name another folder in the environment variable HETSYN_CACHE"


def cache_folder(part: str = "") -> Path:
    """The folder of one kind of files, ``kernels`` (generated steps) or ``standalone`` (Brian2's programs); without a kind, of all."""
    own = os.environ.get("HETSYN_CACHE")
    root = Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hetsyn-sim"
    return root / part


def check_private(path: Path) -> None:
    """Raise unless a file or folder of the cache, and the folders of the cache that it is in, are this user's alone, or root's.

    Raises
    ------
    BackendError
        If another user owns one of them, or may write to it.
    FileNotFoundError
        If there is nothing by that name.
    """
    for place in (path, *_folders_of(path)):
        about = os.stat(place)
        if about.st_uid not in (0, os.geteuid()):
            got = f"{place}, which belongs to user {about.st_uid}"
        elif about.st_mode & stat.S_IWOTH or (about.st_mode & stat.S_IWGRP and not _is_own_group(about.st_gid)):
            got = f"{place}, to which others may write ({stat.filemode(about.st_mode)})"
        else:
            continue
        raise BackendError(
            "this build cache is not safe: what is in it is run, and somebody else may have changed it",
            where=str(cache_folder()),
            got=got,
            expected="files and folders of this user, or of root, to which nobody else may write",
            remedy=f"remove it, which loses nothing but the time to compile; or {_ANOTHER}",
        )


def make_folder(folder: Path) -> None:
    """Make a folder of the cache, for this user alone; errors as :func:`check_private`, and OSError."""
    for place in reversed([folder, *_folders_of(folder)]):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_private(folder)


def touch(entry: Path) -> bool:
    """Count a file as used just now; False if it isn't there (any more), which another process may have seen to.

    Raises
    ------
    BackendError
        If somebody else may have put it there; see :func:`check_private`.
    """
    try:
        check_private(entry)
        os.utime(entry)  # not Path.touch, which would make an empty file where another process has just removed one
    except _ABSENT:
        return False
    except PermissionError:  # a folder of root's, which this user may only read
        return True
    return True


def fetch(entry: Path, path: Path) -> bool:
    """Copy a file of the cache to ``path`` with its permissions and the present time; False, and errors, as :func:`touch`."""
    if not touch(entry):
        return False
    try:
        shutil.copy(entry, path)
    except _ABSENT:
        return False
    return True


def store(made: Path, entry: Path, most: int, pattern: str = "*") -> None:
    """Copy a finished file into the cache in one piece, and keep at most ``most`` of those like it.

    Raises
    ------
    BackendError
        If it can't be written, or the cache is not this user's alone.
    """
    try:
        make_folder(entry.parent)
        with tempfile.TemporaryDirectory(dir=entry.parent, prefix=".") as unfinished:
            copy = Path(shutil.copy2(made, unfinished))
            copy.chmod(copy.stat().st_mode & ~(stat.S_IWGRP | stat.S_IWOTH))  # a compiler may make files that a group may write
            os.replace(copy, entry)
        evict(entry.parent, most, pattern)
    except OSError as error:
        raise BackendError(
            "what was compiled can't be kept",
            where=str(entry.parent),
            got=f"{type(error).__name__}: {error.strerror or error}",
            expected="a folder that can be written to, with space left",
            remedy=_ANOTHER,
        ) from error


def evict(folder: Path, most: int, pattern: str = "*") -> None:
    """Remove all but the ``most`` files of a folder that were used last. Hidden files are other processes' unfinished ones."""
    used = []
    for path in folder.glob(pattern):
        if path.name.startswith(".") or not path.is_file():
            continue
        try:
            used.append((path.stat().st_mtime, path))
        except FileNotFoundError:  # another process evicts, too
            continue
    for _, old in sorted(used, reverse=True)[most:]:
        old.unlink(missing_ok=True)


def _folders_of(path: Path) -> list[Path]:
    """The folders that a path is in, innermost first, up to that of the whole cache."""
    root = cache_folder()
    return [folder for folder in path.parents if folder == root or root in folder.parents]


def _is_own_group(number: int) -> bool:
    """Whether it is the group of this user alone: many systems give each user such a group, and let it write by default."""
    try:
        group, user = grp.getgrgid(number), pwd.getpwuid(os.geteuid())
    except KeyError:
        return False
    return number == user.pw_gid and group.gr_name == user.pw_name and set(group.gr_mem) <= {user.pw_name}
