"""NIR files: reading one without trusting it, writing one completely or not at all, and a digest of what it holds."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ...data.files import digest_of, write_atomically
from ...errors import CheckpointError, package

#: The entry of a graph's metadata that is ours.
OURS = "hetsyn_sim"
#: Bytes of a file that nobody's network has, unpacked or not.
_LARGEST = 2**31


def nir_package() -> Any:
    """The package ``nir``; a BackendError if it is not installed."""
    return package("nir", "reading and writing NIR graphs", extra="nir")


def read_graph(path: str | PathLike[str]) -> Any:
    """The ``nir.NIRGraph`` of a file, its numbers all finite.

    Raises
    ------
    BackendError
        If nir is not installed.
    CheckpointError
        If the file is missing, cut, no HDF5, no NIR graph, of inconsistent shapes, or holds NaN or infinity.
    """
    nir, place = nir_package(), Path(path)
    if not place.is_file():
        raise not_nir(str(path), "no file" if not place.exists() else "a folder", "a .nir file", "check the path")
    _check_content(place)
    try:
        graph = nir.read(str(place))
    except Exception as error:  # h5py and nir raise almost anything for a broken file: OSError, KeyError, AssertionError, TypeError, ...
        raise _damaged(path, error) from error
    if not isinstance(graph, nir.NIRGraph):
        raise not_nir(str(path), f"a single {type(graph).__name__}", "a NIRGraph", "write the whole graph")
    for name, key, array in _arrays(graph):
        if array.dtype.kind not in "iufb" or not np.all(np.isfinite(array)):
            got = f"dtype {array.dtype}" if array.dtype.kind not in "iufb" else f"{int(np.sum(~np.isfinite(array)))} NaN or infinite values"
            raise not_nir(f"{path}: node {name!r}, {key}", got, "finite numbers", "correct the node; a time constant without end is an IF")
    return graph


def write_graph(graph: Any, path: str | PathLike[str]) -> Path:
    """Write a graph, complete or not at all, and return its path."""
    content = io.BytesIO()
    nir_package().write(content, graph)
    return write_atomically(path, content.getvalue())


def digest_of_graph(graph: Any) -> str:
    """SHA-256 over every number of a graph, its edges, and our metadata but for the digest itself."""
    parts: list[Any] = []
    for name, key, array in sorted(_arrays(graph), key=lambda entry: entry[:2]):
        parts += [f"{name}|{key}|{array.shape}|", _plain(array)]
    parts += [repr((kinds, edges)) for kinds, edges in _shapes(graph)]
    for key, value in _leaves(graph.metadata.get(OURS, {})):
        if key != ".digest":
            parts += [f"{key}|", _plain(value) if isinstance(value, np.ndarray) else str(value)]
    return digest_of(parts)


def _plain(array: Any) -> Any:
    """Numbers in a type that no machine and no HDF5 changes."""
    return array.astype("<i8" if array.dtype.kind in "iub" else "<f8")


def not_nir(where: str, got: str, expected: str, remedy: str) -> CheckpointError:
    """The error for a file that is no NIR graph."""
    return CheckpointError("this is not a NIR graph that can be read", where=where, got=got, expected=expected, remedy=remedy)


def _damaged(path: str | PathLike[str], error: Exception) -> CheckpointError:
    got = f"{type(error).__name__}: {next(iter(str(error).splitlines()), '')}"
    return not_nir(str(path), got, "an HDF5 file that nir.write wrote", "write the graph again with nir.write")


def _check_content(place: Path) -> None:
    """Nothing of another file, and nothing huge: arrays are declared in a few bytes and unpacked to any size, so look at that first."""
    h5py, declared = import_module("h5py"), 0
    try:
        with h5py.File(place, "r") as file:

            def look(_: str, item: Any) -> None:
                nonlocal declared
                if isinstance(item, h5py.Group):
                    foreign = [name for name in item if not isinstance(item.get(name, getlink=True), h5py.HardLink)]
                    if foreign:
                        raise OSError(f"links that lead elsewhere: {', '.join(foreign[:3])}")
                elif isinstance(item, h5py.Dataset):
                    if item.external or item.is_virtual:
                        raise OSError(f"{item.name} lies in another file")
                    declared += int(np.prod(item.shape or (), dtype=np.float64)) * item.dtype.itemsize

            look("/", file)
            file.visititems(look)
    except Exception as error:  # as above
        raise _damaged(place, error) from error
    if declared > _LARGEST:
        raise not_nir(str(place), f"{declared:,} bytes when unpacked", f"at most {_LARGEST:,}", "write a smaller graph")


def _arrays(graph: Any, prefix: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every array of every node, of nodes in subgraphs too: name of the node, of the array, and the array."""
    nir = nir_package()
    for name, node in graph.nodes.items():
        if isinstance(node, nir.NIRGraph):
            yield from _arrays(node, f"{prefix}{name}/")
            continue
        for key, value in node.to_dict().items():
            if key not in ("type", "metadata") and value is not None:
                yield f"{prefix}{name}", key, np.asarray(value)


def _shapes(graph: Any) -> Iterator[tuple[list[tuple[str, str]], list[tuple[str, str]]]]:
    """Kinds of nodes by their names, and edges, of a graph and of its subgraphs."""
    yield sorted((name, type(node).__name__) for name, node in graph.nodes.items()), sorted((str(a), str(b)) for a, b in graph.edges)
    for name in sorted(graph.nodes):
        if isinstance(graph.nodes[name], nir_package().NIRGraph):
            yield from _shapes(graph.nodes[name])


def _leaves(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key in sorted(content):
        value = content[key]
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}.{key}")
        else:
            yield f"{prefix}.{key}", value
