"""The homogeneous network of a shape in JAX, and the process that trains it or one of a library's. Needs neither torch nor this package:

python -m benchmarks.jax_networks NAME FILE_DESCRIPTOR

in any interpreter that has JAX; :mod:`benchmarks.jax_process` starts it. The pipe brings a :class:`Problem`, then orders as in
:func:`benchmarks.worker.serve`.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

from .worker import serve

Arrays = Mapping[str, Any]
#: (weights, x, tau in steps) -> output (time, batch, unit), and the spikes (time, batch, neuron) of each hidden layer.
Forward = Callable[[Arrays, Any, float], tuple[Any, list[Any]]]


@dataclass(frozen=True)
class Problem:
    """What is trained, as NumPy arrays: weights (post, pre) by slot key, input (time, batch, channel), target as in ``Shape.batch``."""

    weights: Arrays
    x: Any
    target: Any
    tau: float
    lr: float


def layers(weights: Arrays) -> list[str]:
    """The hidden layers, in order."""
    return sorted({key.split(".")[0] for key in weights} - {"readout"})


def homogeneous(weights: Arrays, x: Any, tau: float) -> tuple[Any, list[Any]]:
    """As :class:`benchmarks.homogeneous.Homogeneous`, layer after layer: what does not recur is one product for all steps."""
    decay, spikes = math.exp(-1.0 / tau), []
    for name in layers(weights):
        x = _lif(x @ weights[f"{name}.feedforward.w"].T, weights.get(f"{name}.recurrent.w"), decay)
        spikes.append(x)
    return _integrate(x @ weights["readout.feedforward.w"].T, decay), spikes


def _lif(current: Any, w_rec: Any, decay: float) -> Any:
    """A layer of LIF whose backward pass is written out: only v is kept, and the gradient of w_rec is one product for all steps.

    On a CPU that is a tenth faster than what JAX derives from the scan by itself; unrolled scans are slower.
    """
    import jax
    import jax.numpy as jnp

    @jax.custom_vjp
    def lif(current: Any, w_rec: Any) -> Any:
        return forward(current, w_rec)[0]

    def forward(current: Any, w_rec: Any) -> tuple[Any, tuple[Any, Any]]:
        def step(v: Any, now: Any) -> tuple[Any, Any]:
            z = (v > 1.0).astype(v.dtype)
            v = decay * v + now - z
            v = v if w_rec is None else v + z @ w_rec.T
            return v, v

        _, v = jax.lax.scan(step, jnp.zeros_like(current[0]), current)
        return (v > 1.0).astype(v.dtype), (v, w_rec)

    def backward(kept: tuple[Any, Any], g: Any) -> tuple[Any, Any]:
        v, w_rec = kept

        def step(g_v: Any, now: tuple[Any, Any]) -> tuple[Any, Any]:
            g_z, v = now
            g_z = g_z - g_v if w_rec is None else g_z - g_v + g_v @ w_rec
            g_v = decay * g_v + g_z / (1.0 + 10.0 * jnp.abs(v - 1.0)) ** 2  # the fast sigmoid's slope
            return g_v, g_v

        _, g_v = jax.lax.scan(step, jnp.zeros_like(g[0]), (g, v), reverse=True)
        if w_rec is None:
            return g_v, None
        z, flat = (v[:-1] > 1.0).astype(v.dtype), (-1, len(w_rec))
        return g_v, g_v[1:].reshape(flat).T @ z.reshape(flat)

    lif.defvjp(forward, backward)
    return lif(current, w_rec)


def _integrate(current: Any, decay: float) -> Any:
    import jax
    import jax.numpy as jnp

    def step(v: Any, now: Any) -> tuple[Any, Any]:
        v = decay * v + now
        return v, v

    return jax.lax.scan(step, jnp.zeros_like(current[0]), current)[1]


def _loss(out: Any, target: Any) -> Any:
    """The loss of :meth:`benchmarks.shapes.Shape.loss`."""
    import jax
    import jax.numpy as jnp

    if out.shape[-1] == 1:
        return jnp.mean((out - target) ** 2)
    logits = jax.nn.log_softmax(jax.nn.softmax(out).sum(0))
    return -jnp.take_along_axis(logits, target[:, None], axis=1).mean()


class Step:
    """A whole step of training as one compiled function. AdamW is torch's: betas 0.9 and 0.999, eps 1e-8, weight decay 0.01."""

    def __init__(self, network: Forward, problem: Problem) -> None:
        import jax
        import jax.numpy as jnp

        def loss(weights: Arrays, x: Any, target: Any) -> Any:
            return _loss(network(weights, x, problem.tau)[0], target)

        def step(state: tuple[Any, ...], x: Any, target: Any) -> tuple[tuple[Any, ...], Any]:
            weights, m, v, n = state
            value, g = jax.value_and_grad(loss)(weights, x, target)
            n = n + 1.0
            m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
            v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)

            def updated(w: Any, m: Any, v: Any) -> Any:
                root = jnp.sqrt(v / (1.0 - 0.999**n)) + 1e-8
                return w * (1.0 - 0.01 * problem.lr) - problem.lr / (1.0 - 0.9**n) * m / root

            return (jax.tree.map(updated, weights, m, v), m, v, n), value

        weights = {key: jnp.asarray(value) for key, value in problem.weights.items()}
        self.x, self.target = jnp.asarray(problem.x), jnp.asarray(problem.target)
        zeros = [{key: jnp.zeros_like(w) for key, w in weights.items()} for _ in range(2)]
        self.state = (weights, *zeros, jnp.zeros((), self.x.dtype))
        self.network, self.tau, self.loss = network, problem.tau, loss
        self.compiled = jax.jit(step, donate_argnums=0).lower(self.state, self.x, self.target).compile()

    def __call__(self) -> float:
        self.state, loss = self.compiled(self.state, self.x, self.target)
        return float(loss)

    def hidden_rates(self) -> list[float]:
        import jax

        spikes = jax.jit(lambda weights, x: [z.mean() for z in self.network(weights, x, self.tau)[1]])
        return [float(rate) for rate in spikes(self.state[0], self.x)]

    def gradients(self) -> dict[str, Any]:
        """The loss, its gradients, and the weights after one step from here."""
        import jax
        import numpy as np

        loss, g = jax.jit(jax.value_and_grad(self.loss))(self.state[0], self.x, self.target)
        self()
        return {
            "loss": float(loss),
            "gradients": {key: np.asarray(value) for key, value in g.items()},
            "weights": {key: np.asarray(value) for key, value in self.state[0].items()},
        }


def main() -> None:
    name, descriptor = sys.argv[1:]
    pipe = Connection(int(descriptor))
    problem = pipe.recv()

    def build() -> Step:
        from .jax_peers import PEERS

        if name in PEERS:
            import_module(name)  # before JAX's back end opens, for which sparx has settings
        import jax

        jax.config.update("jax_enable_x64", problem.x.dtype == "float64")
        jax.config.update("jax_cpu_enable_async_dispatch", False)
        return Step(PEERS.get(name, homogeneous), problem)

    serve(pipe, build)


if __name__ == "__main__":
    main()
