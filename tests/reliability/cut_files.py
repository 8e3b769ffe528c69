"""Files cut at random bytes, emptied, replaced by something else, and with bits turned over."""

from __future__ import annotations

import gzip

from hetsyn_sim.errors import CheckpointError, ConfigError, DataError

from . import material as m
from .case import Case
from .damage import cut, edited_h5, flipped, saved, within

_WEB_PAGE = b"<!DOCTYPE html><html><head><title>404 Not Found</title></head></html>\n"

#: Entry -> valid bytes, a name for the file, the error, and what it says of a file that can't be read.
READERS = {
    "Checkpoint.load": (
        lambda: m.checkpoint().to_bytes(),
        "network.safetensors",
        CheckpointError,
        "can't be read|not written by hetsyn-sim",
    ),
    "load_recording": (m.recording_npz, "recording.npz", DataError, "this recording can't be read"),
    "SpikeDataset.load": (m.spikes_h5, "spikes.h5", DataError, "damaged or not an HDF5 file"),
    "SpikeDataset.from_file": (m.own_npz, "own.npz", DataError, "these spikes can't be read"),
    "encode": (m.sounds_zip, "sounds.zip", DataError, "the archive can't be read"),
    "heidelberg_digits": (m.shd_h5, "shd.h5", DataError, "not in the layout|can't be read"),
    "read_state_dict": (m.pth, "model.pth", CheckpointError, "holds no state dict"),
    "import_network": (m.pth, "model.pth", CheckpointError, "holds no state dict"),
    "import_nir": (m.nir, "network.nir", CheckpointError, "not a NIR graph that can be read"),
    "read_state": (lambda: m.run()["resume.safetensors"], "resume.safetensors", CheckpointError, "the state to resume from can't be read"),
    "read_metrics": (lambda: m.run()["metrics.csv"], "metrics.csv", DataError, "metrics of this run can't be read"),
    "Histograms.load": (
        lambda: m.run()["time_constants.safetensors"],
        "time_constants.safetensors",
        DataError,
        "the time constants over the epochs can't be read",
    ),
    "read_sphere": (m.sphere, "one.wav", DataError, "can't be read"),
}


def _cases():
    for entry, (content, name, error, message) in READERS.items():
        if entry == "heidelberg_digits":  # a file that is not HDF5 at all is taken for an archive of sounds, as the next entry
            message += "|no wav files"
        for seed in range(3):
            # a table of numbers, and sound, are as valid when they end early, unless the cut is in the first lines or in the header
            broken = (lambda c=content, s=seed: cut(c()[:60], s)) if entry in ("read_metrics", "read_sphere") else None
            yield Case(
                entry, f"cut at a random byte ({seed})", saved(name, broken or (lambda c=content, s=seed: cut(c(), s))), error, message
            )
        yield Case(entry, "empty", saved(name, lambda: b""), error, message)
        yield Case(entry, "a web page", saved(name, lambda: _WEB_PAGE), error, message)
        yield Case(entry, "zeros", saved(name, lambda: bytes(4096)), error, message + "|no wav files")


def _flips():
    """Bits in the numbers themselves, which no reader of the format would notice."""

    def label(file):
        file.attrs["fingerprint"] = m.data().fingerprint().encode()
        file["labels"][3] ^= 1

    not_so = "does not say what it said|not finite|not a number"
    for entry, of, name, content, error, message in (
        ("Checkpoint.load", "value", "n.safetensors", lambda: flipped(m.checkpoint().to_bytes(), 0.99), CheckpointError, not_so),
        ("read_state", "value", "r.safetensors", lambda: flipped(m.run()["resume.safetensors"], 0.99), CheckpointError, "another SHA-256"),
        ("load_recording", "value", "r.npz", lambda: flipped(m.recording_npz(), 0.2), DataError, "be read"),
        ("encode", "sound", "s.zip", lambda: flipped(m.sounds_zip(), 0.4), DataError, "can't be read"),
        ("SpikeDataset.load", "label", "s.h5", lambda: edited_h5(m.spikes_h5(), label), DataError, "does not hold what"),
    ):
        yield Case(entry, f"one bit of a {of} turned over", saved(name, content), error, message)


def _packed():
    def images(how, name, content):
        return Case("sequential_mnist", how, within(m.mnist, name, content), DataError, "not images of MNIST")

    train = "train-images-idx3-ubyte.gz"
    yield images("packed images cut in the middle", train, lambda content: content[:2000])
    yield images("a bit of packed images turned over", train, lambda content: flipped(content[:-8], 0.4) + content[-8:])
    yield images("labels one short", "t10k-labels-idx1-ubyte", lambda content: content[:-1])
    short = within(m.shd, "shd_test.h5.gz", lambda _: gzip.compress(m.shd_h5())[:-300], gone="shd_test.h5")
    yield Case("heidelberg_digits", "a packed part cut short", short, DataError, "not in the layout")


def _text():
    for how, content, message in (
        ("cut in a bracket", m.RECIPE.encode()[:30], "can't be read"),
        ("no text", bytes(range(256)), "can't be read"),
        ("a list", b"- 1\n- 2\n", "a setting is wrong"),
        ("in UTF-16", m.RECIPE.encode("utf-16"), "can't be read"),
    ):
        yield Case("load_recipe", how, saved("toy.yaml", lambda c=content: c), ConfigError, message)


def _cameras():
    for entry, (make, name) in m.CAMERAS.items():
        for how, content, message in (
            ("a recording cut in an event", lambda whole: whole[:-3], "recording of a camera is damaged"),
            ("a recording cut in its header", lambda whole: whole[:16], "damaged|another format"),
            ("an empty recording", lambda _: b"", "another format"),
            ("a web page", lambda _: _WEB_PAGE, "another format"),
        ):
            yield Case(entry, how, within(make, name, content), DataError, message)


KIND = "cut, emptied, replaced, bits turned over"
CASES = [*_cases(), *_flips(), *_packed(), *_text(), *_cameras()]
