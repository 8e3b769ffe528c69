"""The benchmark of a training step: what is compared is the same, rows are whole, an interrupted run goes on. Nothing is timed."""

import json

import pytest
import torch

from benchmarks import implementations, training
from benchmarks.agreement import compare
from benchmarks.homogeneous import Homogeneous
from benchmarks.implementations import IMPLEMENTATIONS, OURS, Step, missing
from benchmarks.jax_process import JAX
from benchmarks.measure import Measured, needs_mib, rounds_of
from benchmarks.ratios import ours, ratio, roof_shares
from benchmarks.rows import REQUIRED, make_row, read_rows, replace_group, write_rows
from benchmarks.shapes import BATCHES, SHAPES
from hetsyn_sim.errors import DataError
from hetsyn_sim.models import HomNeuLIF, HomNeuReadout
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.training import Network

PRESENT = [name for name in IMPLEMENTATIONS if name not in JAX and missing(name) is None]


def measured(name="plain", seconds=(2.0, 1.0, 4.0)):
    found = Measured(name, {"cpu_s": 9.0, "wall_s": 9.0, "memory_mib": 7.0})
    for k, second in enumerate(seconds):
        found.take(k, [{"cpu_s": second, "wall_s": second + 0.5, "memory_mib": 5.0}])
    found.hidden_rates = [0.02]
    return found


def row(name="plain", seconds=(2.0, 1.0, 4.0), threads=1, shape="pattern"):
    return make_row(SHAPES[shape], threads, measured(name, seconds), {"fma_per_s": 1e9, "l2_bytes_per_s": 1e10})


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("name", [name for name in OURS if name in PRESENT])
def test_ours_is_the_materialised_network(name, shape):
    agreement = compare(name, shape)
    assert agreement.holds, str(agreement)


def test_a_wrong_back_end_is_not_timed(monkeypatch, capsys):
    monkeypatch.setattr("benchmarks.materialised.HIGH", 1.01)  # other time constants
    assert not compare("plain", SHAPES["pattern"]).holds
    monkeypatch.setattr(training, "measure", lambda names, *_: pytest.fail(f"{names} are timed") if "plain" in names else ([], {}))
    assert training.main(["--shapes", "pattern", "--threads", "1", "--implementations", "plain", "homogeneous"]) == 1
    assert "plain and materialised are NOT THE SAME at pattern" in capsys.readouterr().out


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("name", PRESENT)
def test_everybody_takes_a_step(name, shape):
    step = Step(name, shape.small())
    first, second = step(), step()
    assert first == pytest.approx(second, rel=1e-4)  # the same work again: the learning rate changes nothing
    assert len(step.hidden_rates()) == len(shape.hidden)
    assert all(p.grad is not None and bool(torch.isfinite(p.grad).all()) for p in step.model.parameters() if p.requires_grad)


def test_the_homogeneous_network_is_ours_with_one_time_constant():
    """The other route: HomNeuLIF from its equations. The strongest opponent must not be a wrong one."""
    shape = SHAPES["shd"].small()
    values = shape.values()
    neuron, readout = (model.with_parameters(tau_mem={"initial": "40 ms"}) for model in (HomNeuLIF, HomNeuReadout))
    layers = [Layer(neuron, n, recurrent=True) for n in shape.hidden]
    spec = NetworkSpec(f"{shape.dt_ms} ms", shape.n_input, layers, Layer(readout, shape.n_output))
    weights = {key: values.get(key, value) for key, value in spec.initial_values(0).items()}
    x, _ = shape.batch()
    out, spikes = Homogeneous(shape, values)(x)
    assert all(bool(z.any()) for z in spikes)
    # HomNeuLIF subtracts theta after the decay of the step, as `homogeneous` does
    torch.testing.assert_close(out, Network(spec, values=weights)(x)[0], rtol=1e-3, atol=1e-4)


def test_a_row_has_what_it_must_have():
    found = row()
    assert set(REQUIRED) <= set(found)
    assert (found["shape"], found["implementation"], found["threads"], found["repeats"]) == ("pattern", "plain", 1, 3)
    assert (found["cpu_s"], found["median_cpu_s"], found["slowest_cpu_s"], found["wall_s"]) == (1.0, 2.0, 4.0, 1.5)
    assert found["memory_mib"] == 7.0  # the first step counts for memory, not for time
    assert json.loads(json.dumps(found)) == found


def test_ratios_and_their_spread():
    slow, fast = row("materialised", (20.0, 12.0, 30.0)), row("plain", (2.0, 1.0, 4.0))
    found = ratio(slow, fast)
    assert (found.value, found.low, found.high) == (12.0, 7.5, 12.0)
    assert ratio(slow, row("plain", (3.5, 2.5, 3.5), threads=2)).value == 12.5 / 3.0  # wall time on two threads
    del slow["cpu_s_by_round"]["0"]  # of the rounds that both took part in
    assert (ratio(slow, fast).low, ratio(slow, fast).high) == (7.5, 12.0)


def test_what_training_takes_by_default():
    fused, default = row("fused"), row("default")
    assert ours({"fused": fused, "default": default}) is default
    assert ours({"fused": fused, "plain": row("plain")}) is fused  # measured before there was another default


