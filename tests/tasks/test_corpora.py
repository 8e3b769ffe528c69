"""TIDIGITS and TI46-Alpha from folders in their layout, made here of tones, with headers as NIST wrote them."""

import sys

import numpy as np
import pytest

from hetsyn_sim.errors import BackendError, DataError, UnknownNameError
from hetsyn_sim.tasks.corpora import corpus_of, read_sphere, spoken_words

soundfile = pytest.importorskip("soundfile")


def tone(seed, n=6000, rate=20000):
    rng = np.random.default_rng(seed)
    t = np.arange(n) / rate
    return 0.3 * np.sin(2 * np.pi * (500 + 200 * (seed % 9)) * t) * np.hanning(n) + 1e-3 * rng.standard_normal(n)


def write(path, seed=0, rate=20000, n=6000):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(seed, n, rate), rate, format="NIST", subtype="PCM_16")


@pytest.fixture
def tidigits(tmp_path):
    root = tmp_path / "TIDIGITS"
    for split, group, speaker in (("TRAIN", "MAN", "AE"), ("train", "woman", "ac"), ("TEST", "MAN", "AH"), ("TRAIN", "BOY", "AX")):
        for k, word in enumerate(("1A", "ZB", "OA", "12345A", "ZZA")):
            write(root / split / group / speaker / f"{word}.WAV", k)
    return root


@pytest.fixture
def ti46(tmp_path):
    root = tmp_path / "ti46" / "ti_alpha"
    for split, name in (("train", "0af1set0"), ("train", "0zf1set3"), ("test", "0bm8stt1"), ("test", "01f1set0")):
        write(root / split / name[2:4] / f"{name}.wav", len(name), rate=12500)
    return root


def test_tidigits_adults_isolated(tidigits):
    data = spoken_words(tidigits, "tidigits")
    assert corpus_of(tidigits) == "tidigits"
    assert sorted(zip(data.split, data.speakers, data.labels, strict=True)) == [
        *(("test", "ah", k) for k in (0, 1, 10)),
        *(("train", "ac", k) for k in (0, 1, 10)),
        *(("train", "ae", k) for k in (0, 1, 10)),
    ]
    assert (data.n_channels, data.dt) == (496, 0.005)
    assert data.n_steps.tolist() == [60] * 9


def test_ti46_letters(ti46):
    data = spoken_words(ti46, "ti46-alpha", dt=0.01)
    assert corpus_of(ti46) == "ti46-alpha"
    assert sorted(zip(data.names, data.labels, data.split, strict=True)) == [
        ("f1/0af1set0", 0, "train"),
        ("f1/0zf1set3", 25, "train"),
        ("m8/0bm8stt1", 1, "test"),
    ]


def test_samples_come_back(tmp_path):
    write(tmp_path / "a.wav", 3)
    signal, rate = read_sphere(tmp_path / "a.wav")
    assert rate == 20000
    np.testing.assert_allclose(signal, tone(3), atol=2 / 2**15)


def test_no_recordings(tidigits, tmp_path):
    for place, corpus, error, message in (
        (tidigits, "ti46-alpha", DataError, "no recordings of TI46, letters for train and test"),
        (tidigits / "train", "tidigits", DataError, "for test"),
        (tidigits, "timit", UnknownNameError, "unknown corpus"),
    ):
        with pytest.raises(error, match=message):
            spoken_words(place, corpus)
    assert corpus_of(tmp_path / "none") == ""
    write(tidigits / "TRAIN" / "MAN" / "AE" / "1A.WAV", n=300)  # too short
    with pytest.raises(DataError, match="nothing to encode"):
        spoken_words(tidigits, "tidigits")


def test_without_soundfile_the_remedy_is_named(tidigits, monkeypatch):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    with pytest.raises(BackendError, match=r"pip install 'hetsyn-sim\[speech\]'"):
        spoken_words(tidigits, "tidigits")
