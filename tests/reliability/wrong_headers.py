"""Versions from elsewhere, wrong dtypes and shapes, and headers that announce what is not there, or more than there is memory for."""

from __future__ import annotations

import struct

import h5py
import numpy as np

from hetsyn_sim.errors import CheckpointError, DataError

from . import material as m
from .case import Case
from .damage import edited_h5, edited_npz, edited_tensors, header_of, npy, replaced, saved, with_header, within
from .wrong_states import state_dicts, states

HUGE = 10**12
_NO_ARRAYS = b"PK\x05\x06" + bytes(18)  # an archive of nothing


def _checkpoints():
    def case(how, content, message):
        return Case("Checkpoint.load", how, saved("n.safetensors", lambda: content(m.checkpoint().to_bytes())), CheckpointError, message)

    def announced(shape, end):
        def change(content):
            header = header_of(content)
            header[m.TAU] |= {"shape": shape, "data_offsets": [0, end]}
            return with_header(content, header)

        return change

    other = "a format that this version"
    yield case("of a newer version", lambda c: edited_tensors(c, version=2), other)
    yield case("of version 0", lambda c: edited_tensors(c, version=0), other)
    yield case("of a version that is text", lambda c: edited_tensors(c, version="1"), other)
    yield case("of a version that is no number", lambda c: edited_tensors(c, version=True, format="hetsyn-sim v0"), "not written by")
    yield case("a header of 10^12 bytes", lambda c: with_header(c, b"{}", length=HUGE), "can't be read")
    yield case("a header of 2^64 - 1 bytes", lambda c: with_header(c, b"{}", length=2**64 - 1), "can't be read")
    yield case("a header that is no JSON", lambda c: with_header(c, b"{'a': 1}"), "can't be read")
    yield case("a header that is a list", lambda c: with_header(c, b"[]"), "can't be read")
    yield case("a tensor of 10^12 values", announced([HUGE], 8 * HUGE), "can't be read")
    yield case("a tensor of 2^63 times 2^63 values", announced([2**63, 2**63], 96), "can't be read")
    yield case("a tensor of a negative size", announced([-3, 4], 96), "can't be read")
    many = {f"t{k}": np.zeros(1) for k in range(10_000)}
    yield case("tensors of 10,000 names", lambda c: edited_tensors(c, tensors=many), "do not belong")
    yield case("no tensors", lambda c: with_header(c[:8], {"__metadata__": header_of(c)["__metadata__"]}), "do not belong|be read")
    yield case("an empty tensor", lambda c: edited_tensors(c, tensors={m.TAU: np.zeros((0, 4))}), "wrong shape")
    yield case("a tensor that is transposed", lambda c: edited_tensors(c, tensors={m.TAU: np.ones((4, 3))}), "wrong shape")
    yield case("a tensor of one more axis", lambda c: edited_tensors(c, tensors={m.TAU: np.ones((1, 3, 4))}), "wrong shape")
    for dtype in ("int8", "bool", "uint64", "float16"):
        yield case(f"a tensor of {dtype}", lambda c, d=dtype: edited_tensors(c, tensors={m.TAU: np.ones((3, 4), d)}), "wrong dtype")
    yield case("a recipe that is a list", lambda c: edited_tensors(c, recipe=[1]), "can't be read")
    yield case("seeds that are text", lambda c: edited_tensors(c, seeds={"training": "one"}), "can't be read")
    yield case("a description with NaN", lambda c: edited_tensors(c, metrics={"loss": float("nan")}), "can't be read")
    yield case("a SHA-256 of another file", lambda c: edited_tensors(c, sha256="0" * 64), "does not say what it said")
    yield case("a SHA-256 that is a list", lambda c: edited_tensors(c, sha256=["0"]), "does not say what it said")
    yield case("without its units", lambda c: edited_tensors(c, units=...), "can't be read")
    yield case("without its spec", lambda c: edited_tensors(c, spec=...), "can't be read")


def _recordings():
    def case(how, message="this recording can't be read|room for", **members):
        return Case("load_recording", how, saved("r.npz", lambda: edited_npz(m.recording_npz(), **members)), DataError, message)

    yield case("an array of 10^12 values", rasters__layer_1=npy((HUGE,), "|b1"))
    yield case("an array of 10^12 x 10^12 values", rasters__layer_1=npy((HUGE, HUGE)))
    yield case("an array of a negative size", rasters__layer_1=npy((-1, 2, 3), "|b1"))
    yield case("an array of objects", rasters__layer_1=npy((1,), "|O", b"cos\nsystem\n(S'touch canary'\ntR."))
    yield case("an array of text", dt=npy((), "<U4", "10ms".encode("utf-32-le")))
    yield case("a time step of two numbers", dt=npy((2,), "<f8", bytes(16)))
    yield case("without its time step", dt=None)
    yield case("without its simulator", simulator=None)
    yield case("a header that calls a function", rasters__layer_1=b"\x93NUMPY\x01\x00\x20\x00{'descr': __import__('os')}      \n")
    yield case("a header of the next version", rasters__layer_1=b"\x93NUMPY\x09\x00" + npy((1,))[8:])
    yield case("arrays of two axes", message="do not share their time and batch", rasters__layer_1=npy((10, 3), "|b1", bytes(30)))
    yield case("arrays of other lengths", message="do not share their time and batch", rasters__layer_1=npy((9, 2, 3), "|b1", bytes(54)))

    def announced():  # the directory of the archive says 10 TB
        content = bytearray(m.recording_npz())
        at = content.index(b"PK\x01\x02")
        struct.pack_into("<I", content, at + 24, 0xFFFFFFFE)
        return bytes(content)

    yield Case("load_recording", "an archive that announces 4 GB", saved("r.npz", announced), DataError, "room for|can't be read")


