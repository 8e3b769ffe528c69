"""A NIR graph as one level: nodes by name and edges, with subgraphs opened."""

from __future__ import annotations

from typing import Any


class FlatGraph:
    """Nodes by name and edges, with subgraphs opened and everything that only hands on taken out."""

    def __init__(self, graph: Any) -> None:
        self.nodes: dict[str, Any] = {}
        self.edges: list[tuple[str, str]] = []
        self._open(graph, "")
        top = set(graph.nodes)
        inner = [name for name, node in self.nodes.items() if kind_of_node(node) in ("Input", "Output") and name not in top]
        for name in inner:
            into, out = self.into(name), self.out(name)
            self.edges = [edge for edge in self.edges if name not in edge] + [(a, b) for a in into for b in out]
            del self.nodes[name]
        self.edges = list(dict.fromkeys(self.edges))

    def _open(self, graph: Any, prefix: str) -> None:
        ends: dict[str, dict[str, list[str]]] = {}
        for name, node in graph.nodes.items():
            if kind_of_node(node) == "NIRGraph":
                self._open(node, f"{prefix}{name}/")
                inner = {
                    kind: [f"{prefix}{name}/{n}" for n, m in node.nodes.items() if kind_of_node(m) == kind] for kind in ("Input", "Output")
                }
                ends[name] = inner
            else:
                self.nodes[f"{prefix}{name}"] = node
        for a, b in graph.edges:
            starts = ends[a]["Output"] if a in ends else [f"{prefix}{a}"]
            stops = ends[b]["Input"] if b in ends else [f"{prefix}{b}"]
            self.edges += [(start, stop) for start in starts for stop in stops]

    def into(self, name: str) -> list[str]:
        """Where a node's input comes from."""
        return [a for a, b in self.edges if b == name]

    def out(self, name: str) -> list[str]:
        """Where a node's output goes to."""
        return [b for a, b in self.edges if a == name]

    def kind(self, name: str) -> str:
        """The name of the node's type."""
        return kind_of_node(self.nodes[name])


def kind_of_node(node: Any) -> str:
    """The name of a node's type."""
    return type(node).__name__
