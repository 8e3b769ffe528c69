"""Files cut at random bytes, emptied, replaced by something else, and with bits turned over."""

from __future__ import annotations

import gzip

from hetsyn_sim.errors import CheckpointError, ConfigError, DataError

from . import material as m
from .case import Case
from .damage import cut, flipped, saved

_WEB_PAGE = b"<!DOCTYPE html><html><head><title>404 Not Found</title></head></html>\n"

#: Entry -> valid bytes, a name for the file, the error, and what it says of a file that can't be read.
READERS = {
    "Checkpoint.load": (m.FORMATS["checkpoint"][0], "network.safetensors", CheckpointError, "can't be read|not written by hetsyn-sim"),
    "load_recording": (m.recording_npz, "recording.npz", DataError, "this recording can't be read"),
    "SpikeDataset.load": (m.spikes_h5, "spikes.h5", DataError, "damaged or not an HDF5 file"),
    "encode": (m.sounds_zip, "sounds.zip", DataError, "the archive can't be read"),
    "heidelberg_digits": (m.shd_h5, "shd.h5", DataError, "not in the layout|can't be read"),
    "read_state_dict": (m.pth, "model.pth", CheckpointError, "holds no state dict"),
    "import_network": (m.pth, "model.pth", CheckpointError, "holds no state dict"),
    "import_nir": (m.nir, "network.nir", CheckpointError, "not a NIR graph that can be read"),
    "read_state": (m.FORMATS["resume state"][0], "resume.safetensors", CheckpointError, "the state to resume from can't be read"),
    "read_metrics": (lambda: m.run()["metrics.csv"], "metrics.csv", DataError, "metrics of this run can't be read"),
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


def _at(content: bytes, where: float) -> bytes:
    """A bit of the byte that lies so far into the file, between 0 and 1, turned over."""
    changed = bytearray(content)
    changed[int(where * len(content))] ^= 4
    return bytes(changed)


def _flips():
    """Bits in the numbers themselves, which no reader of the format would notice."""
    yield Case(
        "Checkpoint.load",
        "one bit of a value turned over",
        saved("network.safetensors", lambda: _at(m.checkpoint().to_bytes(), 0.99)),
        CheckpointError,
        "does not say what it said|not finite|not a number",
    )
    yield Case(
        "read_state",
        "one bit of a value turned over",
        saved("resume.safetensors", lambda: _at(m.run()["resume.safetensors"], 0.99)),
        CheckpointError,
        "another SHA-256",
    )
    yield Case(
        "load_recording", "one bit of a value turned over", saved("r.npz", lambda: _at(m.recording_npz(), 0.2)), DataError, "be read"
    )
    yield Case("encode", "one bit of a sound turned over", saved("s.zip", lambda: _at(m.sounds_zip(), 0.4)), DataError, "can't be read")

    def label(content: bytes) -> bytes:
        from .damage import edited_h5

        told = m.data().fingerprint()

        def change(file):
            file.attrs["fingerprint"] = told.encode()
            file["labels"][3] ^= 1

        return edited_h5(content, change)

    yield Case(
        "SpikeDataset.load", "one bit of a label turned over", saved("s.h5", lambda: label(m.spikes_h5())), DataError, "does not hold what"
    )


def _packed():
    def half(folder):
        place = m.mnist(folder / "mnist")
        packed = place / "train-images-idx3-ubyte.gz"
        packed.write_bytes(packed.read_bytes()[:2000])
        return place

    def flipped_gz(folder):
        place = m.mnist(folder / "mnist")
        packed = place / "train-images-idx3-ubyte.gz"
        packed.write_bytes(flipped(packed.read_bytes()[:-8], 3) + packed.read_bytes()[-8:])
        return place

    def short(folder):
        place = m.mnist(folder / "mnist")
        (place / "t10k-labels-idx1-ubyte").write_bytes(m.idx(m.images()[1])[:-1])
        return place

    def shd_gz(folder):
        place = m.shd(folder / "shd")
        (place / "shd_test.h5").unlink()
        (place / "shd_test.h5.gz").write_bytes(gzip.compress(m.shd_h5())[:-300])
        return place

    yield Case("sequential_mnist", "packed images cut in the middle", half, DataError, "not images of MNIST")
    yield Case("sequential_mnist", "a bit of packed images turned over", flipped_gz, DataError, "not images of MNIST")
    yield Case("sequential_mnist", "labels one short", short, DataError, "not images of MNIST")
    yield Case("heidelberg_digits", "a packed part cut short", shd_gz, DataError, "not in the layout")


def _text():
    yield Case("load_recipe", "cut in a bracket", saved("toy.yaml", lambda: m.RECIPE.encode()[:30]), ConfigError, "can't be read")
    yield Case("load_recipe", "no text", saved("toy.yaml", lambda: bytes(range(256))), ConfigError, "can't be read")
    yield Case("load_recipe", "a list", saved("toy.yaml", lambda: b"- 1\n- 2\n"), ConfigError, "a setting is wrong")
    yield Case("load_recipe", "in UTF-16", saved("toy.yaml", lambda: m.RECIPE.encode("utf-16")), ConfigError, "can't be read")


def _cameras():
    def gesture(content):
        def spoil(folder):
            place = m.gestures(folder / "dvs")
            (place / "user01_led.aedat").write_bytes(content())
            return place

        return spoil

    def cifar(content):
        def spoil(folder):
            place = m.cifar(folder / "cifar")
            (place / "airplane" / "cifar10_airplane_0.aedat").write_bytes(content())
            return place

        return spoil

    for entry, place, whole in (("dvs_gestures", gesture, m.aedat_3), ("cifar10_dvs", cifar, m.aedat_2)):
        yield Case(entry, "a recording cut in an event", place(lambda w=whole: w()[:-3]), DataError, "recording of a camera is damaged")
        yield Case(entry, "a recording cut in its header", place(lambda w=whole: w()[:16]), DataError, "damaged|another format")
        yield Case(entry, "an empty recording", place(lambda: b""), DataError, "another format")
        yield Case(entry, "a web page", place(lambda: _WEB_PAGE), DataError, "another format")


KIND = "cut, emptied, replaced, bits turned over"
CASES = [*_cases(), *_flips(), *_packed(), *_text(), *_cameras()]