def test_the_batch_is_an_axis_on_one_thread(monkeypatch):
    asked = []
    monkeypatch.setattr(training, "measure", lambda names, shape, threads, *_: asked.append((names, shape, threads)) or ([], {}))
    monkeypatch.setattr(training, "present", list)
    monkeypatch.setattr(training, "agrees", lambda name, shapes: [shape.name for shape in shapes] == ["shd"])
    command = ["--shapes", "shd", "shd-128", "--implementations", "plain", "homogeneous", "fused"]
    assert training.main(command) == 0
    assert [(names, shape.n_batch, threads) for names, shape, threads in asked] == [
        (["homogeneous", "plain", "fused"], 32, 1),
        (["homogeneous", "plain", "fused"], 32, 2),
        (["homogeneous", "fused"], 128, 1),
    ]
    assert all(shape == SHAPES[name.split("-")[0]].changed(name=name, n_batch=shape.n_batch) for name, shape in BATCHES.items())


def test_shares_of_the_roofs():
    found = row() | {"nominal_fma": 5e8, "cpu_s": 1.0}
    assert roof_shares(found) == (0.5, 0.4)
    assert roof_shares(found | {"roofs": None}) is None


def test_the_work_of_a_shape_is_counted():
    shape = SHAPES["pattern"].changed(n_steps=10, n_batch=2)
    assert shape.synapse_steps == 20 * (100 * 100 + 100)
    assert shape.nominal_fma(time_constants=True) == 20 * (3 * 100 * 100 + 4 * 100)
    assert shape.nominal_fma(time_constants=False) == 20 * (2 * 100 * 100 + 3 * 100)
    recurrent = SHAPES["shd"].changed(n_steps=1, n_batch=1)
    assert recurrent.synapse_steps == 700 * 128 + 128 * 128 + 128 * 64 + 64 * 64 + 64 * 20
    assert rounds_of(0.1, 10) == set(range(10))
    assert (rounds_of(6.0, 10), rounds_of(6.0, 3)) == ({0, 5, 9}, {0, 1, 2})  # slow ones take part in three


def test_what_does_not_fit_the_memory_is_a_note(monkeypatch, capsys):
    assert needs_mib("materialised", SHAPES["shd"]) > 10_000
    assert needs_mib("plain", SHAPES["shd"]) == 0
    monkeypatch.setattr(training, "available_mib", lambda: 2048.0)
    assert training.fits("plain", SHAPES["shd"])
    assert not training.fits("materialised", SHAPES["shd"])
    assert "materialised: left out at shd, it may need 10.7 GiB and 2.0 are free" in capsys.readouterr().out


def test_a_group_is_replaced_as_a_whole():
    old = [row("plain"), row("homogeneous"), row("plain", threads=2)]
    rows = replace_group(old, [row("plain", (1.0,))])
    assert [(r["implementation"], r["threads"]) for r in rows] == [("plain", 2), ("plain", 1)]


def test_an_interrupted_run_goes_on(tmp_path, monkeypatch, capsys):
    path, calls = tmp_path / "rows.json", []

    def one_then_interrupt(names, shape, threads, *_):
        if calls:
            raise KeyboardInterrupt
        calls.append((shape.name, threads))
        return [measured(name) for name in names], {}

    command = ["--json", str(path), "--shapes", "pattern", "--implementations", "homogeneous", "plain"]
    monkeypatch.setattr(training, "measure", one_then_interrupt)
    assert training.main(command) == 130
    assert [(r["threads"], r["implementation"]) for r in read_rows(path)] == [(1, "homogeneous"), (1, "plain")]
    assert "the same command goes on" in capsys.readouterr().out

    calls.clear()
    assert training.main(command) == 0
    assert calls == [("pattern", 2)]
    assert "pattern, 1 thread(s): in the file already" in capsys.readouterr().out

    # something new is measured together with what is there: ratios hold within one run only
    calls.clear()
    assert training.main([*command, "materialised", "--threads", "1"]) == 0
    assert [r["implementation"] for r in read_rows(path) if r["threads"] == 1] == ["materialised", "homogeneous", "plain"]

    calls.clear()
    assert training.main([*command, "--threads", "1", "--fresh"]) == 0
    assert calls == [("pattern", 1)]
    assert len(read_rows(path)) == 2


def test_quick_and_full_rows_do_not_mix(tmp_path, capsys):
    path = tmp_path / "rows.json"
    write_rows(path, [row()])
    assert training.main(["--json", str(path), "--quick", "--shapes", "pattern"]) == 2
    assert "these rows were measured at another size" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["{", "{}", "[1]", '[{"shape": "shd"}]'])
def test_a_file_of_something_else_is_refused(tmp_path, text):
    path = tmp_path / "rows.json"
    path.write_text(text)
    with pytest.raises(DataError, match="this is not a result of the benchmarks"):
        read_rows(path)


def test_a_missing_peer_or_back_end_is_a_note(monkeypatch, capsys):
    monkeypatch.setattr(implementations, "find_spec", lambda name: None)
    assert training.present(["homogeneous", "norse"]) == ["homogeneous"]
    assert "norse: left out, norse is not installed: pip install 'hetsyn-sim[peers]'" in capsys.readouterr().out
    monkeypatch.setattr(implementations.kernels, "available_backends", lambda: ("plain",))
    assert missing("fused") == "there is no back end 'fused' here, only plain"
    assert missing("plain") is missing("default") is None
