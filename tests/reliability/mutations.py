"""What Hypothesis may do to a valid file: to its bytes, and to what the format means by them. Few changes, so that a finding is small."""

from __future__ import annotations

import io
import json
import math
import zipfile
from typing import Any

import h5py
import numpy as np
import yaml
from hypothesis import strategies as st

from . import material as m
from .damage import edited_h5, edited_npz, edited_tensors, header_of, npy, replaced, with_header

_PLACE = st.floats(0.0, 1.0, exclude_max=True)
_BYTES = st.one_of(
    st.binary(min_size=1, max_size=8), st.sampled_from([bytes(8), b"\xff" * 8, b"\0", b"\x7f\xff\xff\xff", b"{", b'"', b"\n"])
)
_OPERATIONS = st.one_of(
    st.tuples(st.just("cut"), _PLACE),
    st.tuples(st.just("flip"), _PLACE, st.integers(0, 7)),
    st.tuples(st.just("set"), _PLACE, _BYTES),
    st.tuples(st.just("insert"), _PLACE, _BYTES),
    st.tuples(st.just("delete"), _PLACE, st.integers(1, 64)),
    st.tuples(st.just("splice"), _PLACE, _PLACE, st.integers(1, 256)),
)


def _applied(content: bytes, operations: list[tuple[Any, ...]]) -> bytes:
    for name, place, *rest in operations:
        at = int(place * len(content))
        if name == "cut":
            content = content[:at]
        elif name == "flip" and content:
            content = content[:at] + bytes([content[at] ^ 1 << rest[0]]) + content[at + 1 :]
        elif name == "set":
            content = content[:at] + rest[0] + content[at + len(rest[0]) :]
        elif name == "insert":
            content = content[:at] + rest[0] + content[at:]
        elif name == "delete":
            content = content[:at] + content[at + rest[0] :]
        elif name == "splice":
            other = int(rest[0] * len(content))
            content = content[:at] + content[other : other + rest[1]] + content[at:]
    return content


def bytes_changed(content: bytes) -> st.SearchStrategy[bytes]:
    """One to three changes at any place."""
    return st.lists(_OPERATIONS, min_size=1, max_size=3).map(lambda operations: _applied(content, operations))


# -- changes that keep the format, so that what reads the content is reached ---------------------------------------------------------------

_NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([0, -1, 2**31, 2**63, 10**12, 1e308, math.nan, math.inf]))
_SCALARS = st.one_of(st.none(), st.booleans(), _NUMBERS, st.text(max_size=8), st.sampled_from(["10 ms", "10 mV", "1", "../x", "\0", "nan"]))
_PLAIN = st.recursive(
    _SCALARS, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)), max_leaves=6
)


def _places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(place for key, inner in items for place in _places(inner, (*path, key)))]


