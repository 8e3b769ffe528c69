"""Compiled kernels as functions of tensors, through ctypes."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Mapping, Sequence
from ctypes import c_double, c_long, c_void_p

import torch
from torch import Tensor

from ...errors import BackendError
from ..library import openmp_of_torch
from .compiler import compiled
from .layout import Sections
from .source import ABI, Kernel

Tensors = Sequence[Tensor | None]


class Loaded:
    """A kernel that can be run. Tensors must be contiguous and on the CPU."""

    def __init__(self, kernel: Kernel) -> None:
        self.sections: Sections = kernel.sections
        path = compiled(kernel.source)
        try:
            self._library = ctypes.CDLL(str(path))
            if self._library.hetsyn_abi() != ABI:
                raise OSError("of another version")
        except (OSError, AttributeError) as error:
            path.unlink(missing_ok=True)  # the next attempt makes it anew
            raise BackendError(
                "a compiled step can't be loaded",
                where=str(path),
                got=str(error),
                expected="a library made by this version on this machine",
                remedy="try again: it is compiled anew; if that fails, see whether the folder forbids running programs",
            ) from error
        runtime = openmp_of_torch()
        if runtime is not None:
            pointers = (ctypes.cast(f, c_void_p) for f in (runtime.GOMP_parallel, runtime.omp_get_num_threads))
            self._library.hetsyn_use_openmp(*pointers)

    def run(
        self,
        sizes: tuple[int, int, int],
        tensors: Mapping[str, Tensors],
        *,
        fresh: bool,
        reset_gradient: bool = False,
        settings: Sequence[float] = (),
    ) -> None:
        """Fill the tensors that are results. Sections that are left out have no tensors."""
        pointers = (c_void_p * (self.sections.total + 1))()
        for name, group in tensors.items():
            if len(group) != self.sections.counts[name]:
                raise AssertionError(f"{name}: {len(group)} tensors for {self.sections.counts[name]} places")
            for k, tensor in enumerate(group):
                if tensor is not None:
                    assert tensor.is_contiguous(), name
                    pointers[self.sections.begins[name] + k] = tensor.data_ptr()
        numbers = (c_double * 4)(*settings)
        whole = (c_long * 5)(*sizes, fresh, torch.get_num_threads())
        if self._library.hetsyn_run(whole, c_double(reset_gradient), numbers, pointers) != 0:
            raise BackendError(
                "there is not enough memory",
                where="hetsyn_sim.kernels.codegen",
                got="an allocation that failed",
                expected="memory for a few copies of the batch",
                remedy="use a smaller batch",
            )


_lock = threading.Lock()
_loaded: dict[str, Loaded] = {}


def load(kernel: Kernel) -> Loaded:
    """The kernel, compiled if need be; once for a process."""
    with _lock:
        if kernel.source not in _loaded:
            _loaded[kernel.source] = Loaded(kernel)
        return _loaded[kernel.source]
