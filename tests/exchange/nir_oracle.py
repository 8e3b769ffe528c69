"""NIR's equations in plain NumPy, read off the nodes of a graph and nothing else: no code of the package is used here.

``impulse``: a spike is an impulse of area 1, what lies between is solved exactly, only a Delay lets time pass in a loop. ``euler``: a spike
is 1 for a step, forward Euler with the reader's step h, a loop hands on what its first node put out in the step before. ``held``: likewise,
but the equations are solved for an input that stays as it is for the step.
"""

import numpy as np
from scipy.linalg import expm


class Oracle:
    def __init__(self, graph, kind, h):
        self.nodes, edges, self.kind, self.h = dict(graph.nodes), list(graph.edges), kind, h
        for outside, inner in graph.nodes.items():  # a subgraph is the neurons in it, and a loop
            if type(inner).__name__ == "NIRGraph":
                (name,) = (k for k, node in inner.nodes.items() if hasattr(node, "v_threshold"))
                del self.nodes[outside]
                self.nodes |= {k: node for k, node in inner.nodes.items() if k not in ("input", "output")}
                edges = [(name if a == outside else a, name if b == outside else b) for a, b in edges]
                edges += [edge for edge in inner.edges if not {"input", "output"} & set(edge)]
        self.into = {name: [str(a) for a, b in edges if str(b) == name] for name in self.nodes}
        self.state, self.previous, self.moved = {}, {}, {}

    def run(self, x):
        """Input (time, channel); every node's output, (time, n)."""
        out = {name: [] for name in self.nodes}
        for now in x.astype(float):
            self.now, self.done, self.open = now, {}, set()
            for name in self.nodes:
                self.output(name)
            self.previous = self.done
            for name, value in self.done.items():
                out[name].append(value)
        return {name: np.array(values) for name, values in out.items()}

    def output(self, name):
        """A node's output in this step: where a loop comes back to a node at work, that of the step before."""
        if name in self.done:
            return self.done[name]
        if name in self.open or type(self.nodes[name]).__name__ == "Delay":
            if type(self.nodes[name]).__name__ == "Delay":
                (source,) = self.into[name]
                self.done[name] = self.previous.get(source, np.zeros(self.nodes[name].delay.shape))
                return self.done[name]
            assert self.kind != "impulse", f"{name}: a loop without a Delay"
            return self.previous.get(name, np.zeros(self.size(name)))
        self.open.add(name)
        values, drive = 0.0, 0.0  # spikes, and what is there all the time
        for source in self.into[name]:
            values = values + self.output(source)
            drive = drive + getattr(self.nodes[source], "bias", 0.0)
        if self.kind != "impulse":
            values = values + drive
        self.done[name] = self.step(name, self.nodes[name], values, drive)
        return self.done[name]

    def size(self, name):
        return int(np.ravel(self.nodes[name].output_type["output"])[0])

    def step(self, name, node, values, drive):
        kind, h = type(node).__name__, self.h
        if kind == "Input":
            return self.now
        if kind == "Output":
            return values
        if kind in ("Linear", "Affine"):
            return node.weight @ values
        if kind == "Threshold":
            return (values > node.threshold).astype(float)
        if kind == "IF":
            v = self.state.get(name, 0.0) + node.r * values * (1.0 if self.kind == "impulse" else h)
        elif kind in ("LI", "LIF"):
            v = self.state.get(name, node.v_leak)
            if self.kind == "euler":
                v = v + h / node.tau * (node.v_leak - v + node.r * values)
            elif self.kind == "held":
                v = self.held(name, node.tau, v, node.v_leak + node.r * values)
            else:
                rest = node.v_leak + node.r * drive
                v = rest + (v - rest) * np.exp(-h / node.tau) + node.r / node.tau * values
        else:
            current, v = self.state.get(name, (np.zeros(node.r.shape), node.v_leak))
            if self.kind == "euler":
                current = current + h / node.tau_syn * (node.w_in * values - current)
                v = v + h / node.tau_mem * (node.v_leak - v + node.r * current)
            elif self.kind == "held":
                current = self.held(f"{name} I", node.tau_syn, current, node.w_in * values)
                v = self.held(f"{name} v", node.tau_mem, v, node.v_leak + node.r * current)
            else:
                if name not in self.moved:
                    zero = np.zeros(node.r.shape)
                    rates = np.array([[-1 / node.tau_syn, zero], [node.r / node.tau_mem, -1 / node.tau_mem]])
                    self.moved[name] = expm(rates.transpose(2, 0, 1) * h)
                current, off = np.einsum("kij,jk->ik", self.moved[name], [current, v - node.v_leak])
                v, current = node.v_leak + off, current + node.w_in / node.tau_syn * values
        if kind in ("LI", "CubaLI"):
            self.state[name] = v if kind == "LI" else (current, v)
            return v
        spikes = v > node.v_threshold
        v = np.where(spikes, node.v_reset, v)
        self.state[name] = v if kind != "CubaLIF" else (current, v)
        return spikes.astype(float)

    def held(self, key, tau, v, u):
        """v after a step of tau dv/dt = u - v with u at rest: the exponential of the two as one linear system, du/dt = 0."""
        if key not in self.moved:
            zero = np.zeros(tau.shape)
            self.moved[key] = expm(np.array([[-1 / tau, 1 / tau], [zero, zero]]).transpose(2, 0, 1) * self.h)
        return np.einsum("kj,jk->k", self.moved[key][:, 0], np.array([v, u]))
