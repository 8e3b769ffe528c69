"""The compiled kernels: found, checked and called through their C interface (``csrc/api.cpp``).

One small library per instruction set lies beside this file, if the package's build found a compiler. Without them everything works in plain
torch, more slowly, and says so once.
"""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Sequence
from ctypes import POINTER, Structure, c_double, c_int, c_long, c_void_p
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from ..errors import BackendError, BackendWarning, DataError

#: Instruction sets, the least demanding first. ``baseline`` is what every processor of the architecture has (SSE2, NEON).
LEVELS = ("baseline", "avx2", "avx512")
#: Version of the C interface; see ``hetsyn_abi`` in ``csrc/api.cpp``.
ABI = 5
FOLDER = Path(__file__).parent

_SUFFIX = {torch.float32: "f32", torch.float64: "f64"}
_STATUS_OUT_OF_MEMORY, _STATUS_NOT_FINITE = 1, 2


class _Paths(Structure):
    """``hetsyn::ScanPaths``."""

    _fields_ = [
        *((name, c_long) for name in ("n_synaptic", "n_shared", "n_resets")),
        *((name, POINTER(c_void_p)) for name in ("synaptic_w", "synaptic_rho", "shared_w", "shared_rho", "reset_a", "reset_rho")),
    ]


class _Gradients(Structure):
    """``hetsyn::ScanGradients``."""

    _fields_ = [("d", c_void_p), ("theta", c_void_p), ("reset_a", POINTER(c_void_p)), ("reset_rho", POINTER(c_void_p))]


