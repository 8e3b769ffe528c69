"""What stands where a file is expected, or where one should be written: folders, pipes, devices, links of every kind, odd names."""

from __future__ import annotations

import os
import socket

from hetsyn_sim.errors import CheckpointError, ConfigError, DataError, HetSynError, WriteError

from . import material as m
from .case import Case
from .cut_files import READERS

_READ = {entry: (name, error) for entry, (_, name, error, _) in READERS.items()} | {
    "load_recipe": ("toy.yaml", HetSynError),
    "Recipe.from_yaml": ("toy.yaml", ConfigError),
    "find_runs": ("network.safetensors", HetSynError),
    "to_brian2": ("network.safetensors", CheckpointError),
    "verify (file)": ("network.safetensors", CheckpointError),
    "reference": ("tau.csv", HetSynError),
}
#: Entries that take a folder as well, and say of an empty one that there is nothing in it.
_FOLDERS = ("encode", "heidelberg_digits", "find_runs")


def _made(name, make):
    def spoil(folder):
        make(folder / name)
        return folder / name

    return spoil


def _listening(path):
    here = os.getcwd()
    os.chdir(path.parent)  # the path of a socket has at most 107 characters
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(here)


def _sparse(path):
    with open(path, "wb") as file:
        file.truncate(1 << 40)


#: How a place is odd, and how to make it so.
PLACES = {
    "nothing": lambda path: None,
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a socket": _listening,
    "a link to /dev/zero": lambda path: path.symlink_to("/dev/zero"),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to /proc/self/mem": lambda path: path.symlink_to("/proc/self/mem"),
    "a sparse file of a terabyte": _sparse,
}


def _readers():
    for entry, (name, error) in _READ.items():
        for how, make in PLACES.items():
            # analysis and simulation open many files; one pipe is enough to see that none waits
            yield Case(
                entry, how, _made(name, make), error, ".", at_command_line=how != "a folder" or entry not in ("to_brian2", "verify (file)")
            )


def _inner():
    """Inside of folders."""

    def inside(entry, make_folder, inner, message="."):
        for how in ("a pipe", "a link to /dev/zero", "a sparse file of a terabyte", "a link to nothing"):

            def spoil(folder, how=how):
                place = make_folder(folder / "data")
                (place / inner).unlink()
                PLACES[how](place / inner)
                return place

            yield Case(entry, f"{how} as {inner.rpartition('/')[2]}", spoil, HetSynError, message)

    def sounds(folder):
        folder.mkdir()
        for k in (0, 5):
            (folder / f"3_ada_{k}.wav").write_bytes(m.wav())
        return folder

    yield from inside("encode", sounds, "3_ada_5.wav")
    yield from inside("sequential_mnist", m.mnist, "train-images-idx3-ubyte.gz")
    yield from inside("heidelberg_digits", m.shd, "shd_train.h5")
    yield from inside("dvs_gestures", m.gestures, "trials_to_train.txt")
    yield from inside("dvs_gestures", m.gestures, "user01_led.aedat")
    yield from inside("dvs_gestures", m.gestures, "user01_led_labels.csv")
    yield from inside("cifar10_dvs", m.cifar, "airplane/cifar10_airplane_0.aedat")
    yield from inside("spoken_words", m.tidigits, "train/man/ab/1a.wav")

    def trial(name):
        def spoil(folder):
            place = m.gestures(folder / "dvs")
            (place / "trials_to_train.txt").write_text(name + "\n")
            return place

        return spoil

    for how, name in (("../", "../user01_led.aedat"), ("an absolute path", "/etc/passwd"), ("a null byte", "a\0b.aedat"), ("a loop", ".")):
        yield Case("dvs_gestures", f"a trial that is {how}", trial(name), DataError, "names no recordings of this folder")


def _names():
    """Names that a file system, a terminal or JSON may stumble over: what is said of a missing file has to be said of these, too."""
    for how, name in (
        ("a name of 300 characters", "n" * 300),
        ("a name with a null byte", "a\0b"),
        ("a name with a line feed", "a\nb"),
        ("a name that is no UTF-8", "a\udcffb"),
        ("a name from right to left", "a\u202eb"),
        ("an empty name", ""),
    ):
        for entry, error in (("Checkpoint.load", CheckpointError), ("SpikeDataset.load", DataError), ("load_recording", DataError)):
            # a command can't be given a null byte, and an empty name is the folder itself
            fine = "\0" not in name and name and "\udcff" not in name
            yield Case(entry, how, lambda folder, n=name: folder / n, error, ".", at_command_line=bool(fine))
        yield Case("encode", how, lambda folder, n=name: folder / n, DataError, ".", at_command_line=False)


def _writers():
    for entry, suffix, error in (
        ("Checkpoint.save", ".safetensors", CheckpointError),
        ("save_recording", ".npz", WriteError),
        ("SpikeDataset.save", ".h5", WriteError),
    ):
        for how in ("a folder", "a pipe", "a socket", "a link to /dev/zero", "a link to itself"):
            yield Case(entry, how, _made(f"n{suffix}", PLACES[how]), error, "can't be written")
        for how, name in (
            ("below a file", "file/n"),
            ("a name of 300 characters", "n" * 300),
            ("a name with a null byte", "a\0b"),
            ("in /proc", "/proc/none"),
        ):

            def beside_a_file(folder, name=name + suffix):
                (folder / "file").write_text("not a folder")
                return folder / name

            yield Case(entry, how, beside_a_file, error, "can't be written")

    yield Case("save_recording", "a name that is no .npz", lambda folder: folder / "r.h5", DataError, "saved as .npz")
    for how in ("a pipe", "a link to /dev/zero", "a link to itself"):
        yield Case("export_brian2", how, _made("out", PLACES[how]), HetSynError, ".")

    def foreign(folder):
        (folder / "out").mkdir()
        (folder / "out" / "thesis.tex").write_text("years of work")
        return folder / "out"

    yield Case("export_brian2", "a folder with somebody's files", foreign, ConfigError, "nothing can be exported there")


KIND = "pipes, devices, links, folders, and odd names in place of files"
CASES = [*_readers(), *_inner(), *_names(), *_writers()]
