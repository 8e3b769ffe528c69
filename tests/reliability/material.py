"""One valid file of every kind that is read, as small as it can be: what the cases break."""

from __future__ import annotations

import gzip
import io
import struct
import wave
import zipfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import h5py
import numpy as np
import torch

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.data.recording import Recording
from hetsyn_sim.data.recording_file import save_recording
from hetsyn_sim.exchange import export_nir
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training import Recipe, fit

from ..conftest import make_toy_data

RECIPE = "name: toy\nnetwork: {hidden: [3]}\ntraining: {epochs: 2, batch_size: 6, validation: none, num_threads: 1}\n"
TAU = "layer_1.feedforward.tau_syn"
WEIGHT = "layer_1.feedforward.w"


@cache
def data() -> SpikeDataset:
    """Twelve recordings of three classes, six of them for testing."""
    return make_toy_data(n=12, n_channels=4, n_steps=10)


@cache
def checkpoint() -> Checkpoint:
    """Four channels, three neurons, three outputs."""
    spec = NetworkSpec(dt="10 ms", n_input=4, layers=[Layer(HetSynLIF, 3, recurrent=True)], readout=Layer(LeakyReadout, 3))
    return Checkpoint(spec, spec.initial_values(1), recipe={"name": "toy"}, seeds={"training": 1}, metrics={"epochs": 2})


@cache
def recording() -> Recording:
    """One layer, its spikes and its voltage."""
    rng = np.random.default_rng(0)
    return Recording(0.01, {"layer_1": rng.random((10, 2, 3)) < 0.3}, {"layer_1.v": rng.random((10, 2, 3))}, "torch float64")


def _through(save, name: str) -> bytes:
    with TemporaryDirectory() as folder:
        save(Path(folder) / name)
        return (Path(folder) / name).read_bytes()


@cache
def spikes_h5() -> bytes:
    return _through(data().save, "spikes.h5")


@cache
def recording_npz() -> bytes:
    return _through(lambda path: save_recording(recording(), path), "recording.npz")


def own_npz() -> bytes:
    """Four spikes of two recordings, as somebody else has them."""
    content = io.BytesIO()
    parts = {"times": [0.1, 0.2, 0.1, 0.3], "units": [0, 1, 1, 0], "recordings": [0, 0, 1, 1], "labels": ["left", "right"]}
    np.savez(content, **{name: np.array(part) for name, part in parts.items()})
    return content.getvalue()


def wav(n: int = 1200, *, pitch: float = 400.0) -> bytes:
    """A tone of ``n`` samples, 16-bit mono at 8 kHz."""
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes((12000 * np.sin(2 * np.pi * pitch * np.arange(n) / 8000)).astype("<i2").tobytes())
    return content.getvalue()


@cache
def sounds_zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for k in (0, 5):
            archive.writestr(f"sounds/3_ada_{k}.wav", wav(pitch=400.0 + 40 * k))
    return content.getvalue()


def idx(values: np.ndarray) -> bytes:
    """An IDX file of bytes."""
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.astype(np.uint8).tobytes()


