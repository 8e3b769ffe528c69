"""NIR files that were forged or made up: one kind of error, with a remedy. Changed and cut ones: tests/reliability."""

import h5py
import nir
import pytest

from hetsyn_sim.errors import CheckpointError
from hetsyn_sim.exchange import from_nir, import_nir
from hetsyn_sim.exchange.nir import to_nir
from hetsyn_sim.exchange.nir.file import digest_of_graph

from .test_nir_import import chain, lif


def test_metadata_that_fit_together_and_say_nothing(toy_checkpoint):
    """A hostile file may have the right digest."""
    for entry, value in (("about", "{"), ("about", "[]"), ("spec", "dt: [1"), ("values", {}), ("members", {}), ("about", '{"dtypes": {}}')):
        graph, _ = to_nir(toy_checkpoint)
        graph.metadata["hetsyn_sim"][entry] = value
        graph.metadata["hetsyn_sim"]["digest"] = digest_of_graph(graph)
        with pytest.raises((CheckpointError, ValueError)) as caught:
            from_nir(graph)
        assert "remedy" in str(caught.value)


def test_files_that_can_not_be_read(tmp_path):
    nir.write(str(tmp_path / "single.nir"), lif())
    with h5py.File(tmp_path / "huge.nir", "w") as file:
        file.create_dataset("node/weight", shape=(2**20, 2**20), chunks=(2**10, 2**10), dtype="f8", compression="gzip")
    with h5py.File(tmp_path / "round.nir", "w") as file:
        file.create_group("node")
        file["node/node"] = file["node"]
    with h5py.File(tmp_path / "link.nir", "w") as file:
        file["node"] = h5py.ExternalLink("single.nir", "/node")
    cases = {"single": "LIF", "huge": "bytes when unpacked", "round": "Error", "link": "links that lead elsewhere"}
    for name, got in cases.items():
        with pytest.raises(CheckpointError, match=rf"(?s)not a NIR graph that can be read.*{got}.*remedy"):
            import_nir(tmp_path / f"{name}.nir", dt="10 ms")


def test_a_single_node_is_no_graph(tmp_path, monkeypatch):
    monkeypatch.setattr(nir, "read", lambda path: lif())  # nir 1.0 refuses to read one
    nir.write(str(tmp_path / "x.nir"), chain(lif()))
    with pytest.raises(CheckpointError, match=r"(?s)a single LIF.*a NIRGraph"):
        import_nir(tmp_path / "x.nir", dt="10 ms")
