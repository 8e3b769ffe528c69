"""What the compiled filters cost on this machine, measured once: seconds for each synapse and step, and for each node, step and event.

The numbers are kept in the cache folder, by processor and kernels, so that the same training is computed in the same way again.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Literal

import torch

from ..data.cache import cache_folder, check_private, make_folder
from ..data.files import write_atomically
from ..errors import BackendError
from .expansion import find_nodes
from .expansion_ops import in_c, room_for_places
from .library import FOLDER, Library, ScanPaths, library

#: What is measured: the filter of input, and the scan of a recurrent population; each with its gradients by weights and decays.
Kind = Literal["feedforward", "recurrent"]
_REPEATS = 7
_N_POST, _N_PRE, _N_STEPS, _N_BATCH, _RATE = 64, 128, 64, 8, 0.1


@dataclass(frozen=True)
class Costs:
    """Seconds of a forward and a backward pass together, for a filter or a recurrent population.

    Attributes
    ----------
    exact
        For each synapse, step and recording.
    synapse
        Through shared decays: for each synapse and node.
    step, event
        Through shared decays: for each neuron, node, recording and step; and on top for each event that comes in.
    """

    exact: float
    synapse: float
    step: float
    event: float

    def of_exact(self, shape: tuple[int, int], n: int) -> float:
        """Of ``shape`` (post, pre) for n steps of recordings."""
        return self.exact * shape[0] * shape[1] * n

    def of_shared(self, shape: tuple[int, int], n: int, rate: float, n_nodes: int) -> float:
        """The same at ``rate`` events per channel and step, with so many nodes forward and backward together."""
        return n_nodes * shape[0] * (shape[1] * self.synapse + n * (self.step + self.event * rate * shape[1]))


@cache
def costs(kind: Kind) -> Costs:
    """The costs on this machine: those in the cache, or measured now, which takes some hundredths of a second."""
    found = library()
    assert found is not None, "asked for only where there are kernels"
    path = cache_folder("costs") / f"{kind}-{_key(found)}.json"
    with suppress(OSError, ValueError, TypeError, BackendError):
        check_private(path)
        known = json.loads(path.read_text())
        if set(known) == {field.name for field in fields(Costs)} and all(
            math.isfinite(number) and number >= 0 for number in known.values()
        ):
            return Costs(**known)
    measured = _measured(kind, found)
    with suppress(OSError, BackendError):
        make_folder(path.parent)
        write_atomically(path, json.dumps(asdict(measured)).encode())
    return measured


def _key(found: Library) -> str:
    """Of processor and kernels."""
    processor = platform.processor()
    with suppress(OSError, StopIteration):
        processor = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    kernels = (FOLDER / f"_{found.level}.so").read_bytes()
    return hashlib.sha256(kernels + f"{platform.machine()} {processor}".encode()).hexdigest()[:16]


def _measured(kind: Kind, found: Library) -> Costs:
    """In alternation, the least CPU time of each: so short a problem, silence, events, and events computed exactly."""
    runs = {
        "coefficients": _problem(kind, found, 2, 1, 0.0, shared=True),
        "silence": _problem(kind, found, _N_STEPS, _N_BATCH, 0.0, shared=True),
        "events": _problem(kind, found, _N_STEPS, _N_BATCH, _RATE, shared=True),
        "exact": _problem(kind, found, _N_STEPS, _N_BATCH, _RATE, shared=False),
    }
    n_pre = _N_POST if kind == "recurrent" else _N_PRE
    least = dict.fromkeys(runs, math.inf)
    for _ in range(_REPEATS):
        for name, (run, _) in runs.items():
            start = time.process_time()
            run()
            least[name] = min(least[name], time.process_time() - start)
    n, n_nodes = _N_STEPS * _N_BATCH, runs["events"][1]
    per_neuron = n_nodes * _N_POST
    return Costs(
        exact=least["exact"] / (_N_POST * n_pre * n),
        synapse=least["coefficients"] / (per_neuron * n_pre),
        step=max(0.0, least["silence"] - least["coefficients"]) / (per_neuron * n),
        event=max(0.0, least["events"] - least["silence"]) / (per_neuron * n * _RATE * n_pre),
    )


def _problem(kind: Kind, found: Library, n_steps: int, n_batch: int, rate: float, *, shared: bool) -> tuple[Callable[[], None], int]:
    """A forward and a backward pass, and how many nodes they have together."""
    n_pre = _N_POST if kind == "recurrent" else _N_PRE
    rng = torch.Generator().manual_seed(0)
    x = (torch.rand(n_steps, n_batch, n_pre, generator=rng) < rate).float()
    rho = torch.exp(-1 / torch.empty(_N_POST, n_pre).uniform_(5, 20, generator=rng))
    w = torch.full_like(rho, 1e-3)  # too little to change who spikes
    g, v, z = (torch.ones(n_steps, n_batch, _N_POST) for _ in range(3))
    dw, drho, places = torch.zeros_like(w), torch.zeros_like(w), room_for_places(x)
    forward, backward = (find_nodes(rho, n_steps, 1e-6, slope=slope) for slope in (False, True))
    assert forward is not None, "so narrow a range needs few nodes"
    assert backward is not None, "so narrow a range needs few nodes"
    theta = torch.ones(_N_POST)
    paths = ScanPaths([(w, rho)], [], [])
    driven = 100 * x - 50

    def run() -> None:
        of_forward, of_backward = in_c([forward]), in_c([backward])
        if kind == "recurrent" and shared:
            found.expanded_scan(driven, paths, of_forward, theta, z, v)
        elif kind == "recurrent":
            found.scan(driven, paths, theta, z, v)
        elif shared:
            found.expanded_filter(x, w, rho, of_forward, v, places)
        else:
            found.filter(x, w, rho, v)
        if shared:
            found.expanded_gradients(g, x, w, rho, of_backward, places, kind == "feedforward", dw, drho)
        else:
            found.filter_backward(g, x, w, rho, None, dw, drho)

    return run, forward.n + backward.n
