"""A small network trained in another library and written by it: run where that library is installed, without this package.

python benchmarks/elsewhere_writers.py sparx digits.npz folder

Written are ``LIBRARY.nir``, by the library's own export, and ``LIBRARY.npz``: what the library's network does with the test recordings.
Where the export does not say what the neuron does (spyx), the .npz has the trained values instead.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

HIDDEN, CLASSES, EPOCHS, BATCH, RATE = 32, 10, 4, 32, 3e-3
#: Steps of the recordings in seconds, and the time constants of neurons and readout in steps.
DT, TAU, TAU_OUT = 0.01, 8.0, 20.0


def batches(n: int, seed: int) -> list[np.ndarray]:
    """The recordings of each batch of an epoch."""
    order = np.random.default_rng(seed).permutation(n)
    return [order[k : k + BATCH] for k in range(0, n - BATCH + 1, BATCH)]


def _train_jax(loss: Callable[[Any, Any, Any], Any], parameters: Any, x: np.ndarray, y: np.ndarray) -> Any:
    """Adam on ``loss(parameters, x, y)``; x is (time, recording, channel)."""
    import jax
    import optax

    optimiser = optax.adam(RATE)

    @jax.jit
    def step(parameters: Any, state: Any, x: Any, y: Any) -> Any:
        gradient = jax.grad(loss)(parameters, x, y)
        updates, state = optimiser.update(gradient, state, parameters)
        return optax.apply_updates(parameters, updates), state

    state = optimiser.init(parameters)
    for epoch in range(EPOCHS):
        for chosen in batches(x.shape[1], epoch):
            parameters, state = step(parameters, state, x[:, chosen], y[chosen])
    return parameters


def _cross_entropy(v: Any, y: Any) -> Any:
    """Of the readout's mean over time, v (time, recording, class)."""
    import optax

    return optax.softmax_cross_entropy_with_integer_labels(v.mean(0), y).mean()


def sparx(x: np.ndarray, y: np.ndarray, test: np.ndarray, discretization: str = "exact") -> tuple[Any, dict[str, np.ndarray]]:
    """A recurrent layer of LIF with learned decays, and an LI; ``sparx.nir.to_nir``."""
    import flax.linen as nn
    import jax
    import jax.numpy as jnp
    from sparx import nn as snn
    from sparx.nir import to_nir
    from sparx.surrogate import FastSigmoid

    neuron = snn.LIF(tau=TAU, reset="zero", learn_tau=True, surrogate=FastSigmoid(25.0))
    hidden = nn.Sequential([nn.Dense(HIDDEN), snn.Recurrent(neuron, kernel_init=nn.initializers.normal(0.1))])
    model = nn.Sequential([*hidden.layers, nn.Dense(CLASSES), snn.LI(tau=TAU_OUT)])
    variables = model.init(jax.random.key(0), jnp.asarray(x[:, :1]))

    def loss(variables: Any, x: Any, y: Any) -> Any:
        return _cross_entropy(model.apply(variables, x), y)

    trained = _train_jax(loss, variables, x, y)
    spikes = hidden.apply({"params": {k: v for k, v in trained["params"].items() if k in ("layers_0", "layers_1")}}, jnp.asarray(test))
    done = {"layer_1": np.asarray(spikes) > 0, "readout": np.asarray(model.apply(trained, jnp.asarray(test)))}
    return to_nir(model, trained, dt=DT, discretization=discretization), done


def sparx_euler(x: np.ndarray, y: np.ndarray, test: np.ndarray) -> tuple[Any, dict[str, np.ndarray]]:
    """The same, written for readers that step by forward Euler."""
    return sparx(x, y, test, "euler")