class Library:
    """The kernels of one instruction set. Tensors must be contiguous, on the CPU, and of one floating-point type."""

    def __init__(self, path: Path) -> None:
        self.level = path.stem.removeprefix("_")
        self._functions = ctypes.CDLL(str(path))
        if self._functions.hetsyn_abi() != ABI:
            raise OSError(f"{path.name} is of another version of hetsyn-sim")
        runtime = openmp_of_torch()
        if runtime is not None:
            self._functions.hetsyn_use_openmp(*(ctypes.cast(f, c_void_p) for f in (runtime.GOMP_parallel, runtime.omp_get_num_threads)))

    def _call(self, name: str, dtype: torch.dtype, *arguments: object) -> None:
        status = getattr(self._functions, f"hetsyn_{name}_{_SUFFIX[dtype]}")(*arguments, c_int(torch.get_num_threads()))
        if status == _STATUS_NOT_FINITE:
            raise DataError(
                "the input is not finite",
                where=f"hetsyn::{name}",
                got="NaN in v_in" if name in ("scan", "late_scan", "expanded_scan") else "NaN or infinity in x",
                expected="finite numbers",
                remedy="look for the first layer or recording in which it appears",
            )
        if status == _STATUS_OUT_OF_MEMORY:
            raise BackendError(
                "there is not enough memory",
                where=f"hetsyn::{name}",
                got="an allocation that failed",
                expected="memory for a few copies of the batch",
                remedy="use a smaller batch",
            )

    def filter(self, x: Tensor, w: Tensor, rho: Tensor, v: Tensor) -> None:
        """v from x (time, batch, pre), w and rho (post, pre)."""
        self._call("filter", x.dtype, *_pointers(x, w, rho, v), *map(c_long, (*x.shape, w.shape[0])))

    def filter_backward(
        self, g: Tensor, x: Tensor, w: Tensor, rho: Tensor, dx: Tensor | None, dw: Tensor | None, drho: Tensor | None
    ) -> None:
        """The gradients that are not None."""
        self._call("filter_backward", x.dtype, *_pointers(g, x, w, rho, dx, dw, drho), *map(c_long, (*x.shape, w.shape[0])))

    @property
    def has_delays(self) -> bool:
        """Whether the kernels of late events are among them: those of an older build have none, or others."""
        return hasattr(self._functions, "hetsyn_late_scan_gradients_f32")

    def late_filter(self, x: Tensor, w: Tensor, rho: Tensor, delay: Tensor, v: Tensor) -> None:
        """v from x (time, batch, pre); w, rho and delay, in steps, (post, pre)."""
        self._call("late_filter", x.dtype, *_pointers(x, w, rho, delay, v), *map(c_long, (*x.shape, w.shape[0])))

    def late_filter_backward(
        self,
        g: Tensor,
        x: Tensor,
        w: Tensor,
        rho: Tensor,
        delay: Tensor,
        dx: Tensor | None,
        of_synapses: tuple[Tensor, Tensor, Tensor | None] | None,
    ) -> None:
        """The gradients that are not None: of x; of w and rho, and of delay."""
        pointers = _pointers(g, x, w, rho, delay, dx, *(of_synapses or (None, None, None)))
        self._call("late_filter_backward", x.dtype, *pointers, *map(c_long, (*x.shape, w.shape[0])))

    def late_scan(self, v_in: Tensor, paths: ScanPaths, delay: Tensor, theta: Tensor, z: Tensor, v: Tensor) -> None:
        """z and v from v_in (time, batch, neuron), with a delay (post, pre) for the synaptic paths."""
        self._call("late_scan", v_in.dtype, *_pointers(v_in), paths.reference, *_pointers(delay, theta, z, v), *map(c_long, v_in.shape))

    def late_scan_gradients(
        self,
        dz: Tensor | None,
        dv: Tensor | None,
        v: Tensor,
        z: Tensor,
        paths: ScanPaths,
        delay: Tensor,
        theta: Tensor,
        surrogate: int,
        settings: Sequence[float],
        d: Tensor,
        dtheta: Tensor,
        resets: Sequence[tuple[Tensor, Tensor]],
    ) -> None:
        """:meth:`scan_backward` with a delay (post, pre) for the synaptic paths."""
        numbers, out = (c_double * 4)(*settings), _gradients(d, dtheta, resets)
        arguments = (*_pointers(v, z, dz, dv), paths.reference, *_pointers(delay, theta), c_int(surrogate), numbers, ctypes.byref(out))
        self._call("late_scan_gradients", v.dtype, *arguments, *map(c_long, v.shape))

    def expanded_filter(self, x: Tensor, w: Tensor, rho: Tensor, nodes: object, v: Tensor, bits: Tensor) -> None:
        """v through shared decays, and where x has events; ``nodes`` are as :func:`expansion_ops.in_c` makes them."""
        self._call("expanded_filter", x.dtype, *_pointers(x, w, rho), nodes, *_pointers(v, bits), *map(c_long, (*x.shape, w.shape[0])))

    def expanded_gradients(
        self, g: Tensor, x: Tensor, w: Tensor, rho: Tensor, nodes: object, bits: Tensor, marked: bool, dw: Tensor, drho: Tensor
    ) -> None:
        """The gradients of w and rho through shared decays. Unless ``marked``, bits are written."""
        arguments = (*_pointers(g, x, w, rho), nodes, *_pointers(bits), c_int(marked), *_pointers(dw, drho))
        self._call("expanded_gradients", x.dtype, *arguments, *map(c_long, (*x.shape, w.shape[0])))

    def expanded_scan(self, v_in: Tensor, paths: ScanPaths, nodes: object, theta: Tensor, z: Tensor, v: Tensor) -> None:
        """:meth:`scan` with the synaptic paths through shared decays, whose nodes are given one path after another."""
        self._call("expanded_scan", v_in.dtype, *_pointers(v_in), paths.reference, nodes, *_pointers(theta, z, v), *map(c_long, v_in.shape))

    def scan(self, v_in: Tensor, paths: ScanPaths, theta: Tensor, z: Tensor, v: Tensor) -> None:
        """z and v from v_in (time, batch, neuron)."""
        self._call("scan", v_in.dtype, *_pointers(v_in), paths.reference, *_pointers(theta, z, v), *map(c_long, v_in.shape))

    def scan_backward(
        self,
        dz: Tensor | None,
        dv: Tensor | None,
        v: Tensor,
        z: Tensor,
        paths: ScanPaths,
        theta: Tensor,
        surrogate: int,
        settings: Sequence[float],
        d: Tensor,
        dtheta: Tensor,
        resets: Sequence[tuple[Tensor, Tensor]],
    ) -> None:
        """d, dtheta and the gradients of the resets' amplitudes and decays."""
        numbers, out = (c_double * 4)(*settings), _gradients(d, dtheta, resets)
        arguments = (*_pointers(v, z, dz, dv), paths.reference, *_pointers(theta), c_int(surrogate), numbers, ctypes.byref(out))
        self._call("scan_backward", v.dtype, *arguments, *map(c_long, v.shape))

    def leaky(self, drive: Tensor, decay: Tensor, out: Tensor, *, reverse: bool) -> None:
        """One state per neuron, forwards or backwards in time."""
        self._call("leaky", drive.dtype, *_pointers(drive, decay, out), *map(c_long, drive.shape), c_int(reverse))


