"""What a case is, and what is asked of every one: a typed error in five parts, in little time and memory, and nothing else happens."""

from __future__ import annotations

import hashlib
import re
import resource
import signal
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hetsyn_sim.cli.app import app
from hetsyn_sim.data.files import used_memory
from hetsyn_sim.errors import HetSynError

#: The machine is shared and may be slow; the slowest case takes a second. What hangs would hang for ever.
SECONDS = 30.0
#: What a case may ask for over what the process has already. The largest valid file here has a few kilobytes.
MEMORY = 1 << 28


@dataclass(frozen=True)
class Entry:
    """A way into the package: what reads a file or takes a value, and the command that does the same."""

    call: Callable[[Any], object]
    verb: Callable[[Any], list[object]] | None = None


@dataclass(frozen=True)
class Case:
    """An input that can't be used: ``spoil`` makes it in an empty folder, and returns what the entry is called with."""

    entry: str
    how: str
    spoil: Callable[[Path], Any]
    error: type[HetSynError]
    message: str
    at_command_line: bool = field(default=True, kw_only=True)  # whether the command of this entry has to refuse it, too

    @property
    def name(self) -> str:
        return f"{self.entry}: {self.how}"


class TooSlow(BaseException):
    """Not an Exception, so that nothing takes it for a damaged file."""


@contextmanager
def bounded(seconds: float = SECONDS, memory: int = MEMORY) -> Iterator[None]:
    """Time and memory for what is inside."""

    def stop(*_: object) -> None:
        raise TooSlow(f"still busy after {seconds} s")

    handler, limits = signal.signal(signal.SIGALRM, stop), resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used_memory() + memory, limits[1]))
    before = signal.setitimer(signal.ITIMER_REAL, seconds)  # pytest-timeout may have set one
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, *before)
        signal.signal(signal.SIGALRM, handler)
        resource.setrlimit(resource.RLIMIT_AS, limits)


def snapshot(folder: Path) -> dict[str, str]:
    """Everything in a folder, down to the bytes; links are not followed, pipes and devices not opened."""
    found = {}
    for path in sorted(folder.rglob("*")):
        about = path.lstat()
        kind = stat.S_IFMT(about.st_mode)
        content = ""
        if kind == stat.S_IFLNK:
            content = str(path.readlink())
        elif kind == stat.S_IFREG:  # of a sparse file of a terabyte only the beginning
            with open(path, "rb") as file:
                content = f"{about.st_size} {hashlib.sha256(file.read(1 << 24)).hexdigest()}"
        found[str(path.relative_to(folder))] = f"{stat.filemode(about.st_mode)} {content}"
    return found


def five_parts(error: HetSynError) -> None:
    """Every part says something."""
    assert error.what.strip()
    for part in ("where", "got", "expected", "remedy"):
        assert re.search(rf"^  {part}: +\S", str(error), re.MULTILINE), f"without {part}: {error}"


def refused_by_command(words: Iterable[object]) -> str:
    """What ``hetsyn`` says on stderr of words that make no sense; anything but a planned end is an error of the test."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.stderr


def hold(case: Case, entry: Entry, folder: Path) -> None:
    """Raise unless the case is refused as it should be, by the library and by the command line."""
    target = case.spoil(folder)
    before = snapshot(folder.parent)
    with pytest.raises(case.error, match=case.message) as caught, bounded():
        entry.call(target)
    five_parts(caught.value)
    assert snapshot(folder.parent) == before
    if entry.verb is None or not case.at_command_line:
        return
    with bounded():
        said = refused_by_command(entry.verb(target))
    assert all(f"  {part}:" in said for part in ("where", "got", "expected", "remedy")), said
    assert snapshot(folder.parent) == before
