"""The writing of a view: the network is run in both simulators, and what they did goes into one file."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Final

from ...brian.transfer import to_brian2
from ...data.checkpoint import Checkpoint
from ...data.decoding import Decoder, check_input
from ...data.events import SpikeDataset
from ...data.files import write_atomically
from ...data.recording import Recording
from ...training.network import Network
from ...training.time_constants import Histograms
from ..inputs import read_run, read_time_constants
from ..sections import architecture
from .constants import pack_time_constants
from .contents import Trial, check_room, network_contents, pack_recordings, recorded_variables, too_large
from .packing import Packer
from .page import code_size, page

#: Bytes of a page: mail takes it as an attachment, and a browser opens it at once.
MAX_BYTES: Final = 2_000_000
_AS_WRITTEN: Final = {"torch": "PyTorch", "brian2": "Brian2"}


def write_view(
    path: str | PathLike[str],
    checkpoint: Checkpoint | str | PathLike[str],
    data: SpikeDataset,
    *,
    device: str = "numpy",
    max_bytes: int = MAX_BYTES,
    progress: Callable[[float], None] | None = None,
    message: Callable[[str], None] | None = None,
) -> Path:
    """Run a network in PyTorch and in Brian2 and write a page to look at both: one HTML file, which needs no server and no internet.

    The page has the raster of each simulator, the voltage and the synaptic currents of the neuron that is chosen in it, the first spike in
    which they differ, and the learned time constants: over the epochs, if the run kept them.

    Parameters
    ----------
    path
        The file; ``.html`` is added if there is no ending.
    checkpoint
        The network, or the path of its file or of a run's folder. Of a run the page shows the time constants over the epochs too.
    data
        The recordings to show: all of them, so choose a few. ``data.test[:4]``.
    device
        Brian2's device.
    max_bytes
        How large the file may become. Spikes are always in it, and the traces of as many neurons as there is room for.
    progress
        Called with the fraction done, from 0 to 1.
    message
        Called with a line of text where there is something to say.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    DtMismatchError, DataError
        If the recordings do not fit the network, if there are none, or if they are too many for the size.
    UnknownNameError, BackendError
        If there is no such device, or no compiler for it.
    """
    initial, kept = None, None
    if not isinstance(checkpoint, Checkpoint):
        place = Path(checkpoint)
        checkpoint = Checkpoint.load(place)
        initial, kept = read_run(place)[0], read_time_constants(place)
    check_input(data, checkpoint.spec, where="write_view")
    report = progress or (lambda fraction: None)
    raster = data.rasters(Decoder.of(checkpoint).length(data))  # (time, recording, channel)
    check_room(checkpoint.spec, raster, max_bytes - code_size())
    report(0.0)
    first = Network.from_checkpoint(checkpoint).record(raster, recorded_variables(checkpoint.spec))
    report(0.1)
    simulation = to_brian2(checkpoint, device=device, record=[key for key in first.traces if key != "input.x"])
    second = simulation.run(raster, progress=lambda fraction: report(0.1 + 0.8 * fraction), message=message)
    text = view_of(checkpoint, first, second, trials_of(checkpoint, data, first, second), initial=initial, kept=kept, max_bytes=max_bytes)
    path = Path(path)
    written = write_atomically(path if path.suffix else path.with_suffix(".html"), text)
    report(1.0)
    return written


def trials_of(checkpoint: Checkpoint, data: SpikeDataset, first: Recording, second: Recording) -> list[Trial]:
    """Names, classes and predictions of recordings; a task of traces has neither."""
    if "traces" in checkpoint.data:
        return [Trial(str(name)) for name in data.names]
    predicted = [Decoder.of(checkpoint).predictions(side, checkpoint.spec) for side in (first, second)]
    classes = zip(data.names, data.labels, *predicted, strict=True)
    return [Trial(str(name), str(label), (str(one), str(two))) for name, label, one, two in classes]


def view_of(
    checkpoint: Checkpoint,
    first: Recording,
    second: Recording,
    trials: Sequence[Trial],
    *,
    initial: Checkpoint | None = None,
    kept: Histograms | None = None,
    max_bytes: int = MAX_BYTES,
) -> str:
    """The page of one network in two simulators.

    Parameters
    ----------
    checkpoint
        The network.
    first, second
        The same runs, with the spikes of all populations and at least the traces of v.
    trials
        What is known of each run.
    initial, kept
        The network before the training, and histograms of its time constants over the epochs, as far as there are any.
    max_bytes
        How large the page may be.

    Raises
    ------
    DataError
        If the spikes alone are too many for the size, or the recordings do not fit together.
    """
    spec, packer = checkpoint.spec, Packer()
    name = str(checkpoint.recipe.get("name", "network"))
    populations = network_contents(checkpoint, first)
    contents = {
        "title": name,
        "summary": f"{architecture(spec)}, dt = {1e3 * spec.dt_s:g} ms",
        "dt_ms": 1e3 * spec.dt_s,
        "n_steps": first.n_steps,
        "sides": [_shown(first.simulator), _shown(second.simulator)],
        "populations": populations,
        "constants": pack_time_constants(packer, checkpoint, initial, kept),
        "facts": _facts(checkpoint),
    }
    most = max_bytes - code_size() - len(json.dumps(contents))
    recordings, neurons = pack_recordings(packer, checkpoint, first, second, trials, populations, most)
    contents |= {"recordings": recordings, "kept": neurons}
    text = page(f"{name}: {_shown(first.simulator)} and {_shown(second.simulator)}", contents, packer.text())
    if len(text.encode()) > max_bytes:  # texts of unusual length
        raise too_large(first.n_runs, first.n_steps)
    return text


def _shown(simulator: str) -> str:
    """A simulator as its authors write it."""
    first, _, rest = simulator.partition(" ")
    return " ".join([_AS_WRITTEN.get(first, first), rest]).strip()


#: What the places and names of one run take at most, in bytes.
_TEXT_PER_RUN: Final = 3_000


def _facts(checkpoint: Checkpoint) -> list[list[str]]:
    """Where the network comes from, in words."""
    data, metrics = checkpoint.data, checkpoint.metrics
    facts = {
        "trained on": str(data.get("name", "")),
        "fingerprint": str(data.get("fingerprint", ""))[:16],
        "epoch": f"{metrics['epoch']} of {metrics['epochs']}" if {"epoch", "epochs"} <= set(metrics) else "",
        "seeds": ", ".join(f"{name} {seed}" for name, seed in sorted(checkpoint.seeds.items())),
        "versions": ", ".join(f"{package} {version}" for package, version in sorted(checkpoint.versions.items())),
    }
    return [[name, value] for name, value in facts.items() if value]
