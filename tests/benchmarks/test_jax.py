"""Homogeneous networks in JAX: the same as in torch, the libraries' as they say they are, in a process that needs no torch."""

import sys

import numpy as np
import pytest

from benchmarks import jax_process
from benchmarks.agreement import compare
from benchmarks.implementations import missing, package_version, python_version
from benchmarks.jax_process import JAX, gradients, problem
from benchmarks.measure import measure
from benchmarks.shapes import SHAPES

PRESENT = [name for name in JAX if missing(name) is None]
needs_jax = pytest.mark.skipif("jax" not in PRESENT, reason="needs JAX (extra [peers], HETSYN_JAX_PYTHON)")
#: How a library's neuron differs from `homogeneous`: by how many steps its spikes are late, and whether v is reset before it decays.
DIFFERENT = {"spyx": (1, False), "sparx": (0, True), "jaxpike": (0, True)}


@pytest.fixture(autouse=True)
def one_step_a_turn(monkeypatch):
    monkeypatch.setattr("benchmarks.measure.TURN_S", 0.0)


def rates(given, late, reset_first):
    """Another route: the loop written down in NumPy."""
    x, decay, found = given.x, np.exp(-1 / given.tau), []
    for k in (1, 2):
        if f"layer_{k}.feedforward.w" in given.weights:
            w, w_rec = (given.weights.get(f"layer_{k}.{kind}.w", np.zeros(())) for kind in ("feedforward", "recurrent"))
            v = z = np.zeros((x.shape[1], len(w)))
            z_of_step = []
            for now in x:
                if late:
                    z_of_step.append(z)
                v = decay * (v - z) if reset_first else decay * v - z
                v = v + now @ w.T + (z @ w_rec.T if w_rec.ndim else 0.0)
                z = (v > 1.0).astype(float)
                if not late:
                    z_of_step.append(z)
            x = np.stack(z_of_step)
            found.append(x.mean())
    return found


@needs_jax
@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_the_network_in_jax_is_the_one_in_torch(shape):
    agreement = compare("jax", shape)
    assert agreement.holds, str(agreement)


@needs_jax
def test_another_network_is_not_timed(monkeypatch):
    monkeypatch.setattr(jax_process, "steps_of_tau", lambda shape: 11.0)
    agreement = compare("jax", SHAPES["pattern"])
    assert not agreement.holds
    assert str(agreement).startswith("jax and homogeneous are NOT THE SAME at pattern")


@pytest.mark.parametrize("shape", [SHAPES["shd"], SHAPES["wide"]], ids=["recurrent", "feedforward"])
@pytest.mark.parametrize("name", [name for name in DIFFERENT if name in PRESENT])
def test_the_neurons_of_the_libraries(name, shape):
    shape = shape.small()
    found = gradients(name, problem(shape))
    assert all(np.isfinite(g).all() and g.any() for g in found["gradients"].values())
    measured, notes = measure([name], shape, 1, 3, lambda _: None)
    assert notes == {}
    expected = rates(problem(shape, "float64"), *DIFFERENT[name])
    # in float32, which jaxpike asks for: a spike of 60 steps x 3 recordings x 40 to 56 neurons may differ
    assert measured[0].hidden_rates == pytest.approx(expected, abs=1.5 / (60 * 3 * 40))
    assert min(expected) > 0.01


@needs_jax
def test_it_takes_its_turns_beside_torch():
    found, notes = measure(["homogeneous", "jax"], SHAPES["shd"].small(), 1, 3, lambda _: None)
    assert notes == {}
    torch, jax = (measured.row() for measured in found)
    assert jax["repeats"] == 3
    assert jax["hidden_rates"] == pytest.approx(torch["hidden_rates"], rel=1e-6)  # float32 sums of the same spikes
    assert package_version("jax") == jax_process.versions()["jax"]


@pytest.mark.skipif("jax" in PRESENT, reason="JAX is installed")
def test_without_jax_there_is_a_note_and_the_others_go_on():
    found, notes = measure(["jax", "homogeneous"], SHAPES["pattern"].small(), 1, 3, lambda _: None)
    assert [measured.name for measured in found] == ["homogeneous"]
    assert notes == {"jax": "ModuleNotFoundError: No module named 'jax'"}


def test_it_says_what_is_missing(monkeypatch):
    monkeypatch.setenv("HETSYN_JAX_PYTHON", "/nowhere/python")
    assert missing("jax").startswith("/nowhere/python can't be run")
    monkeypatch.setattr(jax_process, "_versions", lambda python: {"python": "3.12.1", "jax": "0.11.2", "spyx": "1.0.0"})
    assert missing("jax") is missing("spyx") is None
    assert missing("sparx") == "sparxml not installed for /nowhere/python: see HETSYN_JAX_PYTHON in docs/speed.md"
    assert (package_version("jax"), package_version("spyx")) == ("0.11.2", "1.0.0 (JAX 0.11.2)")
    assert python_version("jax") == "3.12.1"


def test_the_process_needs_no_torch(process):
    modules = "benchmarks.worker, benchmarks.jax_networks, benchmarks.jax_peers"
    process(
        [sys.executable, "-c", f"import sys, {modules}; assert not {{'torch', 'hetsyn_sim', 'jax'}} & set(sys.modules)"],
        cwd=jax_process.ROOT,
    )