def jaxpike(x: np.ndarray, y: np.ndarray, test: np.ndarray) -> tuple[Any, dict[str, np.ndarray]]:
    """A layer of LIF that are set to 0, and a leaky integrator; ``jaxpike.nir.to_nir``."""
    import equinox as eqx
    import jax
    import jax.numpy as jnp
    import jaxpike as jp
    from jaxpike.nir import to_nir

    keys = jax.random.split(jax.random.key(0), 2)
    first = jp.Dense(x.shape[2], HIDDEN, key=keys[0], gain=jp.lif_gain(TAU))
    hidden = jp.LIF(TAU, reset="zero")
    net = jp.Sequential(first, hidden, jp.Dense(HIDDEN, CLASSES, key=keys[1]), jp.LeakyIntegrator(TAU_OUT))
    parameters, rest = eqx.partition(net, eqx.is_inexact_array)

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        return _cross_entropy(jp.unroll(eqx.combine(parameters, rest), x)[0], y)

    trained = eqx.combine(_train_jax(loss, parameters, x, y), rest)
    spikes, _ = jp.unroll(jp.Sequential(*trained.layers[:2]), jnp.asarray(test))
    done = {"layer_1": np.asarray(spikes) > 0, "readout": np.asarray(jp.unroll(trained, jnp.asarray(test))[0])}
    return to_nir(trained, (1, x.shape[2]), dt_seconds=DT), done


def spyx(x: np.ndarray, y: np.ndarray, test: np.ndarray) -> tuple[Any, dict[str, np.ndarray]]:
    """A layer of LIF, whose threshold is subtracted a step later, and an LI: no node of NIR, so the values are handed over."""
    import jax.numpy as jnp
    import spyx.nn as snn
    from flax import nnx

    rngs = nnx.Rngs(0)
    first, neuron = nnx.Linear(x.shape[2], HIDDEN, use_bias=False, rngs=rngs), snn.LIF((HIDDEN,), rngs=rngs)
    neuron.beta.set_value(jnp.full((HIDDEN,), float(np.exp(-1 / TAU))))
    last = nnx.Linear(HIDDEN, CLASSES, use_bias=False, rngs=rngs)
    net = snn.Sequential(first, neuron, last, snn.LI((CLASSES,), beta=float(np.exp(-1 / TAU_OUT)), rngs=rngs))
    graph, parameters, rest = nnx.split(net, nnx.Param, ...)

    def loss(parameters: Any, x: Any, y: Any) -> Any:
        return _cross_entropy(snn.run(nnx.merge(graph, parameters, rest), x)[0], y)

    trained = nnx.merge(graph, _train_jax(loss, parameters, x, y), rest)
    test_in = jnp.asarray(test)
    spikes, _ = snn.run(snn.Sequential(*trained.layers[:2]), test_in)
    done = {"layer_1": np.asarray(spikes) > 0, "readout": np.asarray(snn.run(trained, test_in)[0])}
    layers = trained.layers
    values = {"w": layers[0].kernel, "beta": layers[1].beta, "w_out": layers[2].kernel, "beta_out": layers[3].beta}
    return None, done | {name: np.asarray(value[...], dtype=np.float64) for name, value in values.items()}


def _train_torch(net: Any, forward: Callable[[Any], Any], x: np.ndarray, y: np.ndarray) -> None:
    """Adam on the cross entropy of ``forward(x)``, (recording, class)."""
    import torch

    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    for epoch in range(EPOCHS):
        for chosen in batches(x.shape[1], epoch):
            optimiser.zero_grad()
            torch.nn.functional.cross_entropy(forward(torch.as_tensor(x[:, chosen])), torch.as_tensor(y[chosen]).long()).backward()
            optimiser.step()


