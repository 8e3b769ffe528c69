"""Which program loads a graph that was written, and by which call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: Nodes of a neuron; the rest are weights and the ends of the graph, which every reader knows.
_NEURONS = frozenset({"IF", "LI", "LIF", "CubaLI", "CubaLIF", "Threshold", "Delay"})


@dataclass(frozen=True)
class Reader:
    """A program's own import of NIR, as of the version that ``benchmarks/nir_peers.py`` was run with.

    Attributes
    ----------
    name, call
        The program, and what is called with the graph.
    nodes
        The neurons that it knows.
    readings
        For which of :data:`~hetsyn_sim.exchange.nir.vocabulary.READINGS` a graph has to be written so that its step is ours.
    """

    name: str
    call: str
    nodes: frozenset[str]
    readings: tuple[str, ...]

    def obstacle(self, kinds: Iterable[str], reading: str) -> str:
        """Why a graph of these kinds of nodes does not load, or loads as another network; empty if it loads."""
        unknown = sorted((set(kinds) & _NEURONS) - self.nodes)
        if unknown:
            return f"knows no {', '.join(unknown)}"
        return "" if reading in self.readings else f"steps otherwise: --reading {' or '.join(self.readings)}"


#: Where spikes are filtered before a threshold, `load_nir` is what loads the graph into a library.
READERS = (
    Reader("snnTorch", "snntorch.import_nir.import_from_nir(graph)", frozenset({"IF", "LIF", "CubaLIF"}), ("snntorch",)),
    Reader("Norse", "norse.torch.from_nir(graph, dt=...)", frozenset({"IF", "LIF", "CubaLIF"}), ("norse",)),
    Reader("sparx", "sparx.nir.from_nir(graph, dt=..., discretization=...)", frozenset({"IF", "LI", "LIF"}), ("held", "euler")),
)
_OURS = frozenset({"LI", "LIF", "Threshold", "Delay"})


def loads_in(kinds: Iterable[str], reading: str) -> Mapping[str, str]:
    """For each program, the call that loads a graph of these kinds of nodes, or why none does.

    Examples
    --------
    >>> loads_in(["Input", "Linear", "LI", "Threshold", "Output"], "euler")["Norse"]
    'load_nir(graph, "norse"); its own import knows no LI, Threshold'
    """
    kinds = list(kinds)
    found = {"hetsyn-sim": "hetsyn_sim.exchange.from_nir(graph); hetsyn import"}
    for reader in READERS:
        obstacle = reader.obstacle(kinds, reading)
        by_us = f'load_nir(graph, "{reader.name.lower()}")'
        if not obstacle:
            found[reader.name] = reader.call
        elif reader.name in ("snnTorch", "Norse") and not (set(kinds) & _NEURONS) - _OURS:
            found[reader.name] = f"{by_us}; its own import {obstacle}"
        else:
            found[reader.name] = f"no: it {obstacle}"
    return found
