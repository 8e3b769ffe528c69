"""Progress of a training: one line per epoch, a line of the time left that changes, and none of Lightning's tips, banners and warnings.

On stderr, since stdout is for results; but in a notebook, which shows stderr in red, as ordinary output.
"""

from __future__ import annotations

import logging
import shutil
import sys
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

#: Seconds until the first line of a status that is written to a file, and between two of them.
_FIRST: Final = 5.0
_BETWEEN: Final = 60.0


@contextmanager
def quiet() -> Iterator[None]:
    """Lightning's loggers at ERROR and its warnings off, inside; as they were, afterwards."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric", "lightning")]
    before = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"(lightning|torch\.(optim|utils\.data|distributed))(\..*)?")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def on_terminal() -> bool:
    """Whether stderr is a terminal."""
    return sys.stderr.isatty()


def in_notebook() -> bool:
    """Whether this is a kernel of Jupyter, whose output is a page."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return getattr(shell, "kernel", None) is not None


def say(line: str) -> None:
    """Write a line to stderr; in a notebook to stdout."""
    print(line, file=sys.stdout if in_notebook() else sys.stderr, flush=True)


class Status:
    """One line that changes: in place on a terminal and in a notebook, elsewhere as a new line once a minute."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._shown = ""
        self._next = time.monotonic() + _FIRST

    def show(self, text: str) -> None:
        """Replace what was shown by this."""
        if in_notebook():
            self._display(text)
        elif on_terminal():
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{text[:width]}\x1b[K", end="", file=sys.stderr, flush=True)
        elif time.monotonic() >= self._next:
            self._next = time.monotonic() + _BETWEEN
            say(text)
        self._shown = text

    def clear(self) -> None:
        """Make room for a line. In a notebook lines come below what is shown, which has a place of its own."""
        if self._shown and not in_notebook() and on_terminal():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
            self._shown = ""

    def end(self) -> None:
        """Take away what is shown."""
        self.clear()
        if self._shown and in_notebook():
            self._display("")
        self._shown = ""

    def _display(self, text: str) -> None:
        display = sys.modules["IPython"].display.display
        content = {"text/plain": text}
        if self._handle is None:
            self._handle = display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)


def epoch_line(row: Mapping[str, float], epochs: int) -> str:
    """One epoch in one line."""
    parts = [
        f"epoch {row['epoch']:>{len(str(epochs))}.0f}/{epochs}",
        f"loss {row['train_loss']:.3f}",
    ]
    if "train_accuracy" in row:
        parts.append(f"train {row['train_accuracy']:6.1%}")
    if "validation_accuracy" in row:
        parts.append(f"validation {row['validation_accuracy']:6.1%}")
    return "  ".join([*parts, f"rate {row['rate_hz']:.1f} Hz", f"{row['seconds']:.1f} s"])


def duration(seconds: float) -> str:
    """A time to wait in the unit that fits: ``40 s``, ``3 min``, ``2.5 h``."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.1f} h"