def _with(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    if isinstance(tree, dict):
        return {key: _with(inner, path[1:], value) if key == path[0] else inner for key, inner in tree.items()}
    return [_with(inner, path[1:], value) if k == path[0] else inner for k, inner in enumerate(tree)]


def _tree_changed(tree: Any) -> st.SearchStrategy[Any]:
    """Plain data with something else at any place, or with a key more."""
    places = _places(tree)
    more = st.tuples(st.text(max_size=8), _PLAIN).map(lambda item: {**tree, item[0]: item[1]} if isinstance(tree, dict) else item[1])
    return st.one_of(st.builds(lambda place, value: _with(tree, place, value), st.sampled_from(places), _PLAIN), more)


def _checkpoints() -> st.SearchStrategy[bytes]:
    content = m.checkpoint().to_bytes()
    header = header_of(content)
    facts = json.loads(header["__metadata__"]["hetsyn_sim"])
    spec = yaml.safe_load(facts["spec"])
    told = _tree_changed({k: v for k, v in facts.items() if k not in ("sha256", "spec")})
    about = told.map(
        lambda tree: edited_tensors(
            content, **(dict.fromkeys(facts, ...) | (tree if isinstance(tree, dict) else {}) | {"spec": facts["spec"]})
        )
    )
    networks = _tree_changed(spec).map(lambda tree: edited_tensors(content, spec=yaml.safe_dump(tree)))
    shapes = _tree_changed({k: v for k, v in header.items() if k != "__metadata__"})
    headers = shapes.map(lambda t: with_header(content, {"__metadata__": header["__metadata__"], **(t if isinstance(t, dict) else {})}))
    return st.one_of(about, networks, headers)


_ARRAYS = st.builds(
    lambda shape, dtype, data: npy(tuple(shape), dtype, data),
    st.lists(st.one_of(st.integers(-2, 12), st.sampled_from([2**31, 10**12])), max_size=4),
    st.sampled_from(["|b1", "<f8", "<i8", "<U4", "|O", "<c16", "|S3", "<f2", "|V7", "<M8[s]", "[('a', '<i4')]"]),
    st.binary(max_size=300),
)


def _recordings() -> st.SearchStrategy[bytes]:
    name = st.sampled_from(["dt", "simulator", "rasters__layer_1", "traces__layer_1.v", "rasters__", "traces__x"])
    return st.builds(lambda n, a: edited_npz(m.recording_npz(), **{n: a}), name, st.one_of(_ARRAYS, st.none(), st.binary(max_size=40)))


def _spikes() -> st.SearchStrategy[bytes]:
    def changed(name: str, value: Any, *, attribute: bool) -> bytes:
        def change(file: h5py.File) -> None:
            try:
                if attribute:
                    file.attrs[name] = value
                else:
                    del file[name]
                    file[name] = value
            except (TypeError, ValueError, OverflowError, OSError, RuntimeError):
                pass  # HDF5 can't hold this: the file stays without it

        return edited_h5(m.spikes_h5(), change)

    values = st.one_of(
        *(_NUMBERS, st.text(max_size=5), st.binary(max_size=9), st.lists(st.integers(-3, 2**40), max_size=14).map(np.array)),
        st.lists(st.floats(), max_size=14).map(np.array),
    )
    attributes = st.sampled_from(["dt", "n_channels", "info", "version", "format"])
    places = st.sampled_from(["spikes/steps", "spikes/units", "spikes/offsets", "n_steps", "labels", "speakers", "names", "split"])
    return st.one_of(
        st.builds(lambda n, v: changed(n, v, attribute=True), attributes, values),
        st.builds(lambda n, v: changed(n, v, attribute=False), places, values),
    )


def _state_dicts() -> st.SearchStrategy[bytes]:
    """The pickle inside, changed, in an archive whose checksums are right."""
    with zipfile.ZipFile(io.BytesIO(m.pth())) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    pickled = next(name for name in members if name.endswith("data.pkl"))

    def packed(content: bytes) -> bytes:
        place = io.BytesIO()
        with zipfile.ZipFile(place, "w") as archive:
            for name, value in {**members, pickled: content}.items():
                archive.writestr(name, value)
        return place.getvalue()

    return bytes_changed(members[pickled]).map(packed)


def _yaml(text: str) -> st.SearchStrategy[bytes]:
    def written(tree: Any) -> bytes:
        try:
            return yaml.safe_dump(tree, allow_unicode=True).encode()
        except UnicodeEncodeError:
            return b"{"

    return _tree_changed(yaml.safe_load(text)).map(written)


def _states() -> st.SearchStrategy[bytes]:
    content = m.run()["resume.safetensors"]
    header = header_of(content)
    tree = {k: v for k, v in json.loads(header["__metadata__"]["hetsyn_sim_resume"]).items() if k != "sha256"}

    def written(changed: Any) -> bytes:
        about = {"hetsyn_sim_resume": json.dumps(changed)}
        return with_header(content, {**header, "__metadata__": about})

    return _tree_changed(tree).map(written)


def _graphs() -> st.SearchStrategy[bytes]:
    """Numbers, texts and types under any name of the file, or nothing."""
    names: list[str] = []
    with h5py.File(io.BytesIO(m.nir()), "r") as file:
        file.visit(names.append)

    def changed(name: str, value: Any) -> bytes:
        return edited_h5(m.nir(), replaced(name, value))

    arrays = st.lists(st.floats(), max_size=9).map(np.array)
    kinds = st.sampled_from([b"LI", b"LIF", b"Threshold", b"Linear", b"Affine", b"Delay", b"Input", b"Output", b"NIRGraph", b"os.system"])
    values = st.one_of(st.none(), st.floats(), st.integers(-(2**63), 2**63 - 1), st.binary(min_size=1, max_size=9), arrays, kinds)
    return st.builds(changed, st.sampled_from(names), values)


#: Target -> changes that keep the format.
CHANGED = {
    "NIR graph": _graphs,
    "checkpoint": _checkpoints,
    "recording": _recordings,
    "spike file": _spikes,
    "recipe": lambda: _yaml(m.recipe().to_yaml()),
    "network's text": lambda: _yaml(m.checkpoint().spec.to_text()),
    "model's text": lambda: _yaml(m.checkpoint().spec.populations[0].model.to_text()),
    "state dict": _state_dicts,
    "resume state": _states,
}
