"""Proofs of spike trains: what is planted near, on and across a threshold, and what is left open without Arb.

That bounds hold and true spike trains are proved is searched for in ``equivalence/test_proofs.py``.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hetsyn_sim as hs
from equivalence.properties import fewer_examples
from hetsyn_sim.agreement.proofs import balls, prove, prove_recording, proving
from hetsyn_sim.agreement.proofs import check as checking
from hetsyn_sim.agreement.proofs.check import check_proof
from hetsyn_sim.agreement.proofs.intervals import INTERVALS, Interval
from hetsyn_sim.agreement.proofs.paths import sums
from hetsyn_sim.agreement.proofs.voltages import voltages
from hetsyn_sim.agreement.subject import Subject
from hetsyn_sim.agreement.verify import Side
from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.discrete import discretise
from hetsyn_sim.discrete.stepping import is_linear
from hetsyn_sim.errors import DataError, DtMismatchError, SpecError
from hetsyn_sim.models import REGISTRY, HetNeuLIF, HetSynLIF, HetSynRiseLIF, HomNeuALIF, LeakyReadout

BOTH = pytest.mark.parametrize("arb", [True, False], ids=["Arb", "NumPy alone"])


@pytest.fixture
def without_arb(monkeypatch):
    monkeypatch.setattr(balls, "available", lambda: False)


def network(model=HetSynLIF, n_pre=20, n_post=5, *, recurrent=False, seed=0, **values):
    spec = hs.NetworkSpec("10 ms", n_pre, [hs.Layer(model, n_post, recurrent)])
    found = spec.initial_values(seed=seed)
    for name, value in values.items():
        (key,) = [key for key in found if key.endswith(f".{name}") and "recurrent" not in key]
        found[key] = np.broadcast_to(np.asarray(value, dtype=float), np.shape(found[key])).copy()
    return spec, found


def noise(n_steps, n_pre, rate=0.2, n_runs=1):
    return np.random.default_rng(0).random((n_steps, n_runs, n_pre)) < rate


def dataset(x, dt):
    return SpikeDataset.from_raster(x, np.zeros(x.shape[1], dtype=int), dt=dt, batch_first=False)


def flipped(recording, layer, *place):
    raster = recording.rasters[layer].copy()
    raster[place] = not raster[place]
    return replace(recording, rasters={**recording.rasters, layer: raster})


def nearest_float_to_a_peak():
    """A network whose threshold is the largest v that float64 finds without spikes, its input, and the place of that v."""
    spec, values = network(theta=1e9)
    x = noise(50, 20)
    v = hs.simulate_reference(spec, values, x).traces["layer_1.v"]
    return spec, values, x, np.unravel_index(int(v.argmax()), v.shape), float(v.max())


@pytest.mark.parametrize("beside", [-1, 0, 1], ids=["below", "at", "above"])
def test_a_threshold_next_to_v_is_decided_by_more_bits(beside):
    spec, values, x, (step, run, neuron), peak = nearest_float_to_a_peak()
    values["layer_1.neuron.theta"] = np.float64(peak if not beside else math.nextafter(peak, beside * math.inf))
    recording = hs.simulate_reference(spec, values, x)
    proofs = [prove_recording(spec, values, r) for r in (recording, flipped(recording, "layer_1", step, run, neuron))]
    # whatever float64 did there: of two spike trains that differ in this cell one is proved, at least so far, and the other refuted
    assert sorted(bool(proof.refuted) for proof in proofs) == [False, True]
    right, wrong = sorted(proofs, key=lambda proof: bool(proof.refuted))
    assert right.decided == {"float64": right.n_proved - 1, "106 bits": 1}
    (cell,) = wrong.refuted
    assert (cell.run, cell.step, cell.population, cell.neuron, cell.how) == (run, step, "layer_1", neuron, "106 bits")
    assert 0 < abs(cell.low) < 4 * np.spacing(peak) * 50 * 20  # as close as the roundings of float64
    assert cell.low <= cell.high
    assert (cell.low > 0) == (not cell.spike)


def test_without_arb_it_is_left_open_and_says_what_would_decide_it(without_arb):
    spec, values, x, (step, run, neuron), peak = nearest_float_to_a_peak()
    values["layer_1.neuron.theta"] = np.float64(peak)
    proof = prove_recording(spec, values, hs.simulate_reference(spec, values, x))
    (cell,) = proof.open
    assert (cell.run, cell.step, cell.neuron, cell.how) == (run, step, neuron, "float64")
    assert cell.low < 0 < cell.high
    assert (proof.refuted, proof.complete, proof.constants) == ((), False, "NumPy")
    # the other neurons of that step need not know; what comes after it does
    assert proof.n_blocked == (49 - step) * 5
    assert proof.n_proved == (step + 1) * 5 - 1
    assert 'pip install "hetsyn-sim[proofs]"' in str(proof)
    assert "left open" in str(proof)


TIES = {  # w, tau_syn in steps, theta, input spikes (step, channel), the step in which v is exactly theta
    "one weight": ([1.0], [3.0], 1.0, [(1, 0)], 1),
    "weights whose float64 sum is exact": ([0.5, 0.25], [3.0, 7.0], 0.75, [(1, 0), (1, 1)], 1),
    "a current that never decays": ([0.25], [math.inf], 0.75, [(0, 0), (1, 0), (2, 0)], 2),
    "a current of one step": ([0.5, 1.0], [0.0, 5.0], 1.0, [(0, 0), (1, 1)], 1),
    "exp(-2/4) and exp(-1/2)": ([1.0, -1.0, 0.5], [2.0, 4.0, 3.0], 0.5, [(1, 0), (0, 1), (2, 2)], 2),
}


@BOTH
@pytest.mark.parametrize("name", TIES)
def test_an_exact_tie_is_proved_silent_and_a_spike_there_is_refuted(name, arb, monkeypatch):
    monkeypatch.setattr(balls, "available", lambda: arb)
    w, tau, theta, spikes, step = TIES[name]
    spec, values = network(n_pre=len(w), n_post=1, w=[w], tau_syn=[[0.01 * t for t in tau]], theta=theta)
    x = np.zeros((step + 1, 1, len(w)), dtype=bool)
    for at in spikes:
        x[at[0], 0, at[1]] = True
    silent = hs.Recording(spec.dt_s, {"input": x, "layer_1": np.zeros((step + 1, 1, 1), dtype=bool)})
    proof = prove_recording(spec, values, silent)
    assert proof.complete, proof
    assert proof.decided["exact tie"] == 1
    (cell,) = prove_recording(spec, values, flipped(silent, "layer_1", step, 0, 0)).refuted
    assert (cell.step, cell.how, cell.low, cell.high) == (step, "exact tie", 0.0, 0.0)


def test_no_tie_is_seen_where_exponents_differ_by_a_bit():
    w, tau, theta, spikes, step = TIES["exp(-2/4) and exp(-1/2)"]
    tau = [tau[0], math.nextafter(tau[1], 9.0), tau[2]]
    spec, values = network(n_pre=3, n_post=1, w=[w], tau_syn=[[0.01 * t for t in tau]], theta=theta)
    x = np.zeros((step + 1, 1, 3), dtype=bool)
    for at in spikes:
        x[at[0], 0, at[1]] = True
    silent = hs.Recording(spec.dt_s, {"input": x, "layer_1": np.zeros((step + 1, 1, 1), dtype=bool)})
    proof = prove_recording(spec, values, silent)
    assert "exact tie" not in proof.decided
    assert proof.decided["106 bits"] == 1  # an inhibitory current that decays by a bit less: v is below
    assert proof.complete


@pytest.mark.parametrize(("arb", "least"), [(True, 1 / 12), (False, 1 / 60)], ids=["Arb", "NumPy alone"])
def test_the_bound_is_no_wider_than_roundings_that_all_point_one_way(arb, least):
    """Two cells in which errors really add up: a bound that forgot products, decays or additions would be below them."""
    enclose = balls.enclose if arb else proving.enclose
    # one spike decays for 4,000 steps. Its decay is wrong by up to half an ulp in each of them
    tau = 0.01 * np.linspace(4e4, 6e4, 400)
    spec, values = network(n_pre=1, n_post=400, w=1.0, tau_syn=tau[:, None])
    x = np.zeros((4001, 1, 1), dtype=bool)
    x[0] = True
    quiet = hs.Recording(spec.dt_s, {"input": x, "layer_1": np.zeros((4001, 1, 400), dtype=bool)})
    v, bound = voltages(sums(spec, values)[0], quiet, enclose)
    with balls.flint().ctx.workprec(200):
        arb_number = balls.flint().arb
        real = [(arb_number(-4000) * arb_number(0.01) / arb_number(t)).exp() for t in tau.tolist()]
        errors = [abs(float(arb_number(float(v[-1, 0, k])) - real[k])) for k in range(400)]
    assert least < max(errors) / bound.min() <= 1
    # weights that are no powers of two are added 4,000 times, without decay
    w = np.linspace(0.05, 0.1, 400)
    spec, values = network(n_pre=1, n_post=400, w=w[:, None], tau_syn=math.inf)
    x[:] = True
    v, bound = voltages(sums(spec, values)[0], replace(quiet, rasters={**quiet.rasters, "input": x}), enclose)
    errors = [abs(float(v[-1, 0, k]) - math.fsum([w[k]] * 4001)) / bound[0, k] for k in range(400)]
    assert least / 3 < max(errors) <= 1


MODELS_OF_EVENTS = (HetSynLIF, HetNeuLIF, HomNeuALIF, HetSynRiseLIF)


SPIKING = {name: model for name, model in REGISTRY.items() if model.spiking}


@pytest.mark.parametrize("model", SPIKING.values(), ids=SPIKING)
def test_a_model_is_proved_or_refused_by_name(model):
    spec = hs.NetworkSpec("1 ms", 4, [hs.Layer(model, 3, recurrent=not model.takes_values)])
    checkpoint = hs.Checkpoint(spec, spec.initial_values(seed=1))
    data = dataset(noise(30, 4, 0.3), "1 ms")
    program = None if not is_linear(model) else discretise(model)
    if program is not None and program.neuron.is_diagonal:
        assert prove(checkpoint, data).complete
        return
    assert model not in MODELS_OF_EVENTS
    with pytest.raises(SpecError, match="can't be proved") as refusal:
        prove(checkpoint, data)
    assert f"layer_1 ({model.name})" in str(refusal.value)
    assert "without --certify" in str(refusal.value)


def test_delays_count():
    spec, values = network(HetSynLIF.with_delay(bounds=(0.0, 0.2), axes="post pre"), recurrent=True, w=0.8)
    for key in values:
        if key.endswith(".delay"):
            values[key] = np.random.default_rng(2).uniform(0.0, 0.2, values[key].shape)
    recording = hs.simulate_reference(spec, values, noise(60, 20, n_runs=2))
    assert recording.rasters["layer_1"].any()
    assert prove_recording(spec, values, recording).complete
    later = {key: value + 0.01 * key.endswith(".delay") for key, value in values.items()}
    assert prove_recording(spec, later, recording).refuted


def test_what_is_wrong_in_one_layer_is_known_to_the_next():
    spec = hs.NetworkSpec("10 ms", 20, [hs.Layer(HetSynLIF, 8, recurrent=True), hs.Layer(HetSynLIF, 3)], hs.Layer(LeakyReadout, 2))
    values = spec.initial_values(seed=0)
    values["layer_1.feedforward.w"] *= 3
    recording = hs.simulate_reference(spec, values, noise(40, 20, n_runs=3))
    whole = prove_recording(spec, values, recording)
    assert (whole.n_cells, whole.n_proved, whole.complete) == (40 * 3 * 11, 40 * 3 * 11, True)
    proof = prove_recording(spec, values, flipped(recording, "layer_1", 10, 1, 4))
    assert [(c.run, c.step, c.population, c.neuron) for c in proof.refuted] == [(1, 10, "layer_1", 4)]
    # layer_1 is known up to step 10 itself, layer_2 only before it: it sees the spike in the same step
    assert proof.n_blocked == 29 * 8 + 30 * 3
    assert proof.n_proved == whole.n_cells - proof.n_blocked - 1
    later = prove_recording(spec, values, flipped(recording, "layer_2", 10, 1, 2))
    assert [(c.run, c.step, c.population, c.neuron) for c in later.refuted] == [(1, 10, "layer_2", 2)]
    assert later.n_blocked == 29 * 3  # nothing leads back to layer_1


def test_batches_and_recordings_give_the_same_proof(monkeypatch):
    spec, values = network(recurrent=True, w=0.9)
    x = noise(30, 20, n_runs=7)
    checkpoint = hs.Checkpoint(spec, values)
    data = dataset(x, "10 ms")
    seen = []
    whole = prove(checkpoint, data, progress=seen.append)
    assert seen == [0.0, 1.0]
    monkeypatch.setattr(proving, "BATCH_BYTES", 1)
    parts = prove(checkpoint, data)
    of_recording = prove(checkpoint, hs.simulate_reference(spec, values, x))
    for proof in (parts, of_recording):
        assert replace(proof, seconds=0.0, simulator="") == replace(whole, seconds=0.0, simulator="")
    wrong = prove(checkpoint, data, run=lambda raster: flipped(hs.simulate_reference(spec, values, raster), "layer_1", 3, 0, 1))
    assert [cell.run for cell in wrong.refuted] == list(range(7))  # counted through
    assert wrong.to_dict()["n_proved"] == wrong.n_proved


def test_a_recording_of_another_network_is_refused():
    spec, values = network()
    recording = hs.simulate_reference(spec, values, noise(5, 20))
    with pytest.raises(DataError, match="not one of the network"):
        prove_recording(network(n_post=6)[0], network(n_post=6)[1], recording)
    with pytest.raises(DtMismatchError):
        prove_recording(replace(spec, dt=0.02), values, recording)


def checked_with(monkeypatch, checkpoint, data, recording):
    monkeypatch.setattr(checking, "torch_side_of", lambda *_: Side("planted", lambda raster, progress: recording))
    return check_proof(Subject(checkpoint, data), lambda fraction: None)


def test_the_certificates_check_fails_if_a_spike_is_refuted_and_not_if_one_is_open(toy_checkpoint, toy_data, monkeypatch):
    check, proof = check_proof(Subject(toy_checkpoint, toy_data.test), lambda fraction: None)
    assert (check.name, check.passed, check.findings[0].passed) == ("proof", True, True)
    assert proof.complete
    assert (check.findings[0].numbers["n_proved"], check.findings[0].differences) == (proof.n_cells, ())
    assert proof.simulator == "torch float64"

    recording = hs.simulate_reference(toy_checkpoint.spec, toy_checkpoint.values, toy_data.test.rasters())
    wrong, _ = checked_with(monkeypatch, toy_checkpoint, toy_data.test, flipped(recording, "layer_1", 4, 2, 1))
    assert not wrong.passed
    assert wrong.findings[0].differences[0].startswith("refuted: recording 2, step 4, layer_1 neuron 1: ")

    monkeypatch.setattr(balls, "available", lambda: False)
    spec, values, x, _, peak = nearest_float_to_a_peak()
    values["layer_1.neuron.theta"] = np.float64(peak)
    left, proof = checked_with(monkeypatch, hs.Checkpoint(spec, values), dataset(x, "10 ms"), hs.simulate_reference(spec, values, x))
    (finding,) = left.findings
    assert (left.passed, finding.passed, finding.numbers["n_open"]) == (True, None, 1)
    assert left.result == "open in part"
    assert finding.differences == (f"left open: {proof.open[0]}", proof.remedy)


NUMBERS = st.floats(-1e6, 1e6).map(lambda x: x if abs(x) > 1e-6 else 0.0)


SHARES = st.sampled_from((0.0, 1.0)) | st.floats(0, 1)


@fewer_examples(5.0)
@given(st.sampled_from(sorted(INTERVALS.keys() - {"number"})), NUMBERS, NUMBERS, SHARES, SHARES)
def test_an_interval_holds_what_real_numbers_give(name, low, high, share, other_share):
    """Any operation on intervals, at any place within them, against 200 bits."""
    operation = INTERVALS[name]
    a = Interval(*np.sort([low, high]))
    b = Interval(*np.sort([0.5 * high, 0.25 * low + 1.0]))
    if name in ("log", "log10", "sqrt", "pow", "log1p"):
        a = Interval(*np.sort(np.abs(a)))
    if name in ("exp", "expm1", "pow", "tanh"):
        a, b = (Interval(x.low / 1e4, x.high / 1e4) for x in (a, b))
    two = name in ("add", "sub", "mul", "div", "pow")
    with np.errstate(all="ignore"):
        found = operation(a, b) if two else operation(a)
    x = min(a.low + share * (a.high - a.low), a.high)
    y = min(b.low + other_share * (b.high - b.low), b.high)
    with balls.flint().ctx.workprec(200):
        real = balls.operations()[name](*map(balls.flint().arb, (float(x), float(y))[: 2 if two else 1]))
        if real.is_finite():
            assert balls.flint().arb(float(found.low)) <= real or np.isinf(found.low)
            assert balls.flint().arb(float(found.high)) >= real or np.isinf(found.high)
