"""Typed errors. Each one says what is wrong, where, what was met, what was expected, and what to do about it."""

from __future__ import annotations

__all__ = [
    "BackendError",
    "BackendWarning",
    "CheckpointError",
    "ConfigError",
    "DataError",
    "DivergedError",
    "DtMismatchError",
    "HetSynError",
    "SpecError",
    "TransferError",
    "UnknownNameError",
    "WriteError",
]


class HetSynError(Exception):
    """Base of every error that hetsyn-sim raises on purpose.

    Parameters
    ----------
    what
        One sentence: what is wrong.
    where
        The place it was found: a file, a model, an equation, a parameter.
    got, expected
        What was met and what would have been right.
    remedy
        What the user can do about it.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        got: object = None,
        expected: object = None,
        remedy: str = "",
    ) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.got = got
        self.expected = expected
        self.remedy = remedy

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where:    {self.where}")
        if self.got is not None:
            lines.append(f"  got:      {self.got if self.got != '' else repr(self.got)}")
        if self.expected is not None:
            lines.append(f"  expected: {self.expected}")
        if self.remedy:
            lines.append(f"  remedy:   {self.remedy}")
        return "\n".join(lines)


class SpecError(HetSynError, ValueError):
    """A neuron model or a network description that breaks a rule."""


class UnknownNameError(SpecError, LookupError):
    """A name (model, parameter, task, device ...) that nothing is registered under."""


class DataError(HetSynError, ValueError):
    """Recordings, spikes or files whose content can't be used as it is."""


class DtMismatchError(DataError):
    """Two things that must share a time step do not."""


class CheckpointError(HetSynError, ValueError):
    """A checkpoint that is missing, truncated, foreign or inconsistent."""


class ConfigError(HetSynError, ValueError):
    """A training configuration that can't be read or is out of range."""


class DivergedError(ConfigError):
    """A training whose loss is no longer a finite number."""


class TransferError(HetSynError, ValueError):
    """A network that can't be expressed in the simulator it was sent to."""


class BackendError(HetSynError, RuntimeError):
    """A device, compiler or library that is needed here and not available."""


class WriteError(HetSynError, OSError):
    """A file that can't be written: no space, no permission, or something else in its place. What was there before is still there."""


class BackendWarning(UserWarning):
    """Something works, but more slowly than it could."""
