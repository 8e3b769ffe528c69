"""NIR graphs as torch modules whose neurons are those of snnTorch or Norse.

The libraries' own imports know no LI that leads to a Threshold, which is how NIR has HetSynLIF. Here every node becomes a module of the
library, and NIRTorch, the executor that both build on, connects them. What a step keeps and what a spike adds follow the reading of the
graph, so that a graph may be written for any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import nn

from ...errors import one_of, package
from ...spec.quantities import QuantityLike
from .file import nir_package, read_graph
from .importing import reading_of
from .structure import FlatGraph, unsupported
from .vocabulary import SAME_DELAY, WEIGHTS, Array, Reading, kind_of

Step = tuple[torch.Tensor, Any]
#: Nodes that become modules.
KINDS = ("LI", "LIF", "Threshold", "Delay", *WEIGHTS)


class _Leaky(nn.Module):
    """A filter or neuron of a library: what comes in times ``gain``, then the library's step."""

    gain: torch.Tensor

    def __init__(self, cell: nn.Module, gain: Array, *, out: Callable[[Any], Step]) -> None:
        super().__init__()
        self.cell, self._out = cell, out
        self.register_buffer("gain", torch.as_tensor(gain))

    def forward(self, x: torch.Tensor, state: Any = None) -> Step:
        """x (batch, neuron) -> what the neurons put out, and their state."""
        out, state = self._out(self.cell(self.gain * x, state))
        return out.to(x.dtype), state


