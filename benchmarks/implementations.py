"""Who takes part: a name for each implementation, how it is built, and why it is missing where it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from hetsyn_sim import kernels
from hetsyn_sim.training import Network

from .homogeneous import Homogeneous
from .materialised import Materialised
from .peers import NorseNetwork, SnnTorchNetwork, SpikingJellyNetwork
from .shapes import Shape

#: Our back ends; which of them exist on a machine is for the kernels to say.
OURS = ("plain", "fused", "expansion")
_PEERS: Mapping[str, Callable[..., nn.Module]] = {
    "snntorch": SnnTorchNetwork,
    "norse": NorseNetwork,
    "spikingjelly": SpikingJellyNetwork,
}
#: One time constant for all: what people train today.
HOMOGENEOUS = ("homogeneous", *_PEERS)
IMPLEMENTATIONS = ("materialised", *HOMOGENEOUS, *OURS)


def _back_ends() -> tuple[str, ...]:
    return tuple(getattr(kernels, "available_backends", lambda: ("plain",))())


def missing(name: str) -> str | None:
    """Why an implementation can't run here, or None if it can."""
    if name in _PEERS and find_spec(name) is None:
        return f"{name} is not installed: pip install 'hetsyn-sim[peers]'"
    if name in OURS and name not in _back_ends():
        return f"there is no back end {name!r} here, only {', '.join(_back_ends())}"
    return None


def package_version(name: str) -> str | None:
    """The version of the package that an implementation comes from."""
    try:
        return version("hetsyn-sim" if name in OURS else name if name in _PEERS else "torch")
    except PackageNotFoundError:
        return None


def back_end(name: str) -> AbstractContextManager[Any]:
    """What runs inside uses this back end of ours; nothing changes where there is only one."""
    use: Callable[[str], AbstractContextManager[Any]] | None = getattr(kernels, "use_backend", None)
    return nullcontext() if use is None else use(name)


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
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=1e-9)
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
