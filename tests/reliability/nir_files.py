"""NIR graphs that were changed after they were written: what is in them, what they announce, and where their nodes lie."""

from __future__ import annotations

import h5py
import numpy as np

from hetsyn_sim.errors import CheckpointError

from . import material as m
from .case import Case
from .damage import edited_h5, saved

_OURS = "node/metadata/hetsyn_sim"
_TAU = "node/nodes/layer_1_R/tau"
_NOT_NIR, _CHANGED = "not a NIR graph that can be read", "changed after it was written|can't be read|can't be one of our networks|damaged"


def _set(name, value):
    """A change of an HDF5 file: something else under a name, or nothing for None."""

    def change(file):
        del file[name]
        if value is not None:
            file[name] = value

    return change


def _linked(name, link):
    def change(file):
        del file[name]
        file[name] = link

    return change


def _announced(file):
    del file[_TAU]
    file.create_dataset(_TAU, shape=(10**12,), dtype="f8", chunks=(1 << 16,))  # in a few hundred bytes


def _external(file):
    del file[_TAU]
    file.create_dataset(_TAU, shape=(3,), dtype="f8", external=[("/etc/hostname", 0, 24)])


def _cases():
    def case(how, change, message=_NOT_NIR):
        return Case("import_nir", how, saved("n.nir", lambda: edited_h5(m.nir(), change)), CheckpointError, message)

    tau = np.array([0.08, 0.08, 0.08])
    yield case("without its nodes", _set("node/nodes", None))
    yield case("without its edges", _set("node/edges", None))
    yield case("without a node that edges name", _set("node/nodes/layer_1", None), f"{_NOT_NIR}|{_CHANGED}")
    yield case("a node without its type", _set("node/nodes/layer_1/type", None))
    yield case("a node of a type that NIR has not", _set("node/nodes/layer_1/type", b"HodgkinHuxley"))
    yield case("a node of a type that is code", _set("node/nodes/layer_1/type", b"__import__('os').system('touch canary')"))
    yield case("a node that is another kind", _set("node/nodes/layer_1_back/type", b"Threshold"), f"{_NOT_NIR}|{_CHANGED}")
    yield case("a time constant that is NaN", _set(_TAU, tau * np.nan))
    yield case("a time constant without end", _set(_TAU, np.full(3, np.inf)))
    yield case("a time constant that is text", _set(_TAU, b"80 ms"))
    yield case("time constants of another shape", _set(_TAU, np.ones((2, 2))), f"{_NOT_NIR}|{_CHANGED}")
    yield case("a time constant that was changed", _set(_TAU, tau * (1 + 1e-12)), _CHANGED)
    yield case("a weight that was turned round", _set("node/nodes/readout/weight", -np.eye(3)), _CHANGED)
    yield case("an edge to nowhere", _set("node/edges", np.array([[b"input", b"nowhere"]])), f"{_NOT_NIR}|{_CHANGED}")
    yield case("10^12 values", _announced)
    yield case("values in another file", _external)
    yield case("a link to another file", _linked(_TAU, h5py.ExternalLink("/etc/hostname", "/")))
    yield case("a link onto itself", _linked(_TAU, h5py.SoftLink(f"/{_TAU}")))
    yield case("of a newer format", _set(f"{_OURS}/format", 2), "format|changed")
    yield case("a digest of another graph", _set(f"{_OURS}/digest", b"0" * 64), _CHANGED)
    yield case("without its digest", _set(f"{_OURS}/digest", None), _CHANGED)
    yield case("dt in its metadata changed", _set(f"{_OURS}/dt", 0.02), _CHANGED)
    yield case("hostile text for its network", _set(f"{_OURS}/spec", b"!!python/object/apply:os.system ['touch canary']"), _CHANGED)
    yield case("values in its metadata gone", _set(f"{_OURS}/values", None), _CHANGED)


KIND = "NIR graphs: nodes, edges, links and metadata"
CASES = list(_cases())