def snntorch(x: np.ndarray, y: np.ndarray, test: np.ndarray) -> tuple[Any, dict[str, np.ndarray]]:
    """Two layers of Leaky that are set to 0 in the step of the spike; ``snntorch.export_nir``."""
    import snntorch as snn
    import torch
    from snntorch import surrogate
    from snntorch.export_nir import export_to_nir

    torch.manual_seed(0)

    def leaky(n: int, tau: float) -> Any:
        beta = torch.full((n,), float(np.exp(-1 / tau)))
        how = {"reset_mechanism": "zero", "reset_delay": False, "init_hidden": True, "spike_grad": surrogate.fast_sigmoid(25)}
        return snn.Leaky(beta=beta, threshold=torch.ones(n), **how)

    net = torch.nn.Sequential(
        torch.nn.Linear(x.shape[2], HIDDEN), leaky(HIDDEN, TAU), torch.nn.Linear(HIDDEN, CLASSES), leaky(CLASSES, TAU_OUT)
    )

    def run(x: Any) -> tuple[Any, Any]:
        for layer in (net[1], net[3]):
            layer.reset_mem()
        hidden, out = [], []
        for now in x:
            hidden.append(net[1](net[0](now)))
            out.append(net[3](net[2](hidden[-1])))
        return torch.stack(hidden), torch.stack(out)

    _train_torch(net, lambda x: run(x)[1].mean(0) * 10, x, y)
    with torch.no_grad():
        hidden, out = run(torch.as_tensor(test))
        for layer in (net[1], net[3]):
            layer.reset_mem()
        graph = export_to_nir(net, torch.as_tensor(test[0, 0]))
    return graph, {"layer_1": hidden.numpy() > 0, "layer_2": out.numpy() > 0}


def norse(x: np.ndarray, y: np.ndarray, test: np.ndarray) -> tuple[Any, dict[str, np.ndarray]]:
    """A layer of LIFBoxCell and an LIBoxCell; ``norse.torch.to_nir`` with ``dt=1``, so that it writes seconds."""
    import norse.torch as norse
    import torch

    torch.manual_seed(0)
    rate, rate_out = (torch.full((n,), 1 / (tau * DT)) for n, tau in ((HIDDEN, TAU), (CLASSES, TAU_OUT)))
    parameters = norse.LIFBoxParameters(tau_mem_inv=rate, v_th=torch.full((HIDDEN,), 0.2), v_leak=torch.zeros(HIDDEN), alpha=25.0)
    read = norse.LIBoxParameters(tau_mem_inv=rate_out, v_leak=torch.zeros(CLASSES))
    first, last = torch.nn.Linear(x.shape[2], HIDDEN, bias=False), torch.nn.Linear(HIDDEN, CLASSES, bias=False)
    first.weight.data *= TAU  # an input of 1 moves v by dt/tau
    cells = (norse.LIFBoxCell(parameters, dt=DT), norse.LIBoxCell(read, dt=DT))
    net = norse.SequentialState(first, cells[0], last, cells[1])

    def run(x: Any) -> tuple[Any, Any]:
        state, state_out, hidden, out = None, None, [], []
        for now in x:
            spikes, state = cells[0](first(now), state)
            v, state_out = cells[1](last(spikes), state_out)
            hidden.append(spikes)
            out.append(v)
        return torch.stack(hidden), torch.stack(out)

    _train_torch(net, lambda x: run(x)[1].mean(0) * 10, x, y)
    with torch.no_grad():
        hidden, out = run(torch.as_tensor(test))
        graph = norse.to_nir(net, torch.as_tensor(test[0, 0]), dt=1)
    return graph, {"layer_1": hidden.numpy() > 0, "readout": out.numpy()}


LIBRARIES = {
    "sparx": (sparx, "sparxml"),
    "sparx-euler": (sparx_euler, "sparxml"),
    "jaxpike": (jaxpike, "jaxpike"),
    "spyx": (spyx, "spyx"),
    "snntorch": (snntorch, "snntorch"),
    "norse": (norse, "norse"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", choices=LIBRARIES)
    parser.add_argument("data", type=Path, help=".npz with x, y and test, made by `python -m benchmarks.elsewhere --data`")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    train, package = LIBRARIES[options.library]
    data = np.load(options.data)
    graph, done = train(data["x"].astype(np.float32), data["y"], data["test"].astype(np.float32))
    options.folder.mkdir(parents=True, exist_ok=True)
    if graph is not None:
        import nir

        nir.write(str(options.folder / f"{options.library}.nir"), graph)
    np.savez(options.folder / f"{options.library}.npz", version=version(package), **done)


if __name__ == "__main__":
    main()
