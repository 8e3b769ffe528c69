"""Progress of a training on stderr: one line per epoch, and none of Lightning's tips, banners and warnings."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


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


def say(line: str) -> None:
    """Write a line to stderr; stdout is for results."""
    print(line, file=sys.stderr, flush=True)


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
