"""Files that Hypothesis has changed: each is read, and then says what was written, or is refused with a typed error. Nothing else.

A few examples in CI. ``pytest tests/reliability/test_fuzz.py -s --fuzz-minutes 30`` divides so much time among the targets, with other
examples in every run, and prints how many there were.
"""

from __future__ import annotations

import random
import time
import warnings
from contextlib import suppress

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, seed, settings

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.data.recording_file import load_recording
from hetsyn_sim.errors import HetSynError
from hetsyn_sim.exchange import import_network, import_nir, read_state_dict
from hetsyn_sim.spec import NetworkSpec, NeuronModel
from hetsyn_sim.training import load_recipe
from hetsyn_sim.training.resume import read_state

from . import material as m
from .case import bounded, five_parts
from .mutations import CHANGED, bytes_changed

_EXAMPLES, _AT_ONCE = 25, 2000


def _recording_content(path):
    found = load_recording(path)
    return found.dt, found.simulator, {k: (v.dtype.name, v.tobytes()) for k, v in (found.rasters | dict(found.traces)).items()}


def _state_content(path):
    def plain(value):
        if isinstance(value, torch.Tensor):
            return value.dtype, tuple(value.shape), value.numpy().tobytes()
        if isinstance(value, dict):
            return {key: plain(item) for key, item in value.items()}
        return [plain(item) for item in value] if isinstance(value, list | tuple) else repr(value)

    return plain(read_state(path))


def _graph_content(path):
    with suppress(HetSynError):
        import_nir(path, dt="10 ms", reading="ode", ours=False)  # by its nodes alone: its metadata have a digest, which stops most changes
    return import_nir(path).to_bytes()


#: Target -> valid bytes, name of the file, what is read from it, and whether the format has a checksum over all of it.
TARGETS = {
    "checkpoint": (lambda: m.checkpoint().to_bytes(), "n.safetensors", lambda path: Checkpoint.load(path).to_bytes(), True),
    "recording": (m.recording_npz, "r.npz", _recording_content, True),
    "spike file": (m.spikes_h5, "s.h5", lambda path: SpikeDataset.load(path).fingerprint(), True),
    "resume state": (lambda: m.run()["resume.safetensors"], "resume.safetensors", _state_content, True),
    "recipe": (lambda: m.recipe().to_yaml().encode(), "r.yaml", load_recipe, False),
    "network's text": (lambda: m.checkpoint().spec.to_text().encode(), "n.yaml", lambda p: NetworkSpec.from_text(_text(p)), False),
    "model's text": (
        lambda: m.checkpoint().spec.populations[0].model.to_text().encode(),
        "m.yaml",
        lambda path: NeuronModel.from_text(_text(path)),
        False,
    ),
    "NIR graph": (m.nir, "n.nir", _graph_content, False),
    "state dict": (m.pth, "m.pth", lambda path: (read_state_dict(path), import_network(path, dt="4 ms")), False),
}


#: Of a checksum. Two changes may take away the checksum, by its name, and alter what it is of: then the file is like one from before.
_MARKS = {"checkpoint": b"sha256", "resume state": b"sha256", "recording": b"sha256.npy", "spike file": b"fingerprint"}


def _text(path):
    return path.read_bytes().decode(errors="replace")


def _look(target, strategy, folder, *, whole, examples, start):
    """Read so many changed files; how many, and how many of them were accepted."""
    _, name, read, _ = TARGETS[target]
    path, counts = folder / name, {"read": 0, "accepted": 0}
    original = TARGETS[target][0]()

    @seed(start)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(strategy)
    def is_read_or_refused(content):
        counts["read"] += 1
        path.write_bytes(content)
        with warnings.catch_warnings(), np.errstate(all="ignore"), bounded():
            warnings.simplefilter("ignore")
            try:
                found = read(path)
            except HetSynError as error:
                five_parts(error)
                return
        counts["accepted"] += 1
        assert whole is None or found == whole or content.count(_MARKS[target]) < original.count(_MARKS[target])

    is_read_or_refused()
    return counts


@pytest.mark.parametrize("how", ["bytes", "meaning"])
@pytest.mark.parametrize("target", TARGETS)
def test_a_changed_file_is_read_or_refused(target, how, tmp_path, request):
    content, name, read, checked = TARGETS[target]
    valid = content()
    (tmp_path / name).write_bytes(valid)
    whole = read(tmp_path / name) if checked and how == "bytes" else None
    strategy = bytes_changed(valid) if how == "bytes" else CHANGED[target]()
    minutes = request.config.getoption("--fuzz-minutes", default=0.0)
    if not minutes:
        assert _look(target, strategy, tmp_path, whole=whole, examples=_EXAMPLES, start=0)["read"] >= _EXAMPLES // 2
        return
    begun, total = time.monotonic(), {"read": 0, "accepted": 0}
    while time.monotonic() - begun < 60.0 * minutes / (2 * len(TARGETS)):
        counts = _look(target, strategy, tmp_path, whole=whole, examples=_AT_ONCE, start=random.getrandbits(64))
        total = {key: total[key] + counts[key] for key in total}
    print(f"\n{target}, {how}: {total['read']:,} read, {total['accepted']:,} accepted, {time.monotonic() - begun:.0f} s")
