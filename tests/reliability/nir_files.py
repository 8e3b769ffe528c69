"""NIR graphs that were changed after they were written: what is in them, what they announce, and where their nodes lie."""

from __future__ import annotations

import h5py
import numpy as np

from hetsyn_sim.errors import CheckpointError

from . import material as m
from .case import Case
from .damage import edited_h5, replaced, saved

_OURS = "node/metadata/hetsyn_sim"
_TAU = "node/nodes/layer_1_R/tau"
_NOT_NIR, _CHANGED = "not a NIR graph that can be read", "changed after it was written|can't be read|can't be one of our networks|damaged"


def _cases():
    def case(how, change, message=_NOT_NIR):
        return Case("import_nir", how, saved("n.nir", lambda: edited_h5(m.nir(), change)), CheckpointError, message)

    tau = np.array([0.08, 0.08, 0.08])
    yield case("without its nodes", replaced("node/nodes"))
    yield case("without its edges", replaced("node/edges"))
    yield case("without a node that edges name", replaced("node/nodes/layer_1"), f"{_NOT_NIR}|{_CHANGED}")
    yield case("a node without its type", replaced("node/nodes/layer_1/type"))
    yield case("a node of a type that NIR has not", replaced("node/nodes/layer_1/type", b"HodgkinHuxley"))
    yield case("a node of a type that is code", replaced("node/nodes/layer_1/type", b"__import__('os').system('touch canary')"))
    yield case("a node that is another kind", replaced("node/nodes/layer_1_back/type", b"Threshold"), f"{_NOT_NIR}|{_CHANGED}")
    yield case("a time constant that is NaN", replaced(_TAU, tau * np.nan))
    yield case("a time constant without end", replaced(_TAU, np.full(3, np.inf)))
    yield case("a time constant that is text", replaced(_TAU, b"80 ms"))
    yield case("time constants of another shape", replaced(_TAU, np.ones((2, 2))), f"{_NOT_NIR}|{_CHANGED}")
    yield case("a time constant that was changed", replaced(_TAU, tau * (1 + 1e-12)), _CHANGED)
    yield case("a weight that was turned round", replaced("node/nodes/readout/weight", -np.eye(3)), _CHANGED)
    yield case("an edge to nowhere", replaced("node/edges", np.array([[b"input", b"nowhere"]])), f"{_NOT_NIR}|{_CHANGED}")
    yield case("10^12 values", replaced(_TAU, shape=(10**12,), dtype="f8", chunks=(1 << 16,)))  # in a few hundred bytes
    yield case("values in another file", replaced(_TAU, shape=(3,), dtype="f8", external=[("/etc/hostname", 0, 24)]))
    yield case("a link to another file", replaced(_TAU, h5py.ExternalLink("/etc/hostname", "/")))
    yield case("a link onto itself", replaced(_TAU, h5py.SoftLink(f"/{_TAU}")))
    yield case("of a newer format", replaced(f"{_OURS}/format", 2), "format|changed")
    yield case("a digest of another graph", replaced(f"{_OURS}/digest", b"0" * 64), _CHANGED)
    yield case("without its digest", replaced(f"{_OURS}/digest"), _CHANGED)
    yield case("dt in its metadata changed", replaced(f"{_OURS}/dt", 0.02), _CHANGED)
    yield case("hostile text for its network", replaced(f"{_OURS}/spec", b"!!python/object/apply:os.system ['touch canary']"), _CHANGED)
    yield case("values in its metadata gone", replaced(f"{_OURS}/values"), _CHANGED)


KIND = "NIR graphs: nodes, edges, links and metadata"
CASES = list(_cases())
