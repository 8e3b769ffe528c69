"""Torch and Lightning in general: precision and device of parameters, modules without state, tensors made on demand, global settings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ..errors import BackendError


class UniformModule(nn.Module):
    """A module whose parameters and buffers all have one precision and are on one device."""

    @property
    def dtype(self) -> torch.dtype:
        """The precision of its parameters."""
        return next(iter((*self.parameters(), *self.buffers()))).dtype

    @property
    def device(self) -> torch.device:
        """Where its parameters are."""
        return next(iter((*self.parameters(), *self.buffers()))).device


class OnlyOutput(nn.Module):
    """A layer or network for ``nn.Sequential``: hands on one tensor and no state, so that every call begins at rest.

    Parameters
    ----------
    module
        Whatever returns (output, state). It stays reachable as ``module``.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        """From (time, batch, pre) to (time, batch, post)."""
        out: Tensor = self.module(x)[0]
        return out


class MadeOnDemand(Mapping[str, Tensor]):
    """Tensors by name, each made when it is asked for.

    Parameters
    ----------
    names
        Of all that there are.
    make
        The tensor of a name.
    """

    def __init__(self, names: Collection[str], make: Callable[[str], Tensor]) -> None:
        self._names, self._make = names, make

    def __getitem__(self, name: str) -> Tensor:
        return self._make(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@contextmanager
def in_evaluation(module: nn.Module) -> Iterator[None]:
    """Evaluation mode inside; afterwards the mode that was before."""
    was_training = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(was_training)


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Parameters made inside have this precision."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextmanager
def torch_state_kept(num_threads: int | None = None) -> Iterator[None]:
    """Run with so many threads (None: as before); afterwards torch's generator, threads and switches are as they were."""
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    try:
        if num_threads is not None:
            torch.set_num_threads(num_threads)
        with torch.random.fork_rng():
            yield
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(deterministic)


def import_lightning() -> None:
    """Import Lightning, which only a training needs.

    Raises
    ------
    BackendError
        If that fails. Lightning imports torchvision and torchaudio where they are installed, which fails if they are of another build.
    """
    try:
        import lightning.pytorch  # noqa: F401 - for its import
    except Exception as problem:  # a RuntimeError, an OSError or an AttributeError, whatever a foreign build raises
        raise BackendError(
            "Lightning, which trains, can't be imported",
            where="lightning.pytorch",
            got=f"{type(problem).__name__}: {' '.join(str(problem).split())}",
            expected="Lightning, and of torchvision and torchaudio none, or those that belong to this torch and its build (CPU or CUDA)",
            remedy="pip uninstall torchvision torchaudio, which nothing here needs; or install them from where this torch came from",
        ) from problem