class ScanPaths:
    """The paths of a population's own spikes, as C sees them: recurrent per synapse, recurrent with one decay per neuron, resets."""

    def __init__(
        self,
        synaptic: Sequence[tuple[Tensor, Tensor]],
        shared: Sequence[tuple[Tensor, Tensor]],
        resets: Sequence[tuple[Tensor, Tensor]],
    ) -> None:
        groups = (synaptic, shared, resets)
        arrays = [_array([pair[k] for pair in group]) for group in groups for k in (0, 1)]
        self._kept = (groups, arrays)  # the pointers are valid as long as this lives
        self.reference = ctypes.byref(_Paths(*map(len, groups), *arrays))


@cache
def openmp_of_torch() -> ctypes.CDLL | None:
    """The OpenMP runtime that torch's wheel brings and has loaded. The kernels run on its threads, which else would be in their way."""
    home = Path(torch.__file__).parent
    for folder, name in ((home / "lib", "libgomp*.so*"), (home.parent / "torch.libs", "libgomp*.so*"), (home / "lib", "libiomp5*.so*")):
        for path in folder.glob(name):
            runtime = ctypes.CDLL(str(path))
            if hasattr(runtime, "GOMP_parallel") and hasattr(runtime, "omp_get_num_threads"):
                return runtime
    return None


def _pointers(*tensors: Tensor | None) -> list[c_void_p]:
    return [c_void_p(None if tensor is None else tensor.data_ptr()) for tensor in tensors]


def _gradients(d: Tensor, dtheta: Tensor, resets: Sequence[tuple[Tensor, Tensor]]) -> _Gradients:
    return _Gradients(d.data_ptr(), dtheta.data_ptr(), _array([a for a, _ in resets]), _array([rho for _, rho in resets]))


def _array(tensors: Sequence[Tensor]) -> ctypes.Array[c_void_p]:
    return (c_void_p * max(1, len(tensors)))(*(tensor.data_ptr() for tensor in tensors))


def find_library(level: str, folder: Path = FOLDER) -> Library:
    """The kernels built for ``level``.

    Raises
    ------
    OSError
        If they were not built, can't be loaded, or are of another version.
    """
    path = folder / f"_{level}.so"
    if not path.is_file():
        raise OSError(f"{path.name} was not built")
    return Library(path)


@cache
def best_library(folder: Path = FOLDER) -> Library | None:
    """The fastest kernels that this processor runs; None, after one warning, if there are none."""
    try:
        baseline = find_library("baseline", folder)
        for level in reversed(LEVELS[: baseline._functions.hetsyn_processor_level() + 1]):
            if (folder / f"_{level}.so").is_file():
                return find_library(level, folder)
        return baseline
    except OSError as error:
        warnings.warn(
            f"the compiled kernels can't be used ({error}): training works in plain torch, several times slower. "
            "Install a C++ compiler and reinstall hetsyn-sim to build them.",
            BackendWarning,
            stacklevel=2,
        )
        return None


def library() -> Library | None:
    """The kernels in use."""
    return best_library()


def compiled() -> Library:
    """The kernels, where a back end has been chosen that needs them."""
    found = library()
    assert found is not None, "chosen only where there is one"
    return found


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def has_library() -> bool:
    """Whether there are kernels; for torch.compile, which can't trace how they are found, a constant."""
    return library() is not None


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def has_delays() -> bool:
    """Whether there are kernels of events that arrive late."""
    found = library()
    return found is not None and found.has_delays
