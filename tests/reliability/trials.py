"""Recordings of cells that a fit can't take: tables, archives, files of amplifiers, values, and a search that was left half-way."""

from __future__ import annotations

import io

import numpy as np
from brian2 import Hz, ms, mV, pA, pF, second

import hetsyn_sim as hs
from hetsyn_sim.errors import CheckpointError, ConfigError, DataError, SpecError, UnknownNameError
from hetsyn_sim.models import AdEx
from hetsyn_sim.training.resume import write_state

from .case import Case
from .damage import cut, edited_npz, npy, saved

_TABLE = b"first,second\n" + b"\n".join(b"%d,%d" % (k, 2 * k) for k in range(50)) + b"\n"


def _npz() -> bytes:
    place = io.BytesIO()
    np.savez(place, v=np.arange(600.0))
    return place.getvalue()


def _readers():
    unreadable = "this recording can't be read"
    for seed in range(3):
        yield Case(
            "read_traces", f"an archive cut at a random byte ({seed})", saved("v.npz", lambda s=seed: cut(_npz(), s)), DataError, unreadable
        )
    for entry, name in (("read_traces", "v.csv"), ("read_times", "s.csv")):
        yield Case(entry, "a web page", saved(name, lambda: b"<html> 404 </html>\n"), DataError, "no table")
        yield Case(entry, "zeros", saved(name, lambda: bytes(4096)), DataError, "no table")
        yield Case(entry, "no text", saved(name, lambda: bytes(range(128, 256))), DataError, unreadable)
        yield Case(entry, "a word among numbers", saved(name, lambda: _TABLE + b"1,two\n"), DataError, unreadable)
        yield Case(entry, "rows of two lengths", saved(name, lambda: _TABLE + b"1\n"), DataError, "rows of different lengths")
    yield Case("read_traces", "headers alone", saved("v.csv", lambda: _TABLE[:13]), DataError, "a trace without a sample")
    yield Case("read_traces", "empty", saved("v.csv", lambda: b""), DataError, "a trace without a sample")
    for how, member, message in (
        ("another member", None, "without this member"),
        ("a member of objects", npy((2,), "|O", bytes(16)), unreadable),
        ("a member of texts", npy((1,), "<U2", "no".encode("utf-32-le")), unreadable),
        ("a member of three axes", npy((1, 1, 1), data=bytes(8)), "not a table"),
        ("a member that announces more than it has", npy((10**9,)), unreadable),
    ):
        yield Case(
            "read_traces", how, saved("v.npz", lambda m=member: edited_npz(_npz(), v=m, w=npy((1,), data=bytes(8)))), DataError, message
        )
    for how, content, message in (
        ("a trial that is not there", b"0 1\n2 1\n", "trial that is not there"),
        ("half a trial", b"0.5 1\n", "trial that is not there"),
        ("three columns", b"0 1 2\n", "not times of spikes"),
    ):
        yield Case("read_times", how, saved("s.csv", lambda c=content: c), DataError, message)
    for how, name, content, message in (
        ("of an amplifier, cut", "cell.abf", b"ABF2" + bytes(200), unreadable),
        ("of an unknown kind", "cell.xyz", b"?", unreadable),
        ("of an amplifier, a web page", "cell.abf", b"<html>", unreadable),
        ("a pickle", "cell.pkl", b"\x80\x04.", "may run code"),
    ):
        yield Case("read_traces (Neo)", how, saved(name, lambda c=content: c), DataError, message)


def _fit(**changes):
    given = {
        "inputs": {"I_0": np.zeros(40) * pA},
        "v": np.zeros(40) * mV,
        "spikes": [5 * ms],
        "dt": 1 * ms,
        "parameters": {"C": (50 * pF, 500 * pF)},
        "progress": False,
    } | changes
    return lambda: hs.fit_recordings(AdEx, given.pop("inputs"), **given)


def _values():
    nan = np.where(np.arange(40) == 7, np.nan, 0.0)
    for how, changes, error, message in (
        ("a sample that is no number", {"v": nan * mV}, DataError, "a sample of v"),
        ("an infinite current", {"inputs": {"I_0": np.full(40, np.inf) * pA}}, DataError, "a sample of I_0"),
        ("a spike at NaN", {"spikes": np.array([np.nan]) * ms}, DataError, "a spike time"),
        ("a spike after the end", {"spikes": [1 * second]}, DataError, "outside of its trial"),
        ("no trials", {"inputs": {"I_0": []}, "v": [], "spikes": None}, DataError, "trial"),
        ("two lengths", {"v": np.zeros(39) * mV}, DataError, "lengths differ"),
        ("two numbers of trials", {"v": np.zeros((2, 40)) * mV}, DataError, "numbers of trials differ"),
        ("a voltage in pA", {"v": np.zeros(40) * pA}, SpecError, "unit is of the wrong kind"),
        ("a voltage without a unit", {"v": np.zeros(40)}, SpecError, "unit is missing"),
        ("no time step", {"dt": None}, DataError, "time step is missing"),
        ("a time step of 0", {"dt": 0 * ms}, DataError, "time step is missing"),
        ("a time step of infinity", {"dt": np.inf * ms}, DataError, "time step is missing"),
        ("a time step in Hz", {"dt": 1 * Hz}, SpecError, "unit"),
        ("bounds the wrong way round", {"parameters": {"C": (500 * pF, 50 * pF)}}, SpecError, "bound"),
        ("a bound that is no number", {"parameters": {"C": (np.nan * pF, 50 * pF)}}, SpecError, "bound"),
        ("an infinite bound", {"parameters": {"C": (50 * pF, np.inf * pF)}}, SpecError, "bound"),
        ("an unknown parameter", {"parameters": ["capacity"]}, UnknownNameError, "unknown"),
        ("no restarts", {"restarts": 0}, ConfigError, "restarts"),
        ("an input of no name", {"inputs": [1.0]}, SpecError, "inputs need the names"),
        ("neither voltage nor spikes", {"v": None, "spikes": None}, DataError, "nothing to fit to"),
    ):
        yield Case("fit_recordings", how, lambda folder, c=changes: _fit(**c), error, message)

    def of_another(folder):
        write_state({"digest": "of another"}, folder / "search")
        return _fit(resume=folder / "search")

    def damaged(folder):
        (folder / "search").write_bytes(b"\x08")
        return _fit(resume=folder / "search")

    yield Case("fit_recordings", "the search of another fit", of_another, CheckpointError, "of another fit")
    yield Case("fit_recordings", "a search that is damaged", damaged, CheckpointError, "can't be read")


KIND = "recordings of cells"
CASES = [*_readers(), *_values()]
