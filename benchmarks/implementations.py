"""Who takes part: a name for each implementation, how it is built, and why it is missing where it is."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from multiprocessing.connection import Connection
from typing import Any

import torch
from torch import Tensor, nn

from hetsyn_sim import kernels
from hetsyn_sim.training import Network

from . import jax_process, worker
from .homogeneous import Homogeneous
from .jax_process import JAX
from .materialised import Materialised
from .peers import NorseNetwork, SnnTorchNetwork, SpikingJellyNetwork
from .shapes import Shape

#: What float32 training does by itself, and our back ends; which of them exist on a machine is for the kernels to say.
OURS = ("default", "plain", "fused", "expansion")
_PEERS: Mapping[str, Callable[..., nn.Module]] = {
    "snntorch": SnnTorchNetwork,
    "norse": NorseNetwork,
    "spikingjelly": SpikingJellyNetwork,
}
#: One time constant for all: what people train today.
HOMOGENEOUS = ("homogeneous", *_PEERS, *JAX)
IMPLEMENTATIONS = ("materialised", *HOMOGENEOUS, *OURS)


def missing(name: str) -> str | None:
    """Why an implementation can't run here, or None if it can."""
    if name in _PEERS and find_spec(name) is None:
        return f"{name} is not installed: pip install 'hetsyn-sim[peers]'"
    if name in JAX:
        return jax_process.missing(name)
    if name in OURS and name not in ("default", *kernels.available_backends()):
        return f"there is no back end {name!r} here, only {', '.join(kernels.available_backends())}"
    return None


def package_version(name: str) -> str | None:
    """The version of the package that an implementation comes from; for JAX's libraries that of JAX too."""
    if name in JAX:
        found = jax_process.versions()
        return found["jax"] if name == "jax" else f"{found[JAX[name]]} (JAX {found['jax']})"
    try:
        return version("hetsyn-sim" if name in OURS else name if name in _PEERS else "torch")
    except PackageNotFoundError:
        return None


def python_version(name: str) -> str:
    """The version of the Python that runs it."""
    return jax_process.versions()["python"] if name in JAX else platform.python_version()


def back_end(name: str) -> AbstractContextManager[Any]:
    """What runs inside uses this back end of ours; ``default`` changes nothing."""
    return nullcontext() if name == "default" else kernels.use_backend(name)


class Ours(nn.Module):
    """The public :class:`~hetsyn_sim.training.Network` with the look of the other implementations."""

    def __init__(self, shape: Shape, values: Mapping[str, Any]) -> None:
        super().__init__()
        self.network = Network(shape.spec(), values=values)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        out, _ = self.network(x)
        return out, self.network.last_spikes


def _build(name: str, shape: Shape) -> nn.Module:
    values = shape.values()
    if name in OURS:
        return Ours(shape, values)
    if name == "materialised":
        return Materialised(shape, values)
    return (Homogeneous if name == "homogeneous" else _PEERS[name])(shape, values)


class Step:
    """A whole step of training: forward, loss, backward, AdamW. Called, it takes one and returns the loss.

    The learning rate is too small to change who fires, so that every step is the same work.
    """

    def __init__(self, name: str, shape: Shape) -> None:
        self.name, self.shape = name, shape
        with self.surroundings():
            self.model = _build(name, shape)
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=1e-9, fused=True)
        self.x, self.target = shape.batch()

    @contextmanager
    def surroundings(self) -> Iterator[None]:
        with back_end(self.name) if self.name in OURS else nullcontext():
            yield

    def __call__(self) -> float:
        with self.surroundings():
            self.optimiser.zero_grad(set_to_none=True)
            loss = self.shape.loss(self.model(self.x)[0], self.target)
            loss.backward()
            self.optimiser.step()
            return loss.item()

    def hidden_rates(self) -> list[float]:
        """Spikes per neuron and step of each hidden layer."""
        with torch.no_grad(), self.surroundings():
            return [float(spikes.mean()) for spikes in self.model(self.x)[1]]


def serve(pipe: Connection, name: str, shape: Shape, threads: int) -> None:
    """What a forked process does; before anything is measured, a miniature of the network takes a step."""
    torch.set_num_threads(threads)

    def build() -> Step:
        Step(name, shape.small())()
        return Step(name, shape)

    worker.serve(pipe, build)