def images(n: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Grey values and digits."""
    return np.random.default_rng(0).integers(0, 256, (n, 28, 28)).astype(np.uint8), np.arange(n) % 10


def mnist(folder: Path) -> Path:
    """A folder with the images of both splits."""
    folder.mkdir(exist_ok=True)
    for part in ("train", "t10k"):
        pixels, digits = images()
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(pixels)))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(digits))
    return folder


@cache
def shd_h5() -> bytes:
    """Ten recordings in the layout of the Spiking Heidelberg Digits."""
    content, rng = io.BytesIO(), np.random.default_rng(0)
    with h5py.File(content, "w") as file:
        for name, dtype in (("times", "f4"), ("units", "i4")):
            place = file.create_dataset(f"spikes/{name}", (10,), dtype=h5py.vlen_dtype(np.dtype(dtype)))
            for k in range(10):
                place[k] = np.sort(rng.random(5) * 0.5) if name == "times" else rng.integers(0, 700, 5)
        file["labels"] = np.arange(10) % 2
    return content.getvalue()


def shd(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for split in ("train", "test"):
        (folder / f"shd_{split}.h5").write_bytes(shd_h5())
    return folder


def aedat_2() -> bytes:
    """Three events of a DVS128 in AEDAT 2.0."""
    return b"#!AER-DAT2.0\r\n# a camera\r\n" + struct.pack(">6I", 0x0A0A, 100, 0x0B0B, 200, 0x0C0C, 300)


def aedat_3() -> bytes:
    """A packet of three polarity events in AEDAT 3.1."""
    events = struct.pack("<6I", *(value for k in range(3) for value in (1 | k << 2 | 5 << 17, 100 * (k + 1))))
    return b"#!AER-DAT3.1\r\n#!END-HEADER\r\n" + struct.pack("<hhiiiiii", 1, 1, 8, 4, 0, 3, 3, 3) + events


def gestures(folder: Path) -> Path:
    """DVS128 Gesture with one recording in either split."""
    folder.mkdir(exist_ok=True)
    for split, name in (("train", "user01_led"), ("test", "user24_led")):
        (folder / f"trials_to_{split}.txt").write_text(f"{name}.aedat\n")
        (folder / f"{name}.aedat").write_bytes(aedat_3())
        (folder / f"{name}_labels.csv").write_text("class,startTime_usec,endTime_usec\n1,0,400\n")
    return folder


def cifar(folder: Path) -> Path:
    """CIFAR10-DVS with two recordings of one class."""
    (folder / "airplane").mkdir(parents=True, exist_ok=True)
    for k in range(2):
        (folder / "airplane" / f"cifar10_airplane_{k}.aedat").write_bytes(aedat_2())
    return folder


def sphere(samples: int = 400, **changed: str) -> bytes:
    """A NIST SPHERE file, 16 bit at 20 kHz."""
    facts = {"sample_count": f"-i {samples}", "sample_n_bytes": "-i 2", "channel_count": "-i 1", "sample_byte_format": "-s2 01"}
    facts |= {"sample_rate": "-i 20000", "sample_coding": "-s3 pcm", "sample_sig_bits": "-i 16"} | changed
    head = "NIST_1A\n   1024\n" + "".join(f"{name} {value}\n" for name, value in facts.items()) + "end_head\n"
    tone = 8000 * np.sin(np.arange(samples) / 5)
    return head.encode().ljust(1024) + tone.astype("<i2").tobytes()


def tidigits(folder: Path) -> Path:
    """One digit of one speaker in either split."""
    for split in ("train", "test"):
        place = folder / split / "man" / "ab"
        place.mkdir(parents=True, exist_ok=True)
        (place / "1a.wav").write_bytes(sphere())
    return folder


def tensors() -> dict[str, torch.Tensor]:
    """A network of four channels, three neurons and two outputs, as the published code names its parts."""
    shapes = {"layer_hidden1.layer_in": (3, 4), "layer_out": (2, 3)}
    return {f"{name}.{part}": torch.full(shape, 0.5) for name, shape in shapes.items() for part in ("w", "rho")}


@cache
def nir() -> bytes:
    return _through(lambda path: export_nir(checkpoint(), path), "network.nir")


@cache
def pth() -> bytes:
    content = io.BytesIO()
    torch.save(tensors(), content)
    return content.getvalue()


@cache
def run() -> dict[str, bytes]:
    """The files of a finished training."""
    with TemporaryDirectory() as folder:
        fit(recipe(), data(), out=folder, progress=False, data_name="spikes.h5")
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def run_folder(folder: Path, *, without: tuple[str, ...] = ()) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in run().items():
        if name not in without:
            (folder / name).write_bytes(content)
    return folder


@cache
def recipe() -> Recipe:
    with TemporaryDirectory() as folder:
        (Path(folder) / "toy.yaml").write_text(RECIPE)
        return Recipe.from_yaml(Path(folder) / "toy.yaml")


#: Entry -> a folder of a data set of event cameras, and one of its recordings.
CAMERAS = {
    "dvs_gestures": (gestures, "user01_led.aedat"),
    "cifar10_dvs": (cifar, "airplane/cifar10_airplane_0.aedat"),
}