def _spikes():
    def case(how, change, message="damaged or not an HDF5 file"):
        return Case("SpikeDataset.load", how, saved("s.h5", lambda: edited_h5(m.spikes_h5(), change)), DataError, message)

    huge = {"shape": (HUGE,), "dtype": "u1", "chunks": (1 << 16,), "compression": "gzip"}  # not a byte of it is there

    def attribute(name, value):
        return lambda file: file.attrs.__setitem__(name, value)

    yield case("of a newer version", attribute("version", 2), "of this version")
    yield case("of a version that is text", attribute("version", "1"), "of this version")
    yield case("of an array of versions", attribute("version", [1, 1]), "of this version|damaged")
    yield case("of another format", attribute("format", b"other spikes"), "of this version")
    yield case("10^12 spikes", replaced("spikes/steps", **huge), "more than there is room for")
    yield case("10^12 labels", replaced("labels", **huge), "more than there is room for")
    yield case("labels of floats", replaced("labels", np.full(12, 0.5)), "must be whole numbers")
    yield case("labels of text", replaced("labels", ["a"] * 12), "must be whole numbers|damaged")
    yield case("labels that are a folder", lambda f: (f.pop("labels"), f.create_group("labels")))
    yield case("labels of two axes", replaced("labels", np.zeros((12, 1), int)), "do not fit together")
    yield case("one label", replaced("labels", 1), "do not fit together")
    yield case("steps of 2^63", replaced("spikes/steps", np.full(m.data().steps.size, 2**63, np.uint64)), "do not fit into 32 bits|range")
    yield case("names that are not UTF-8", replaced("names", np.array([b"\xff"] * 12)))
    yield case("names that are numbers", replaced("names", np.arange(12)))
    yield case("a link to another file as spikes", replaced("spikes/steps", h5py.ExternalLink("/etc/passwd", "/")))
    yield case("a link to itself as spikes", replaced("spikes/steps", h5py.SoftLink("/spikes/steps")))
    yield case("offsets that fall", replaced("spikes/offsets", np.arange(13)[::-1].copy()), "do not fit together")
    yield case("no offsets", replaced("spikes/offsets", np.zeros(0, int)), "do not fit together")
    yield case("info that is no JSON", attribute("info", b"{"))
    yield case("info that is a list", attribute("info", b"[1]"))
    yield case("no info", lambda f: f.attrs.pop("info"))
    yield case("a time step that is text", attribute("dt", "10 ms"))
    yield case("half a channel", attribute("n_channels", 0.5), "damaged")
    yield case("a fingerprint of another file", attribute("fingerprint", b"ab12"), "does not hold what was written")
    yield case("a split that is neither", replaced("split", np.array([b"best"] * 12)), "neither split")


def _images():
    def case(how, name, content, message="not images of MNIST", gone=None):
        return Case("sequential_mnist", how, within(m.mnist, name, lambda _: content(), gone=gone or f"{name}*"), DataError, message)

    pixels, digits = m.images()
    train, labels = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
    yield case("IDX of 10^12 images", train, lambda: struct.pack(">HBB3I", 0, 8, 3, 10**9, 1000, 28))
    yield case("IDX whose sizes multiply to 2^64", train, lambda: struct.pack(">HBB4I", 0, 8, 4, 2**31, 2**31, 4, 0x10000000))
    yield case("IDX of 255 axes", train, lambda: struct.pack(">HBB", 0, 8, 255))
    yield case("IDX of floats", train, lambda: struct.pack(">HBB3I", 0, 13, 3, 1, 28, 28) + bytes(784 * 4))
    yield case("IDX of 27 x 27 pixels", train, lambda: m.idx(pixels[:, 1:, 1:]))
    yield case("IDX with a number in front", train, lambda: b"\1" + m.idx(pixels)[1:])
    yield case("no images", train, lambda: m.idx(pixels[:0]))
    yield case("a label of 10", labels, lambda: m.idx(digits + 1))
    yield case("more labels than images", labels, lambda: m.idx(np.zeros(11, np.uint8)))

    y = npy((10,), "|u1", bytes(10))
    for how, arrays in (
        (".npz of 10^12 images", {"x": npy((10**12, 28, 28), "|u1"), "y": y}),
        (".npz without labels", {"x": npy((10, 28, 28), "|u1", bytes(7840)), "y": None}),
        (".npz of objects", {"x": npy((1,), "|O", b"N."), "y": y}),
        (".npz of floats", {"x": npy((10, 784), "<f4", bytes(31360)), "y": y}),
    ):
        yield case(how, "train.npz", lambda a=arrays: edited_npz(_NO_ARRAYS, **a), gone="train*")


