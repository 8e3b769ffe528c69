"""The page of a view: read back by a reader of its own, it holds what was recorded; nothing in it can load or run anything else."""

import base64
import hashlib
import json
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.recording import Recording
from hetsyn_sim.errors import DataError
from hetsyn_sim.models import AdEx, HetNeuLIF
from hetsyn_sim.report.view import view_of, write_view
from hetsyn_sim.report.view.contents import Trial, recorded_variables
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training.network import Network
from hetsyn_sim.training.time_constants import EDGES_S, Histograms

from ..refusal import refused


class Reader(HTMLParser):
    """What a browser would make of the page: its tags, their attributes, and the texts of its scripts."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.texts, self.open = [], [], False
        self.feed(text)
        self.close()
        scripts = [(dict(attributes), text) for (tag, attributes), text in zip(self.tags, self.texts, strict=True) if tag == "script"]
        self.contents = json.loads(scripts[0][1])
        self.bytes = base64.b64decode(scripts[1][1], validate=True)
        self.scripts = scripts

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, attrs))
        self.texts.append("")
        self.open = True

    def handle_data(self, data):
        if self.open:
            self.texts[-1] += data

    def handle_endtag(self, tag):
        self.open = False

    def array(self, place):
        kind, offset, length = place
        if kind == "b2":
            return (np.frombuffer(self.bytes, "<u2", length, offset).astype("<u4") << 16).view("<f4")
        return np.frombuffer(self.bytes, f"<{kind}", length, offset)

    def raster(self, packed, size, part=("counts", "units")):
        counts, units = (self.array(packed[name]).astype(int) for name in part)
        raster = np.zeros((len(counts), size), dtype=bool)
        raster[np.repeat(np.arange(len(counts)), counts), units] = True
        return raster

    def rasters(self, run, name, size):
        """Of both simulators."""
        packed = self.contents["recordings"][run]["spikes"][name]
        first = self.raster(packed, size)
        return first, first ^ self.raster(packed, size, ("differing", "differing_units")) if "differing" in packed else first

    def trace(self, packed):
        low, high = self.array(packed["low"])[:, None], self.array(packed["high"])[:, None]
        levels = self.array(packed["levels"]).reshape(len(low), -1)
        return np.where(levels == 0xFFFF, np.nan, low + (high - low) * (levels / 0xFFFE)), np.ravel(high - low)


def recorded(checkpoint, raster, **change):
    """The network in PyTorch, and with some values changed, as if it were another simulator."""
    variables = recorded_variables(checkpoint.spec)
    first = Network.from_checkpoint(checkpoint).record(raster, variables)
    values = {**checkpoint.values, **{key: factor * checkpoint.values[key] for key, factor in change.items()}}
    second = Network.from_checkpoint(replace(checkpoint, values=values)).record(raster, variables)
    return first, replace(second, simulator="brian2 numpy")


@pytest.fixture(scope="module")
def sides(toy_checkpoint, toy_data):
    return recorded(toy_checkpoint, toy_data.test[:3].rasters(), **{"layer_1.feedforward.w": 1.2})


TRIALS = [Trial("one", "0", ("0", "1")), Trial("two", "1", ("1", "1")), Trial("three")]


@pytest.fixture(scope="module")
def page(toy_checkpoint, sides):
    return Reader(view_of(toy_checkpoint, *sides, TRIALS))


def test_spikes_come_back_as_they_were(page, sides):
    assert sides[0].rasters["layer_1"].sum() > 0
    assert not np.array_equal(sides[0].rasters["layer_1"], sides[1].rasters["layer_1"])
    for run in range(3):
        for name, size in (("input", 6), ("layer_1", 5)):
            for mine, theirs in zip(page.rasters(run, name, size), sides, strict=True):
                np.testing.assert_array_equal(mine, theirs.rasters[name][:, run])


def test_traces_come_back_within_a_level(page, sides):
    assert page.contents["kept"] == {"layer_1": [0, 1, 2, 3, 4], "readout": [0, 1, 2]}
    for key in ("layer_1.v", "layer_1.I_syn", "readout.v"):
        packed = page.contents["recordings"][1]["traces"][key]
        first, span = page.trace(packed)
        one, two = (side.traces[key][:, 1].T for side in sides)
        level = (span / 0xFFFE)[:, None] + 1e-6 * np.abs(one)  # half a level, and the rounding of float32
        assert np.all(np.abs(first - one) <= level)
        difference = page.array(packed["difference"]).reshape(one.shape)
        np.testing.assert_allclose(difference, two - one, rtol=2.0**-8)  # seven digits and the hidden one, to nearest
    theta = page.contents["recordings"][0]["traces"]["layer_1.theta"]
    np.testing.assert_array_equal(page.array(theta["still"]), np.ones(5))


def test_the_first_difference_is_where_the_rasters_say(page, sides):
    for run, entry in enumerate(page.contents["recordings"]):
        differs = sides[0].rasters["layer_1"][:, run] != sides[1].rasters["layer_1"][:, run]
        assert entry["n_differing"] == differs.sum()
        assert entry["verdict"] == "differs"
        if differs.any():
            population, neuron, step = entry["first"]
            assert (population, step) == ("layer_1", int(np.flatnonzero(differs.any(axis=1))[0]))
            assert differs[step, neuron]
            assert f"step {step}" in entry["explanation"]


def test_equal_simulators_cost_nothing(toy_checkpoint, sides):
    first = sides[0]
    page = Reader(view_of(toy_checkpoint, first, replace(first, simulator="brian2 numpy"), TRIALS))
    entry = page.contents["recordings"][0]
    assert (entry["verdict"], entry["first"], entry["n_differing"]) == ("same", None, 0)
    assert not any("differ" in name for packed in (*entry["spikes"].values(), *entry["traces"].values()) for name in packed)


def test_nothing_is_loaded_and_nothing_else_can_run(page):
    assert [
        tag for tag, _ in page.tags if tag not in ("html", "head", "meta", "title", "style", "body", "noscript", "main", "script")
    ] == []
    assert not [name for _, attributes in page.tags for name, _ in attributes if name in ("src", "href", "style") or name.startswith("on")]
    policy = next(dict(attributes)["content"] for tag, attributes in page.tags if ("http-equiv", "Content-Security-Policy") in attributes)
    style = next(text for (tag, _), text in zip(page.tags, page.texts, strict=True) if tag == "style")
    for kind, text in (("script", page.scripts[2][1]), ("style", style)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "://" not in page.scripts[2][1] + style


HOSTILE = '</script><script>alert("1")</script><!-- & \u2028 </title> \U0001f9e0'


def test_hostile_texts_stay_texts(toy_checkpoint, toy_data, sides):
    about = {"name": HOSTILE, "fingerprint": HOSTILE}
    checkpoint = replace(toy_checkpoint, recipe={"name": HOSTILE}, data=about, seeds={HOSTILE: 1}, versions={HOSTILE: HOSTILE})
    text = view_of(checkpoint, sides[0], replace(sides[1], simulator=HOSTILE), [Trial(HOSTILE, HOSTILE, (HOSTILE, HOSTILE))] * 3)
    page = Reader(text)
    assert len(page.scripts) == 3
    assert "alert" not in page.scripts[2][1]
    assert page.contents["title"] == HOSTILE
    assert page.contents["recordings"][0]["name"] == HOSTILE
    assert text.count("<script") == 3
    assert "<!--" not in text


def test_of_a_large_network_those_that_differ_are_kept_first(toy_checkpoint, sides):
    differing = np.count_nonzero(sides[0].rasters["layer_1"] != sides[1].rasters["layer_1"], axis=(0, 1))
    most, numbers = len(view_of(toy_checkpoint, *sides, TRIALS).encode()) + 12_000, []
    with refused(DataError, "view of these recordings is too large", "view", "3 recordings of 12 steps", "fit", "fewer"):
        while True:
            text = view_of(toy_checkpoint, *sides, TRIALS, max_bytes=most)
            assert len(text.encode()) <= most
            page = Reader(text)
            some = page.contents["kept"]["layer_1"]
            left_out = [neuron for neuron in range(5) if neuron not in some]
            assert all(differing[a] >= differing[b] for a in some for b in left_out)
            np.testing.assert_array_equal(page.rasters(0, "layer_1", 5)[0], sides[0].rasters["layer_1"][:, 0])  # spikes are always there
            numbers.append(len(some))
            most -= 300
    assert numbers == sorted(numbers, reverse=True)
    assert set(numbers) == {0, 1, 2, 3, 4, 5}


def test_time_constants_over_the_epochs(toy_checkpoint, sides):
    kept = Histograms([0])
    kept.add(1, Network(toy_checkpoint.spec, values=toy_checkpoint.values))
    kept.counts = {key: np.concatenate([np.roll(rows, 5, axis=1), rows]) for key, rows in kept.counts.items()}
    trained = replace(toy_checkpoint, metrics={"epoch": 1, "epochs": 1})
    page = Reader(view_of(trained, *sides, TRIALS, kept=kept))
    names = [f"{constant['owner']}.{constant['name']}" for constant in page.contents["constants"]]
    assert names == [key for key in toy_checkpoint.spec.slots if key in kept.counts]
    constant, key = page.contents["constants"][0], names[0]
    assert (constant["epochs"], constant["kept"]) == ([0, 1], 1)
    edges = page.array(constant["edges_ms"])
    counts = page.array(constant["counts"]).reshape(2, -1)
    begin = int(np.argmin(np.abs(1e3 * EDGES_S - edges[0])))
    np.testing.assert_array_equal(counts, kept.counts[key][:, begin : begin + len(edges) - 1])
    values = 1e3 * toy_checkpoint.values[key]
    assert counts.sum() == 2 * values.size
    own = page.array(constant["own"]).reshape(5, -1)
    for neuron in range(5):
        np.testing.assert_array_equal(own[neuron], np.histogram(values[neuron], bins=edges)[0])
    assert constant["exact"] == [False, True]
    assert constant["median_ms"][1] == pytest.approx(np.median(values))
    shifted = np.median(values) * 10 ** (5 / 24)
    assert constant["median_ms"][0] == pytest.approx(shifted, rel=10 ** (1 / 24) - 1)  # as far as bins know it


def test_units_are_those_of_the_field_and_a_spike_without_height_is_cut():
    spec = NetworkSpec(dt="1 ms", n_input=2, layers=[Layer(AdEx, 2)])
    assert recorded_variables(spec) == ["v", "w_a", "I_s"]
    v = np.linspace(-0.07, -0.05, 12).reshape(6, 1, 2)
    v[3, 0, 1], v[4, 0, 1] = 1e5, np.nan
    traces = {"layer_1.v": v, "layer_1.w_a": np.full_like(v, 2e-11), "layer_1.I_s": np.zeros_like(v)}
    first = Recording(spec.dt_s, {"input": np.zeros((6, 1, 2), bool), "layer_1": v > 1.0}, traces, "torch float64")
    checkpoint = Checkpoint(spec, spec.initial_values(0))
    page = Reader(view_of(checkpoint, first, replace(first, simulator="brian2 numpy"), [Trial("one")]))
    variables = page.contents["populations"][1]["variables"]
    assert [(variable["name"], variable["unit"]) for variable in variables] == [("v", "mV"), ("w_a", "pA"), ("I_s", "A")]
    packed = page.contents["recordings"][0]["traces"]
    trace, _ = page.trace(packed["layer_1.v"])
    assert packed["layer_1.v"]["cut"]
    assert np.isnan(trace[1, 4])
    assert np.nanmax(trace) < 100.0
    np.testing.assert_allclose(trace[0], 1e3 * v[:, 0, 0], rtol=1e-4)
    np.testing.assert_allclose(page.trace(packed["layer_1.w_a"])[0], 20.0, rtol=1e-6)


def test_a_run_is_written_whole(toy_checkpoint, toy_data, tmp_path):
    toy_checkpoint.save(tmp_path / "checkpoint")
    done = []
    path = write_view(tmp_path / "deep" / "page", tmp_path, toy_data.test[:2], progress=done.append)
    assert path == tmp_path / "deep" / "page.html"
    page = Reader(path.read_text(encoding="utf-8"))
    assert path.stat().st_size < 100_000
    assert page.contents["sides"] == ["PyTorch float64", "Brian2 numpy"]
    assert [entry["verdict"] for entry in page.contents["recordings"]] == ["same", "same"]
    assert [entry["label"] for entry in page.contents["recordings"]] == [str(label) for label in toy_data.test.labels[:2]]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0.0, 1.0)
    again = write_view(tmp_path / "again.html", toy_checkpoint, toy_data.test[:2])
    assert again.read_bytes() == path.read_bytes()  # there is no run here, only its checkpoint
    done.clear()
    with refused(DataError, "view of these recordings is too large", "view", "2 recordings", "fit", "fewer"):
        write_view(tmp_path / "no.html", toy_checkpoint, toy_data.test[:2], max_bytes=40_000, progress=done.append)
    assert done == []  # nothing was simulated for it
    with refused(DataError, "another number of channels", "write_view"):
        other = NetworkSpec(dt="10 ms", n_input=7, layers=[Layer(HetNeuLIF, 4)])
        write_view(tmp_path / "no.html", replace(toy_checkpoint, spec=other, values=other.initial_values(0)), toy_data.test)
