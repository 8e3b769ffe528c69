"""NIR files that were changed, cut, forged or made up: one kind of error, with the place and a remedy."""

import h5py
import nir
import numpy as np
import pytest

from hetsyn_sim.errors import CheckpointError
from hetsyn_sim.exchange import from_nir, import_nir
from hetsyn_sim.exchange.nir import export_nir, to_nir
from hetsyn_sim.exchange.nir.file import digest_of_graph

from .test_nir_import import chain, lif


@pytest.mark.parametrize("what", ["weight", "edge", "metadata", "format", "values"])
def test_a_graph_of_ours_that_was_changed_says_so(what, toy_checkpoint):
    graph, _ = to_nir(toy_checkpoint)
    told = graph.metadata["hetsyn_sim"]
    if what == "weight":
        graph.nodes["layer_1_feedforward_I_0_weight"].weight[0, 0] += 1e-9
    elif what == "edge":
        graph.edges.append(("input", "output"))
    elif what == "metadata":
        told["dt"] = 0.004
    elif what == "format":
        told["format"] = 2
    else:
        told["values"].popitem()
    expected = "format 1" if what == "format" else "was changed after it was written"
    with pytest.raises(CheckpointError, match=f"(?s){expected}.*--as-foreign"):
        from_nir(graph)


def test_metadata_that_fit_together_and_say_nothing(toy_checkpoint):
    """A hostile file may have the right digest."""
    for entry, value in (("about", "{"), ("about", "[]"), ("spec", "dt: [1"), ("values", {}), ("members", {}), ("about", '{"dtypes": {}}')):
        graph, _ = to_nir(toy_checkpoint)
        graph.metadata["hetsyn_sim"][entry] = value
        graph.metadata["hetsyn_sim"]["digest"] = digest_of_graph(graph)
        with pytest.raises((CheckpointError, ValueError)) as caught:
            from_nir(graph)
        assert "remedy" in str(caught.value)


def write(path, **changes):
    nir.write(str(path), chain(lif()))
    with h5py.File(path, "a") as file:
        for key, value in changes.items():
            place = key.replace("__", "/")
            if place in file:
                del file[place]
            if value is not None:
                file[place] = value
    return path


def test_files_that_can_not_be_read(tmp_path):
    """Cut anywhere, of another kind, with numbers that are none, huge, or leading elsewhere: one error, with the place."""
    whole = write(tmp_path / "whole.nir").read_bytes()
    for n in (0, 1, 8, 100, len(whole) // 3, len(whole) // 2, len(whole) - 1):
        (tmp_path / "cut.nir").write_bytes(whole[:n])
        with pytest.raises(CheckpointError, match=r"(?s)not a NIR graph that can be read.*cut.nir"):
            import_nir(tmp_path / "cut.nir", dt="10 ms")
    (tmp_path / "text.nir").write_text("LIF")
    cases = {
        "nothing.nir": "no file",
        ".": "a folder",
        "text.nir": "OSError",
        write(tmp_path / "nan.nir", node__nodes__cell__tau=np.full(4, np.nan)): r"node 'cell', tau.*4 NaN",
        write(tmp_path / "words.nir", node__nodes__cell__tau="soon"): "Error",
        write(tmp_path / "type.nir", node__nodes__cell__type="Exec"): "Error",
        write(tmp_path / "node.nir", node__nodes=None): "Error",
        write(tmp_path / "edge.nir", node__edges=[[b"input", b"nowhere"]]): "nowhere",
        write(tmp_path / "link.nir", node__nodes__x=h5py.ExternalLink("whole.nir", "/node")): "links that lead elsewhere",
        write(tmp_path / "soft.nir", node__nodes__x=h5py.SoftLink("/node")): "links that lead elsewhere",
    }
    nir.write(str(tmp_path / "single.nir"), lif())
    cases["single.nir"] = "LIF"
    with h5py.File(tmp_path / "huge.nir", "w") as file:
        file.create_dataset("node/weight", shape=(2**20, 2**20), chunks=(2**10, 2**10), dtype="f8", compression="gzip")
    cases["huge.nir"] = "bytes when unpacked"
    with h5py.File(tmp_path / "round.nir", "w") as file:
        file.create_group("node")
        file["node/node"] = file["node"]
    cases["round.nir"] = "Error"
    for name, got in cases.items():
        with pytest.raises(CheckpointError, match=rf"(?s)not a NIR graph that can be read.*{got}.*remedy"):
            import_nir(tmp_path / name, dt="10 ms")


def test_a_single_node_is_no_graph(tmp_path, monkeypatch):
    monkeypatch.setattr(nir, "read", lambda path: lif())  # nir 1.0 refuses to read one
    with pytest.raises(CheckpointError, match=r"(?s)a single LIF.*a NIRGraph"):
        import_nir(write(tmp_path / "x.nir"), dt="10 ms")


def test_random_bytes_in_a_graph_of_ours(toy_checkpoint, tmp_path):
    """Flipped bits: a typed error, or the same network where the byte means nothing."""
    path = export_nir(toy_checkpoint, tmp_path / "own.nir", groups=1).path
    whole, same = bytearray(path.read_bytes()), import_nir(path).to_bytes()
    rng = np.random.default_rng(0)
    refusals = 0
    for place in rng.integers(0, len(whole), size=20):
        broken = bytearray(whole)
        broken[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken)
        try:
            assert import_nir(path).to_bytes() == same
        except CheckpointError:
            refusals += 1
    assert refusals > 0