def _shd():
    def case(how, change, message="not in the layout"):
        return Case("heidelberg_digits", how, saved("shd.h5", lambda: edited_h5(m.shd_h5(), change)), DataError, message)

    yield case("10^12 labels", replaced("labels", shape=(HUGE,), dtype="i8", chunks=(1 << 16,)), "more than there is room for")
    yield case("labels below zero", replaced("labels", np.full(10, -1)))
    yield case("labels that are not whole", replaced("labels", np.full(10, 0.5)))
    yield case("labels of text", replaced("labels", ["a"] * 10))
    yield case("one label too few", replaced("labels", np.zeros(9, int)))
    yield case("no labels in it", replaced("labels", np.zeros(0, int)))
    yield case("times that are one number each", replaced("spikes/times", np.full(10, 0.1)))
    yield case("times that are a folder", lambda file: (file["spikes"].pop("times"), file["spikes"].create_group("times")))


def _sounds():
    def case(how, content, message):
        def spoil(folder):
            (folder / "sounds").mkdir()
            (folder / "sounds" / "3_ada_5.wav").write_bytes(content())
            return folder / "sounds"

        return Case("encode", how, spoil, DataError, message)

    def changed(at, form, value):
        def content():
            sound = bytearray(m.wav())
            struct.pack_into(form, sound, at, value)
            return bytes(sound)

        return content

    yield case("a sound of 2^31 samples", changed(40, "<I", 0xFFFFFFF0), "cut short|not a readable wav")
    yield case("a sound at 0 Hz", changed(24, "<I", 0), "sampling rate|not a readable wav")
    yield case("a sound of 0 channels", changed(22, "<H", 0), "not a readable wav|not mono")
    yield case("a sound of 65,535 channels", changed(22, "<H", 65535), "not a readable wav|not mono|cut short")
    yield case("a sound of 0 bits", changed(34, "<H", 0), "not a readable wav|16 bit")
    yield case("a compressed sound", changed(20, "<H", 0x11), "not a readable wav")
    yield case("an empty chunk instead of a format", changed(16, "<I", 0), "not a readable wav")


def _cameras():
    def case(entry, how, content, message="recording of a camera is damaged"):
        return Case(entry, how, within(*m.CAMERAS[entry], lambda _: content()), DataError, message)

    def packet(*numbers):
        return lambda: b"#!AER-DAT3.1\r\n#!END-HEADER\r\n" + struct.pack("<hhiiiiii", *numbers)

    yield case("dvs_gestures", "a packet of 2^31 - 1 events", packet(1, 1, 8, 4, 0, 3, 2**31 - 1, 3))
    yield case("dvs_gestures", "a packet of -1 events", packet(1, 1, 8, 4, 0, 3, -1, 3))
    yield case("dvs_gestures", "events of 0 bytes", packet(1, 1, 0, 4, 0, 3, 3, 3))
    yield case("dvs_gestures", "of version 4.0", lambda: m.aedat_3().replace(b"3.1", b"4.0"), "another format")
    yield case("cifar10_dvs", "of version 3.1", m.aedat_3, "another format")
    yield case("cifar10_dvs", "a header without an end", lambda: b"#!AER-DAT2.0\n#" + b"x" * 99)
    yield case("cifar10_dvs", "an address of 32 bits", lambda: b"#!AER-DAT2.0\n" + struct.pack(">2I", 2**31, 1))


def _words():
    for how, facts, message in (
        ("of 10^12 samples", {"sample_count": f"-i {HUGE}"}, "can't be read"),
        ("of 0 channels", {"channel_count": "-i 0"}, "can't be read"),
        ("of two channels", {"channel_count": "-i 2", "sample_count": "-i 200"}, "several channels"),
        ("packed with Shorten", {"sample_coding": "-s26 pcm,embedded-shorten-v2.00"}, "compressed with Shorten"),
    ):
        yield Case("read_sphere", how, saved("a.wav", lambda f=facts: m.sphere(**f)), DataError, message)


KIND = "versions, dtypes, shapes, and sizes in headers"
CASES = [
    case
    for table in (_checkpoints, _recordings, _spikes, _images, _shd, _sounds, _cameras, _words, state_dicts, states)
    for case in table()
]
