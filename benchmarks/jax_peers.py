"""The same network in JAX's libraries of spiking neurons, layer after layer, each at its best. Needs neither torch nor this package.

What does not recur is one product for all steps wherever the library lets it. All start from the same weights, with one time constant, and
keep their own surrogate and their own reset. spyx tests v of the step before, so that its spikes are a step late; sparx and jaxpike reset
before v decays. jaxpike's v takes in 1 - decay of its input, hence the larger weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .jax_networks import Arrays, Forward, layers


def spyx(weights: Arrays, x: Any, tau: float) -> tuple[Any, list[Any]]:
    """``LIF`` or ``RLIF``, and ``LI``, each by ``spyx.nn.run``."""
    import spyx.nn as snn
    from flax import nnx

    rngs, beta, spikes = nnx.Rngs(0), math.exp(-1.0 / tau), []
    for name in layers(weights):
        w, w_rec = weights[f"{name}.feedforward.w"], weights.get(f"{name}.recurrent.w")
        cell = (snn.LIF if w_rec is None else snn.RLIF)(w.shape[:1], beta=beta, rngs=rngs)
        if w_rec is not None:
            cell.recurrent_w = nnx.Param(w_rec.T)
        x, _ = snn.run(cell, x @ w.T)
        spikes.append(x)
    w = weights["readout.feedforward.w"]
    return snn.run(snn.LI(w.shape[:1], beta=beta, rngs=rngs), x @ w.T)[0], spikes


def sparx(weights: Arrays, x: Any, tau: float) -> tuple[Any, list[Any]]:
    """``LIF``, in ``Recurrent`` where it is recurrent, and ``LI``."""
    from sparx import nn as snn

    spikes = []
    for name in layers(weights):
        current, w_rec = x @ weights[f"{name}.feedforward.w"].T, weights.get(f"{name}.recurrent.w")
        cell = snn.LIF(tau=tau)
        x = cell.apply({}, current) if w_rec is None else snn.Recurrent(cell).apply({"params": {"recurrent": w_rec.T}}, current)
        spikes.append(x)
    return snn.LI(tau=tau).apply({}, x @ weights["readout.feedforward.w"].T), spikes


def jaxpike(weights: Arrays, x: Any, tau: float) -> tuple[Any, list[Any]]:
    """``LIF``, in a ``Graph`` with itself where it is recurrent, and ``LeakyIntegrator``, each by ``jaxpike.unroll``.

    Its scans are unrolled eight times unless told otherwise, which suits a GPU and takes three times as long on a CPU.
    """
    import equinox as eqx
    import jax
    import jaxpike as jp

    scale, spikes = 1.0 / (1.0 - math.exp(-1.0 / tau)), []
    for name in layers(weights):
        w, w_rec = weights[f"{name}.feedforward.w"], weights.get(f"{name}.recurrent.w")
        with jax.ensure_compile_time_eval():  # it looks at tau
            cell = jp.LIF(tau)
        if w_rec is not None:
            dense = jp.Dense(*w_rec.shape, key=jax.random.key(0), use_bias=False)
            nodes = {"cell": cell, "back": eqx.tree_at(lambda dense: dense.weight, dense, scale * w_rec)}
            cell = jp.Graph(nodes=nodes, edges=[("input", "cell"), ("cell", "back"), ("back", "cell")], output="cell")
        x, _ = jp.unroll(cell, x @ (scale * w).T, scan_unroll=1)
        spikes.append(x)
    with jax.ensure_compile_time_eval():
        readout = jp.LeakyIntegrator(tau)
    return jp.unroll(readout, x @ (scale * weights["readout.feedforward.w"]).T, scan_unroll=1)[0], spikes


PEERS: Mapping[str, Forward] = {"spyx": spyx, "sparx": sparx, "jaxpike": jaxpike}
