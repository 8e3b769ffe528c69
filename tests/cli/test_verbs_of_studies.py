"""The verbs about studies, corpora and drawn recordings, on toy files."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.events import SpikeDataset


@pytest.fixture
def studies(monkeypatch):
    """Two studies that cost nothing; one of them needs data."""
    from analysis.studies import hetsyn as reproduce

    def run(case, seed, source):
        return {"accuracy": 0.9 + 0.01 * seed, "curve": [0.5, 0.9], "spikes": 3.0}

    made = {name: replace(reproduce.STUDIES[name], cases=reproduce.STUDIES[name].cases[3:5], run=run) for name in ("dms", "smnist")}
    monkeypatch.setattr(reproduce, "STUDIES", made)
    return made


def test_reproduce_prints_the_table_and_keeps_rows_table_and_figure(hetsyn, files, studies):
    out, folder = files.folder / "out.json", files.folder / "again"
    result = hetsyn("reproduce", "dms", "--seeds", 2, "--out", folder, "--json", out, "--jobs", 1)
    assert "| HetSynLIF | recurrent | 90.50 ± 6.35 % |" in result.stdout
    assert [row["accuracy"] for row in json.loads(out.read_text())["studies"]["dms"]] == [0.9, 0.9, 0.91, 0.91]
    assert (folder / "dms.md").read_text().strip() in result.stdout
    assert (folder / "dms.png").stat().st_size > 1000


def test_reproduce_all_leaves_out_what_has_no_data_and_ends_with_the_budget(hetsyn, files, studies):
    result = hetsyn("reproduce", "all", "--out", files.folder / "all", "--jobs", 1, "--budget", "0 s")
    assert "smnist is left out: it needs --data, a folder with MNIST's images" in result.stderr
    assert "dms: 0 of 10 runs are there; run the same again for more" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("shd",), "unknown experiment"),
        (("smnist",), "needs data that do not ship"),
        (("dms", "--budget", "soon"), "not a time to spend"),
    ],
)
def test_reproduce_says_what_is_wrong(hetsyn, studies, arguments, message):
    assert message in hetsyn("reproduce", *arguments, exit_code=2).stderr


def test_images_and_corpora_are_encoded(hetsyn, files):
    import gzip
    import struct

    folder = files.folder / "mnist"
    folder.mkdir()
    for part, n in (("train", 30), ("t10k", 10)):
        for name, shape in ((f"{part}-images-idx3-ubyte", (n, 28, 28)), (f"{part}-labels-idx1-ubyte", (n,))):
            body = bytes([k % 10 for k in range(n)]) if len(shape) == 1 else bytes(200 for _ in range(n * 784))
            (folder / f"{name}.gz").write_bytes(gzip.compress(struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape) + body))
    hetsyn("encode", folder, files.folder / "rows.h5", "--scan", "row", "--channels", 2)
    data = SpikeDataset.load(files.folder / "rows.h5")
    assert (len(data.train), len(data.test), data.n_channels, data.n_steps[0]) == (30, 10, 56, 28)
    assert "can't be scanned" in hetsyn("encode", folder, files.folder / "x.h5", "--scan", "diagonal", exit_code=2).stderr

    soundfile = pytest.importorskip("soundfile")
    for split in ("train", "test"):
        path = files.folder / "tidigits" / split / "man" / "ae"
        path.mkdir(parents=True)
        sound = np.random.default_rng(0).normal(size=4000) * 0.1
        soundfile.write(path / "1a.wav", sound, 20000, format="NIST", subtype="PCM_16")
    hetsyn("encode", files.folder / "tidigits", files.folder / "words.h5")
    assert SpikeDataset.load(files.folder / "words.h5").n_channels == 496


@pytest.mark.parametrize(("name", "said"), [("delayed_match_to_sample", "training accuracy"), ("pattern_generation", "training error")])
def test_a_recipe_may_name_recordings_that_are_drawn(hetsyn, files, name, said):
    plain = {"name": "drawn", "task": {"name": name, "n_train": 6, "n_test": 3}, "network": {"hidden": [4], "recurrent": False}}
    loss = "mean_squared_error" if name == "pattern_generation" else "last_step"
    plain["training"] = {"loss": {"name": loss}, "epochs": 1, "batch_size": 3, "validation": "none"}
    (files.folder / "drawn.yaml").write_text(json.dumps(plain))
    result = hetsyn("train", files.folder / "drawn.yaml", "--seed", 5, "--out", files.folder / "drawn")
    assert said in result.stdout
    checkpoint = Checkpoint.load(files.folder / "drawn" / "checkpoint.safetensors")
    assert checkpoint.data["name"] == name
    hetsyn("verify", files.folder / "drawn")  # on the recordings of the same seed
