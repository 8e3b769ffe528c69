"""The tables of speed: who is compared with whom, and which share of which roof."""

import pytest

from benchmarks.readme import _speed
from benchmarks.rows import write_rows
from benchmarks.shapes import BATCHES, SHAPES
from benchmarks.speed_tables import batch_lines, page, processor_lines, shape_lines

from .test_training import row

#: Shape -> lowest and highest time by implementation, as the file of another processor has them.
TIMES = {"materialised": [4000, 4000], "homogeneous": [150, 150], "fused": [100, 100]}
WITH_JAX = {"fused": [100, 125], "jax": [50, 60], "spyx": [70, 70]}
ELSEWHERE = {
    "processor": "Another",
    "hetsyn_sim": "0.1.0",
    "measured": "2026",
    "roofs": {"fma_per_s": [80e9, 90e9], "l2_bytes_per_s": [80e9, 80e9]},
    "cpu_ms": dict.fromkeys(SHAPES, TIMES),
    "with_jax": {"versions": "JAX 1", "cpu_ms": dict.fromkeys(SHAPES, WITH_JAX)},
}


@pytest.fixture(autouse=True)
def versions(monkeypatch):
    monkeypatch.setattr("benchmarks.jax_process._versions", lambda python: {"python": "3.12", "jax": "1"})


def rows(shape="shd"):
    seconds = {"materialised": 8.0, "homogeneous": 2.0, "jax": 0.5, "default": 1.0, "fused": 1.5}
    return [row(name, (value,), shape=shape) | {"cpu_model": "AMD", "version": "1"} for name, value in seconds.items()]


def cells(lines, first):
    return next([cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith(f"| {first} |"))


def test_the_best_homogeneous_network_may_be_in_jax():
    lines = list(shape_lines(rows(), "shd", 1))
    assert "roofs of a core: 1 G multiply-adds/s, L2 10 GB/s" in lines[0]
    assert "× `jax`, best homogeneous" in lines[2]
    assert cells(lines, "**`default`**")[4:6] == ["8 (8 to 8)", "0.5 (0.5 to 0.5)"]
    shape = SHAPES["shd"]
    share = 100 * shape.nominal_fma(time_constants=True) / 1.0 / 1e9
    assert cells(lines, "**`default`**")[6] == f"{share:.1f} %, {0.8 * share:.1f} %"
    # a homogeneous network has one multiply-add less for each synapse and step, and no state per synapse
    assert cells(lines, "`jax`")[6] == f"{100 * shape.nominal_fma(time_constants=False) / 0.5 / 1e9:.1f} %"
    assert shape.nominal_fma(time_constants=True) - shape.nominal_fma(time_constants=False) == shape.synapse_steps


def test_two_processors_side_by_side():
    lines = list(processor_lines(rows(), ELSEWHERE))
    here, there = (line for line in lines if line.startswith("| `shd`"))
    assert here.count(" ×") == 3
    assert "1,000 `default` | 8,000 `materialised`: 8 (8 to 8) × | 2,000 `homogeneous`: 2 (2 to 2) × |" in here
    assert "| 500 `jax`: 0.5 (0.5 to 0.5) ×" in here
    # those with JAX against what `fused` took in the same runs
    assert "100 `fused` | 4,000 `materialised`: 40 × | 150 `homogeneous`: 1.5 × | 50 to 60 `jax`: 0.4 to 0.6 ×" in there
    assert "The other: Another, in 2026, version 0.1.0; roofs of a core: 80 to 90 G multiply-adds/s, L2 80 GB/s. JAX 1" in lines[-2]


def test_the_table_over_the_batch():
    assert list(batch_lines(rows())) == []  # nothing but the batch of the shape itself
    name = "shd-128"
    larger = [
        found | {"shape": name, "n_batch": BATCHES[name].n_batch, "cpu_s": 4 * found["cpu_s"]}
        for found in rows()
        if found["implementation"] in ("homogeneous", "jax", "default")
    ]
    lines = list(batch_lines([*rows(), *larger]))
    assert [line.split("|")[2].strip() for line in lines if line.startswith("| `shd`")] == ["32", "128"]
    assert "| 8,000 | 2,000 | 4,000 |" in lines[3]
    assert "0.5 (0.5 to 0.5), `jax`" in lines[3]
    assert page([*rows(), *larger], ELSEWHERE).count("On two kinds of processor") == 1


def test_the_readme_names_the_fastest(tmp_path):
    write_rows(tmp_path / "training.json", [found for shape in SHAPES for found in rows(shape)])
    _, (claim, text, _) = _speed(tmp_path)
    assert claim == "against [one time constant per neuron](docs/speed.md) in torch, JAX, one core of an AMD"
    assert text == "0.5 to 0.5 times as fast as the fastest of them (JAX); 2 to 2 times as fast as the fastest without JAX"