class _Threshold(nn.Module):
    """1 where v is above the threshold, with a library's surrogate."""

    theta: torch.Tensor

    def __init__(self, theta: Array, spike: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.register_buffer("theta", torch.as_tensor(theta))
        self._spike = spike

    def forward(self, v: torch.Tensor) -> torch.Tensor:
        """v (batch, neuron) -> spikes (batch, neuron)."""
        spikes: torch.Tensor = self._spike(v - self.theta)
        return spikes.to(v.dtype)


def load_nir(
    graph: Any,
    library: str,
    *,
    dt: QuantityLike | None = None,
    reading: str | None = None,
    dtype: torch.dtype = torch.float32,
) -> nn.Module:
    """A NIR graph as a module made of a library's neurons, for what the library's own import does not read.

    Parameters
    ----------
    graph
        A ``nir.NIRGraph``, or the path of a ``.nir`` file: one of ours, or of another program. Understood are Linear, Affine, LI,
        Threshold, LIF, and in loops a Delay of a step.
    library
        ``"snntorch"`` or ``"norse"``. Filters and neurons are ``snntorch.Leaky``, or ``LIBoxCell`` and ``LIFBoxCell``.
    dt, reading
        As for :func:`~hetsyn_sim.exchange.nir.importing.from_nir`: graphs of ours say both themselves.
    dtype
        Of weights, decays and gains.

    Returns
    -------
    torch.nn.Module
        A step per call, as the libraries' own imports return: ``out, state = module(x, state)`` for x (batch, channel), with
        ``state=None`` at the beginning of a recording. Weights are trainable, with the library's surrogate at each threshold.

    Raises
    ------
    BackendError
        If nir, nirtorch or the library is not installed.
    CheckpointError
        If a node is not understood, or a LIF rests or is reset elsewhere than at 0.
    UnknownNameError, ConfigError
        If there is no such library or reading, or dt is needed and not given.
    """
    made: type[_Maker] = one_of(library, LIBRARIES, "library", where="load_nir")
    if isinstance(graph, str | PathLike):
        graph = read_graph(graph)
    how, step = reading_of(graph, dt, reading, str(getattr(graph, "path", "NIRGraph")))
    graph = _flat(graph)
    _check(graph, how, step, library)
    nir, nirtorch = nir_package(), package("nirtorch", "loading NIR graphs into torch", extra="peers", where=library)
    parts = made(how, step, dtype)
    known = {getattr(nir, kind): _named(graph, kind, parts) for kind in KINDS}
    module: nn.Module = nirtorch.nir_to_torch(graph, known, dtype=dtype)
    return module


class _Maker:
    """Makes a module of each kind of node, for one library."""

    def __init__(self, reading: Reading, dt: float, dtype: torch.dtype) -> None:
        self.reading, self.dt, self.dtype = reading, dt, dtype

    def step_of(self, node: Any) -> tuple[Array, Array]:
        """What a step keeps of v, and what a spike of weight 1 adds."""
        tau = np.asarray(node.tau, dtype=np.float64)
        r = np.ones(tau.shape) if self.reading.folded and kind_of(node) == "LIF" else np.asarray(node.r, dtype=np.float64)
        return self.reading.step_of(tau, r, self.dt)

    def Linear(self, node: Any) -> nn.Module:
        """Weights."""
        return self._weights(node, None)

    def Affine(self, node: Any) -> nn.Module:
        """Weights and a bias, which NIRTorch 2.6 would leave at random."""
        return self._weights(node, node.bias)

    def Delay(self, node: Any) -> nn.Module:
        """A loop takes a step by itself in NIRTorch, and that is what a Delay in a loop of ours says."""
        return nn.Identity()

    def _weights(self, node: Any, bias: Any) -> nn.Module:
        linear = nn.Linear(node.weight.shape[1], node.weight.shape[0], bias=bias is not None)
        linear.weight.data = torch.as_tensor(np.array(node.weight)).to(self.dtype)
        if bias is not None:
            linear.bias.data = torch.as_tensor(np.broadcast_to(bias, node.weight.shape[:1]).copy()).to(self.dtype)
        return linear


class _SnnTorch(_Maker):
    def LI(self, node: Any) -> nn.Module:
        snn, (decay, gain) = self._package(), self.step_of(node)
        cell = snn.Leaky(beta=torch.as_tensor(decay), reset_mechanism="none")
        return _Leaky(cell, gain, out=lambda result: (result[1], result[1]))

    def LIF(self, node: Any) -> nn.Module:
        snn, (decay, gain) = self._package(), self.step_of(node)
        theta = torch.as_tensor(np.asarray(node.v_threshold, dtype=np.float64))
        cell = snn.Leaky(beta=torch.as_tensor(decay), threshold=theta, reset_mechanism="zero", reset_delay=False)
        return _Leaky(cell, gain, out=lambda result: result)

    def Threshold(self, node: Any) -> nn.Module:
        self._package()
        from snntorch import surrogate

        return _Threshold(np.asarray(node.threshold, dtype=np.float64), surrogate.atan())

    @staticmethod
    def _package() -> Any:
        return package("snntorch", "loading a graph into snnTorch", extra="peers")


class _Norse(_Maker):
    def LI(self, node: Any) -> nn.Module:
        norse, (decay, gain) = self._package(), self.step_of(node)
        cell = norse.LIBoxCell(norse.LIBoxParameters(tau_mem_inv=self._rate(decay)), dt=self.dt)
        return _Leaky(cell, gain / (1.0 - decay), out=lambda result: result)

    def LIF(self, node: Any) -> nn.Module:
        norse, (decay, gain) = self._package(), self.step_of(node)
        theta = torch.as_tensor(np.asarray(node.v_threshold), dtype=self.dtype)
        cell = norse.LIFBoxCell(norse.LIFBoxParameters(tau_mem_inv=self._rate(decay), v_th=theta), dt=self.dt)
        return _Leaky(cell, gain / (1.0 - decay), out=lambda result: result)

    def Threshold(self, node: Any) -> nn.Module:
        self._package()
        from norse.torch.functional.threshold import threshold

        return _Threshold(np.asarray(node.threshold, dtype=np.float64), lambda v: threshold(v, "super", 100.0))

    def _rate(self, decay: Array) -> torch.Tensor:
        # Norse steps by forward Euler, which keeps 1 - dt/tau; its parameters are no buffers, so `to` passes them by
        return torch.as_tensor((1.0 - decay) / self.dt, dtype=self.dtype)

    @staticmethod
    def _package() -> Any:
        package("norse", "loading a graph into Norse", extra="peers")
        import norse.torch

        return norse.torch


#: The libraries that graphs can be loaded into.
LIBRARIES: Mapping[str, type[_Maker]] = MappingProxyType({"snntorch": _SnnTorch, "norse": _Norse})


def _named(graph: Any, kind: str, maker: _Maker) -> Callable[[Any], nn.Module]:
    """The maker of a kind of node, which refuses what the library's neuron does not have."""

    def make(node: Any) -> nn.Module:
        for key in ("v_leak", "v_reset"):
            if np.any(getattr(node, key, 0.0)):
                name = next((str(name) for name, other in graph.nodes.items() if other is node), kind)
                raise unsupported(name, f"{key} other than 0", f"{key} = 0", "shift the threshold, or use hetsyn import")
        made: nn.Module = getattr(maker, kind)(node)
        return made

    return make


def _flat(graph: Any) -> Any:
    """The graph with its subgraphs opened: NIRTorch 2.6 fails where there are two of them."""
    if not any(kind_of(node) == "NIRGraph" for node in graph.nodes.values()):
        return graph
    flat = FlatGraph(graph)
    names = {name: name.replace("/", "__") for name in flat.nodes}  # names of torch modules
    edges = [(names[a], names[b]) for a, b in flat.edges]
    return nir_package().NIRGraph({names[name]: node for name, node in flat.nodes.items()}, edges, type_check=False)


def _check(graph: Any, reading: Reading, dt: float, library: str) -> None:
    """Nothing but nodes that are understood, and a Delay only where NIRTorch lets a step pass anyway: in a loop."""
    edges = [(str(a), str(b)) for a, b in graph.edges]
    for name, node in graph.nodes.items():
        kind = kind_of(node)
        if kind not in (*KINDS, "Input", "Output"):
            raise unsupported(str(name), kind, ", ".join(sorted(KINDS)), f"use the import of {library} itself")
        elif kind == "Delay":
            within = np.all(np.abs(np.asarray(node.delay) - dt) <= SAME_DELAY * dt)
            if not (reading.delays and within and _reaches(edges, str(name), str(name))):
                got = f"a Delay of {float(np.min(node.delay)):g} s, read as {reading.name!r}"
                raise unsupported(str(name), got, f"a Delay of dt = {dt:g} s in a loop, read as 'ode'", "remove the Delay")


def _reaches(edges: list[tuple[str, str]], start: str, stop: str) -> bool:
    """Whether a way along the edges leads from one node to another."""
    seen: set[str] = set()
    ahead = [b for a, b in edges if a == start]
    while ahead:
        name = ahead.pop()
        if name == stop:
            return True
        if name not in seen:
            seen.add(name)
            ahead += [b for a, b in edges if a == name]
    return False
